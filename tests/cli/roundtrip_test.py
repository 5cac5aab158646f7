"""Whatever the tool writes it reads, for generated schemas and values: every format through every verb that reads."""

import json
import os
import random
import struct
import unittest

from arena_cli import OK, CliTest

ROUNDS = 400 if os.environ.get("ARENA_SHM_LONG") else 3
SLOTS = 40

INTEGERS = {"u1": "B", "<u2": "<H", "<u4": "<I", "<u8": "<Q", "i1": "b", "<i2": "<h", "<i4": "<i", "<i8": "<q"}
FLOATS = {"<f4": "<f", "<f8": "<d"}
NAMES = ["f", "a.b", "legs[1].px", "_seqs", "é ", 'q,"', " x", "\n"]
TEXTS = ["", " ", " x", "x ", "\t", ",", '"', '""', '"a', "\n", "\r", "\r\n", "a\nb", "NA", "nan", "null", "?", "true", "#", "-",
         "é", "\u2028", "\x01", "\x7f", "\\", "\\n", "_seq", ",_seq", '"_seq":', "{", "[", "=1", "0x1f", "1,5", "\ufeff", "😀"]
DOUBLES = [0.0, -0.0, 1.0, 0.1, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308,
           float("inf"), float("-inf"), 2.0**53, 2.0**63, 1e15, 1e16, 1e22, 1 / 3]
SINGLES = [0.0, -0.0, 0.1, 1e-45, 1.1754943508222875e-38, 3.4028234663852886e38, float("inf"), float("-inf"), 16777216.0]


class Maker:
    """Schemas, and records of them; the same for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def schema(self):
        self.fields = [self.field(self.random.choice(NAMES) + str(i)) for i in range(self.random.randint(1, 8))]
        self.random.shuffle(self.fields)
        self.time = None
        notes, offset, offsets = {}, 0, []
        for field in self.fields:
            offset += self.random.choice([0, 0, 3])  # fields of others may lie anywhere
            offsets.append(offset)
            offset += field["bytes"] * field["count"]
            if field["enum"]:
                notes.setdefault(field["name"], {})["enum"] = field["enum"]
            if field["type"] in INTEGERS and not field["enum"] and self.time is None and self.random.random() < 0.7:
                self.time = field["name"]
                notes.setdefault(field["name"], {})["unit"] = self.random.choice(["ns", "us", "ms", "s"])
        self.offsets, self.bytes = offsets, offset + self.random.choice([0, 5])
        metadata = {"fields": notes} | ({"time": self.time} if self.time else {})
        return {
            "names": [field["name"] for field in self.fields],
            "formats": [field["shape"] + field["type"] for field in self.fields],
            "offsets": offsets,
            "itemsize": self.bytes,
            "metadata": metadata,
        }

    def field(self, name):
        kind = self.random.choice([*INTEGERS, *FLOATS, "?", "S"])
        extents = [self.random.randint(1, 3) for _ in range(self.random.choice([0, 0, 1, 2]))]
        size = self.random.choice([1, 2, 5, 16, 40]) if kind == "S" else 1 if kind == "?" else int(kind[-1])
        field = {"name": name, "type": f"S{size}" if kind == "S" else kind, "bytes": size, "count": 1, "enum": None,
                 "shape": "(" + "".join(f"{extent}," for extent in extents) + ")" if extents else ""}
        for extent in extents:
            field["count"] *= extent
        if kind in INTEGERS and self.random.random() < 0.3:
            low = -1 if "i" in kind else 0
            field["enum"] = {"none": low, "buy, it": low + 1, "last": 2 ** (8 * size - (1 if "i" in kind else 0)) - 1}
        return field

    def element(self, field):
        pick = self.random
        kind = field["type"]
        if kind in INTEGERS:
            bits = 8 * field["bytes"]
            low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if "i" in kind else (0, 2**bits - 1)
            extremes = [low, high, 0, 1, high - 1, low + 1, 2**53 + 1]
            value = pick.choice(extremes) if pick.random() < 0.5 else pick.randint(low, high)
            return struct.pack(INTEGERS[kind], min(value, high))
        if kind in FLOATS:
            extremes = SINGLES if kind == "<f4" else DOUBLES
            if pick.random() < 0.5:
                return struct.pack(FLOATS[kind], pick.choice(extremes))
            value = struct.unpack(FLOATS[kind], pick.randbytes(field["bytes"]))[0]
            return struct.pack(FLOATS[kind], float("nan") if value != value else value)
        if kind == "?":
            return bytes([pick.randint(0, 1)])
        text = pick.choice(TEXTS) if pick.random() < 0.7 else "".join(pick.choices("ab \",\n\r{", k=field["bytes"]))
        return text.encode()[: field["bytes"]].decode(errors="ignore").encode().ljust(field["bytes"], b"\0")

    def record(self):
        record = bytearray(self.bytes)
        for field, offset in zip(self.fields, self.offsets):
            value = b"".join(self.element(field) for _ in range(field["count"]))
            record[offset : offset + len(value)] = value
        return bytes(record)


class RoundTripTest(CliTest):
    def ring(self, schema_file):
        name = self.name()
        self.expect(OK, "create", name, "--slots", SLOTS, "--schema", schema_file)
        return name

    def records(self, name, size):
        """The bytes of all records, as they are in memory."""
        path = self.directory() / "records.npy"
        self.expect(OK, "snapshot", name, "-o", path)
        data = path.read_bytes()
        length = int.from_bytes(data[8 : 10 if data[6] == 1 else 12], "little") + (10 if data[6] == 1 else 12)
        rows = [data[at : at + size + 8] for at in range(length, len(data), size + 8)]
        return [row[8:] for row in rows]

    def run_round(self, seed):
        maker = Maker(seed)
        schema = maker.schema()
        directory = self.directory()
        text = directory / "schema.json"
        text.write_text(json.dumps(schema))
        records = [maker.record() for _ in range(self.random_count(seed))]
        source = self.ring(text)
        self.expect_bytes("write", source, "--format", "raw", stdin=b"".join(records))
        self.assertEqual(self.records(source, maker.bytes), records)

        def comes_back(what, *arguments, stdin=b""):
            target = self.ring(text)
            self.expect_bytes(*[target if word is None else word for word in arguments], stdin=stdin)
            self.assertEqual(self.records(target, maker.bytes), records, f"{what}, seed {seed}, {schema}")

        for form in ["csv", "ndjson"]:
            for options in [[], ["--int64", "string"], ["--time-format", "iso"]]:
                if options == ["--int64", "string"] and form == "csv":
                    continue
                printed = self.expect_bytes("tail", source, "--from", "oldest", "--format", form, *options)
                comes_back(f"tail {form} {options}", "write", None, stdin=printed)
                comes_back(f"tail {form} {options}", "write", None, "--format", form, stdin=printed)
                printed_file = directory / f"printed{len(options)}.{form}"
                printed_file.write_bytes(printed)
                comes_back(f"replay of tail {form} {options}", "replay", printed_file, None, "--speed", "max")
        files = []
        for form in ["npy", "csv", "ndjson", "arena"]:
            path = directory / f"saved.{form}"
            self.expect_bytes("snapshot", source, "-o", path)
            files.append(path)
        for path in list(files):
            for form in ["npy", "csv", "ndjson"]:
                exported = directory / f"{path.suffix[1:]}-exported.{form}"
                self.expect_bytes("export", path, "-o", exported, "--fields", json.dumps(schema))
                files.append(exported)
        for path in files:
            comes_back(f"replay of {path.name}", "replay", path, None, "--speed", "max")

    def random_count(self, seed):
        return random.Random(seed).randint(1, SLOTS)

    def expect_bytes(self, *arguments, stdin=b""):
        done = self.run_tool(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, OK, f"{arguments}\n{done.stderr.decode(errors='replace')}")
        return done.stdout

    def test_every_format_through_every_verb_that_reads(self):
        first = int(os.environ.get("ARENA_SHM_SEED", "1"))
        for seed in range(first, first + ROUNDS):
            with self.subTest(seed=seed):
                self.run_round(seed)


if __name__ == "__main__":
    unittest.main()
