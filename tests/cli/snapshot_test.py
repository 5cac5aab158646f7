"""snapshot: what can be read now, once."""

import json
import os
import struct
import subprocess
import threading
import unittest

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, LOST, OK, SHM, USAGE, CliTest
from segment_pokes import Pokes

try:
    import numpy as np
except ImportError:
    np = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")
RECORD = struct.Struct("<Qd4s4x")


class SnapshotTest(Pokes, CliTest):
    @needs_numpy
    def test_saves_what_is_there_and_ends(self):
        name = self.create_filled(20)
        path = self.directory() / "t.npy"
        done = self.expect(OK, "snapshot", name, "-o", path)
        self.assertRegex(done.stderr, r"^arena-shm: recorded 8, lost 0, \d+ B, 1 file\n$")
        self.assertEqual(np.load(path)["_seq"].tolist(), list(range(12, 20)))
        for form in ["csv", "ndjson"]:
            text = path.with_suffix("." + form)
            self.expect(OK, "snapshot", name, "-o", text)
            printed = self.expect(OK, "tail", name, "--from", "oldest", "--format", form).stdout
            self.assertEqual(text.read_text(), printed)

    @needs_numpy
    def test_an_empty_ring_is_an_empty_file(self):
        name = self.create()
        directory = self.directory()
        self.expect(OK, "snapshot", name, "-o", directory / "t.npy", says="recorded 0, lost 0, ")
        self.assertEqual(len(np.load(directory / "t.npy")), 0)
        self.expect(OK, "snapshot", name, "-o", directory / "t.csv")
        self.assertEqual((directory / "t.csv").read_text(), "_seq,ts,px,sym\n")
        self.expect(OK, "snapshot", name, "-o", directory / "t.arena")
        self.expect(OK, "inspect", "--file", directory / "t.arena")

    @needs_numpy
    def test_outlives_the_death_of_every_process(self):
        name = self.create_filled(2)
        writer = self.start("write", name)
        writer.stdin.write("ts,px,sym\n2,1,C\n")
        writer.stdin.flush()
        self.eventually(lambda: self.written(name) == 3)
        writer.kill()
        writer.wait()
        path = self.directory() / "t.npy"
        self.expect(OK, "snapshot", name, "-o", path)
        self.assertEqual(np.load(path)["ts"].tolist(), [0, 1, 2])

    def test_values_that_are_missing_are_told(self):
        name = self.create_filled(20)
        # The head says that one more was handed out; nobody is alive to publish it.
        self.poke_control(SHM / name, head=21)
        path = self.directory() / "t.ndjson"
        done = self.expect(LOST, "snapshot", name, "-o", path, says="gap: 20..20 (1 hole)\n")
        self.assertIn(", lost 1 in 1 gap, ", done.stderr)
        self.assertEqual([json.loads(line)["_seq"] for line in path.read_text().splitlines()][-1], 19)

    def test_the_image_is_read_by_inspect(self):
        name = self.create_filled(20)
        directory = self.directory()
        done = self.expect(OK, "snapshot", name, "-o", directory / "t.arena", says="saved ")
        self.assertEqual((directory / "t.arena").read_bytes(), (SHM / name).read_bytes())
        page = self.expect(OK, "inspect", "--file", directory / "t.arena").stdout
        self.assertIn("S9", page)
        self.expect(OK, "snapshot", name, "-o", directory / "other", "--raw")
        self.assertEqual((directory / "other").read_bytes(), (SHM / name).read_bytes())
        self.expect(FAILED, "snapshot", name, "-o", directory / "other", "--raw", says="--force")

    def test_no_value_of_an_image_is_torn_while_writers_go_on(self):
        name = self.create(fields="u64[16] same", slots=256)
        writer = self.start("write", name, "--format", "raw")
        go_on = True

        def feed():
            i = 0
            try:
                while go_on:
                    block = b"".join(struct.pack("<Q", j) * 16 for j in range(i, i + 512))
                    writer.stdin.buffer.write(block)
                    i += 512
            except OSError:
                pass

        feeder = threading.Thread(target=feed)
        feeder.start()
        self.eventually(lambda: self.written(name) > 1 << 13)
        directory = self.directory()
        published = 0
        for i in range(60):
            path = directory / f"{i}.arena"
            self.expect(OK, "snapshot", name, "-o", path)
            image = path.read_bytes()
            slots, stride, payload = struct.unpack("<QQQ", image[128:152])
            (begin,) = struct.unpack("<Q", image[112:120])
            for at in range(begin, begin + slots * stride, stride):
                (stamp,) = struct.unpack("<Q", image[at : at + 8])
                if stamp == 0 or stamp & 1:
                    continue
                words = struct.unpack("<16Q", image[at + payload : at + payload + 128])
                self.assertEqual(words, ((stamp >> 1) - 1,) * 16)
                published += 1
        self.assertGreater(published, 0)
        go_on = False
        writer.kill()
        feeder.join()

    @needs_numpy
    def test_without_schema(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 4, "--size", 12)
        self.expect(OK, "write", name, "--format", "raw", stdin=bytes(range(24)))
        path = self.directory() / "t.npy"
        self.expect(OK, "snapshot", name, "-o", path)
        self.assertEqual(bytes(np.load(path)["record"][1]), bytes(range(12, 24)))
        self.expect(INCOMPATIBLE, "snapshot", name, "-o", path.with_suffix(".csv"), says="--as")

    def test_a_damaged_segment_can_be_saved_as_it_is(self):
        name = self.create_filled(3)
        os.truncate(SHM / name, 8000)
        path = self.directory() / "t.arena"
        self.expect(FAILED, "snapshot", name, "-o", path.with_suffix(".npy"), says="found 8000 bytes")
        self.expect(OK, "snapshot", name, "-o", path)
        self.assertEqual(path.read_bytes(), (SHM / name).read_bytes())

    def test_mistakes_are_named(self):
        path = self.directory() / "t.npy"
        self.expect(ABSENT, "snapshot", "no-such-arena", "-o", path)
        name = self.create_filled(1)
        self.expect(USAGE, "snapshot", name)
        self.expect(FAILED, "snapshot", name, "-o", "/dev/full", "--format", "csv", says="No space left on device")
        self.expect(FAILED, "snapshot", name, "-o", "/dev/full", "--raw", says="No space left on device")


if __name__ == "__main__":
    unittest.main()
