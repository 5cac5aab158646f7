"""Lossless arenas for the tests of those who consume: made by a program of their own. A value is {u64 who, u64 n}."""

import json
import os
import struct
import subprocess
import unittest

from arena_cli import OK, CliTest

try:
    import numpy as np
except ImportError:
    np = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")
FORMATS = ["npy", "csv", "ndjson"] if np else ["csv", "ndjson"]

MAKER = os.environ["ARENA_SHM_LOSSLESS_MAKER"]
RECORD = struct.Struct("<QQ")


class LosslessTest(CliTest):
    def lossless(self, *options, slots=8, lanes=0, consumers=8, patience_ms=0):
        """`lanes`: 0 for a shared arena, 1 for an exclusive one. Options: text, time."""
        name = self.name("lossless")
        subprocess.run([MAKER, name, *map(str, [slots, lanes, consumers, patience_ms]), *options], check=True)
        return name

    def records(self, first, count, who=0):
        return b"".join(RECORD.pack(who, n) for n in range(first, first + count))

    def write(self, name, first, count, who=0):
        """Writes values, and ends; the ring has room for them."""
        self.expect(0, "write", name, "--format", "raw", stdin=self.records(first, count, who))

    def start_writing(self, name, first, count, who=0):
        """A writer that has got all its input, and waits for room, if it has to."""
        writer = self.start("write", name, "--format", "raw")
        writer.stdin.buffer.write(self.records(first, count, who))
        writer.stdin.close()
        writer.stdin = None
        return writer

    def end(self, process, code, number=None):
        """Returns: what it said on standard output, and on standard error, until it ended."""
        if number is not None:
            process.send_signal(number)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, err)
        return out, err


class RecorderTest(LosslessTest):
    def record(self, name, path, *args, code=OK, consumer="rec", says=""):
        """Records until nothing more comes for a moment, or as the arguments say."""
        if not args:
            args = ["--max-duration", "200ms"]
        return self.expect(code, "record", name, "-o", path, "--consumer", consumer, *args, says=says).stderr

    def rows(self, path):
        """[(_seq, who, n)]"""
        if path.suffix == ".npy":
            return [tuple(row)[:3] for row in np.load(path)[["_seq", "who", "n"]].tolist()]
        if path.suffix == ".csv":
            heading, *lines = path.read_text().splitlines()
            self.assertEqual(heading, "_seq,who,n")
            return [tuple(map(int, line.split(","))) for line in lines]
        return [tuple(json.loads(line).values()) for line in path.read_text().splitlines()]

    def row_bytes(self, form, seq, n):
        """As record writes it, of who 0."""
        return {"npy": struct.pack("<QQQ", seq, 0, n), "csv": f"{seq},0,{n}\n".encode(),
                "ndjson": f'{{"_seq":{seq},"who":0,"n":{n}}}\n'.encode()}[form]

    def append(self, path, data):
        with open(path, "ab") as file:
            file.write(data)

    def assert_values(self, path, expected):
        self.assertEqual([n for _, _, n in self.rows(path)], list(expected))
