"""tools/examples/read_without_library.py, which knows arenas from the manual page alone, with arenas of all kinds."""

import pathlib
import struct
import tempfile
import time
import unittest

from ring_tests import READER, SHM, RingTest, load, made

KINDS = [["shared"], ["shared", "time"], ["exclusive"], ["exclusive", "time"], ["laned"], ["laned", "time"],
         ["shared", "lossless"], ["exclusive", "lossless", "time"], ["laned", "lossless"]]
reader = load(READER)


class ReaderTest(RingTest):
    def check_whole(self, fields):
        self.assertEqual(fields, made(fields["writer"], fields["n"]))

    def test_it_fits_on_a_page(self):
        self.assertLessEqual(len(READER.read_text().splitlines()), 80)

    def test_what_it_takes_while_others_write_is_whole(self):
        for kinds in KINDS:
            with self.subTest(kinds=kinds):
                name = self.create(*kinds, slots=4)  # so that many a slot changes while it is copied
                writers = [self.start_writer(name, i) for i in range(1 if "exclusive" in kinds else 2)]
                arena = reader.Arena(SHM / name)
                lanes = arena.lanes
                taken, lost_in_all, next_of, newest_of, times = 0, 0, {}, {}, {}
                end = time.monotonic() + 1
                for seq, lost, record, ticks in arena.follow(20):
                    fields = dict(arena.decode(record))
                    fields["words"] = list(fields["words"])
                    self.check_whole(fields)
                    lane, n = seq % lanes, seq // lanes
                    if "exclusive" in kinds:
                        self.assertEqual(fields["n"], n)
                    # Each number is taken, or counted.
                    self.assertEqual(n, next_of.get(lane, n - lost) + lost)
                    next_of[lane] = n + 1
                    # A writer's records come in its order.
                    self.assertGreater(fields["n"], newest_of.get(fields["writer"], -1))
                    newest_of[fields["writer"]] = fields["n"]
                    if "time" in kinds and "shared" not in kinds:
                        self.assertGreaterEqual(ticks, times.get(lane, 1))
                        times[lane] = ticks
                    taken += 1
                    lost_in_all += lost
                    if time.monotonic() > end and taken > 100 and lost_in_all > 0:
                        break
                self.assertGreater(taken, 100)
                self.assertGreater(lost_in_all, 0, "an interpreter is slower than a writer")
                for writer in writers:
                    writer.kill()
                    writer.wait()
                self.check_against_the_library(SHM / name, name)

    def check_against_the_library(self, path, *where):
        arena = reader.Arena(path)
        read = self.read(path)
        # The library also finds what is older, where a number was handed out and its slot not written.
        begins = [arena.head(lane) - arena.count for lane in range(arena.lanes)]
        told = {seq: row for seq, row in self.tail(*where).items() if seq // arena.lanes >= begins[seq % arena.lanes]}
        for row in read:
            row.pop("_lost"), row.pop("_ticks")
        for row in told.values():
            row.pop("_time_ns", None)
        self.assertEqual(sorted(row["_seq"] for row in read), sorted(told))
        self.assertEqual({row.pop("_seq"): row for row in read}, told)
        for row in read:
            self.check_whole(row)
        self.assertGreater(len(read), 0)

    def test_a_known_ring(self):
        name = self.create("shared", "time", slots=4)
        self.start_writer(name, 5, 10).wait()
        rows = self.read(SHM / name)
        self.assertEqual([(row.pop("_seq"), row.pop("_lost")) for row in rows], [(n, 0) for n in range(6, 10)])
        ticks = [row.pop("_ticks") for row in rows]
        self.assertEqual(ticks, sorted(ticks))
        self.assertGreater(ticks[0], 0)
        self.assertEqual(rows, [made(5, n) for n in range(6, 10)])

    def test_what_is_overwritten_and_what_is_not_there(self):
        for kinds in KINDS:
            name = self.create(*kinds, slots=4)
            self.start_writer(name, 5, 10).wait()
            arena = reader.Arena(SHM / name)
            self.assertEqual([arena.read(0, n) for n in range(6)], ["overwritten"] * 6, kinds)
            self.assertEqual([arena.read(0, n) for n in (10, 11, 14, 1000)], ["absent"] * 4, kinds)
            self.assertEqual(dict(arena.decode(arena.read(0, 6)[0]))["n"], 6)
            self.assertEqual(arena.head(0), 10)
            if "laned" in kinds:
                self.assertEqual((arena.lanes, arena.head(1), arena.read(1, 0)), (3, 0, "absent"))

    def test_records_without_fields_and_with_a_large_alignment(self):
        name = self.name()
        self.run_tool("create", name, "--slots", 3, "--size", 192, "--align", 64, "--time")
        self.run_tool("write", name, "--format", "raw", stdin="x" * 192)
        [row] = self.read(SHM / name)
        self.assertEqual(row["bytes"], [ord("x")] * 192)

    def test_a_saved_arena(self):
        for kinds in KINDS:
            with self.subTest(kinds=kinds):
                name = self.create(*kinds, slots=64)
                count = 1 if "exclusive" in kinds else 2
                writers = [self.start_writer(name, i, pause_us=1000) for i in range(count)]
                path = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "saved.arena"
                self.eventually(lambda: reader.Arena(SHM / name).head(0) > 100)
                self.run_tool("snapshot", name, "-o", path)
                self.check_against_the_library(path, "--file", path)

    def test_it_refuses_what_is_damaged(self):
        name = self.create("laned", "time", "lossless", slots=4)
        self.start_writer(name, 5, 10).wait()
        whole = (SHM / name).read_bytes()
        path = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "damaged"

        def refuses(content):
            path.write_bytes(content)
            with self.assertRaises((ValueError, OverflowError, OSError)):
                reader.Arena(path)

        path.write_bytes(whole)
        self.assertEqual(reader.Arena(path).head(0), 10)
        for at in range(576):
            refuses(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        refuses(whole[:-4096])
        refuses(whole[:100])
        refuses(b"")

        def with_word(at, width, value):
            changed = bytearray(whole)
            changed[at : at + width] = value.to_bytes(width, "little")
            changed[24:32] = bytes(8)
            changed[24:32] = reader.fnv1a(changed[:576]).to_bytes(8, "little")
            return bytes(changed)

        path.write_bytes(with_word(184, 8, 1))
        self.assertEqual(reader.Arena(path).head(0), 10)  # such a header is right
        [schema_at] = struct.unpack_from("<Q", whole, 48)
        for at, value in [(8, 5), (8, 7), (12, 0x04030201), (16, 584), (20, 8), (20, 3), (168, 0), (168, 1 << 30)]:
            refuses(with_word(at, 4, value))
        large = 1 << 62
        for at, value in [(32, 1), (40, 1), (48, 8), (56, 1 << 21), (80, 1 << 40), (96, large), (112, large),
                          (120, large), (128, 0), (128, 1 << 40), (136, 8), (136, 1), (144, 8), (144, 1 << 40),
                          (152, 0), (152, 1 << 31), (176, 1)]:
            refuses(with_word(at, 8, value))
        refuses(whole[: schema_at + 3] + b"?" + whole[schema_at + 4 :])


if __name__ == "__main__":
    unittest.main()
