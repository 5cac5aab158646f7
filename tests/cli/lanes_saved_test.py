"""Saved segments of laned arenas: snapshot, and what reads them."""

import os
import signal
import struct
import unittest

from arena_cli import FAILED, LOST, OK, SHM
from hostile_image import CHECKSUM, HEADER_BYTES, SEGMENT_BYTES, SLOTS_REGION, SLOT_COUNT, STRIDE, fnv1a, word
from lane_files import LaneFileTest
from lanes import FIELDS
from segment_pokes import SEAT_BYTES, busy


class LanesSavedTest(LaneFileTest):
    def test_every_value_of_every_lane_is_in_every_kind_of_snapshot(self):
        name, _ = self.create_filled_lanes([20, 3, 0, 8, 9], slots=8)
        expected = [[*range(12, 20)], [0, 1, 2], [], [*range(8)], [*range(1, 9)]]
        for file in ["t.csv", "t.ndjson", "t.npy", "t.arena"]:
            path = self.saved(name, file)
            if file.endswith("ndjson"):
                self.expect(OK, "export", path, "-o", path.with_suffix(".npy"), "--fields", FIELDS)
                path = path.with_suffix(".npy")
            fields = ["--fields", FIELDS] if file == "t.csv" else []
            text = self.expect(OK, "export", path, "-o", "-", "--format", "csv", *fields).stdout
            if file in ["t.npy", "t.arena"]:
                self.assertEqual(self.values(text, 5), expected, file)
            else:  # texts are numbered anew
                rows = [line.split(",")[1:] for line in text.splitlines()[1:]]
                for lane in range(5):
                    self.assertEqual([int(n) for who, n in rows if int(who) == lane], expected[lane], file)
        self.assertEqual((self.saved(name)).read_bytes(), (SHM / name).read_bytes())

    def test_a_snapshot_ends_where_each_lane_was_when_it_began(self):
        name = self.create_laned(slots=1 << 16)
        writers = self.start_lanes(name, 3, "--rate", "20K")  # they come around after seconds
        self.write_lane(name, writers, 1, 3)
        writers[1].send_signal(signal.SIGSTOP)
        ends = [self.feed(writers[lane], lane) for lane in [0, 2]]
        self.eventually(lambda: self.head(name, 0) > 1000 and self.head(name, 2) > 1000)
        for _ in range(5):
            before = [self.head(name, lane) for lane in range(3)]
            done = self.run_tool("snapshot", name, "-o", "-", "--format", "csv")
            after = [self.head(name, lane) for lane in range(3)]
            self.assertIn(done.returncode, [OK, LOST], done.stderr)
            found = self.values(done.stdout)
            self.assertEqual(found[1], [0, 1, 2])
            is_whole = done.returncode == OK
            for numbers, low, high in zip(found, before, after):
                if numbers:
                    self.assertLess(numbers[-1], high)
                if numbers and is_whole:
                    self.assertEqual(numbers, [*range(numbers[0], max(low, numbers[-1] + 1))])
        for end, writer in zip(ends, [writers[0], writers[2]]):
            writer.kill()
            end()

    def test_writers_that_are_dead_or_stopped_do_not_keep_a_snapshot_waiting(self):
        name, writers = self.create_filled_lanes([4, 5, 6])
        self.poke_head(name, 0, 7)
        self.poke_head(name, 1, 6)
        writers[0].kill()
        writers[0].wait()
        writers[1].send_signal(signal.SIGSTOP)
        path = self.directory() / "t.csv"
        done = self.expect(LOST, "snapshot", name, "-o", path, says="gap in lane 0: 12..18 (3 holes)\n")
        self.assertIn("gap in lane 1: 16..16 (1 passed over)\n", done.stderr)
        self.assertIn("recorded 15, lost 4 in 2 gaps", done.stderr)
        self.assertEqual(self.values(path.read_text()), [[*range(4)], [*range(5)], [*range(6)]])
        image = self.saved(name)
        found = self.exported(image)
        self.assertEqual(found, [[*range(4)], [*range(5)], [*range(6)]])
        self.expect(OK, "export", image, "-o", "-", "--format", "csv", says="found no value for 4 sequence numbers")

    def test_tail_of_a_saved_segment_is_tail_of_the_arena(self):
        name, _ = self.create_filled_lanes([20, 3, 0, 8])
        path = self.saved(name)
        for arguments in [[], ["-n", 3], ["-n", 100], ["--from", "oldest"], ["--from", "newest"], ["--from", 45],
                          ["--until", 50], ["--until", 50, "-n", 3], ["--every", 3], ["--from", 400], ["--until", 400],
                          ["--until", 0], ["--from", 2, "--until", 1]]:
            live = self.expect(self.run_tool("tail", name, *arguments).returncode, "tail", name, *arguments)
            saved = self.expect(live.returncode, "tail", "--file", path, *arguments)
            self.assertEqual(sorted(saved.stdout.splitlines()), sorted(live.stdout.splitlines()), arguments)
            was = saved.stderr.replace("had not been written when the segment was saved",
                                       "has not been written yet; use -f to wait for values")
            self.assertEqual(was.replace(str(path), name), live.stderr, arguments)
        done = self.expect(LOST, "tail", "--file", path, "--from", 9, "--format", "csv")
        self.assertEqual(self.values(done.stdout, 4), [[*range(12, 20)], [2], [], [2, 3, 4, 5, 6, 7]])
        self.assertIn("gap in lane 0: 12..44 (9 overwritten)\n", done.stderr)
        cursor = path.with_name("cursor")
        found = self.tail(name, "--cursor-file", cursor, "-n", 100, lanes=4)
        self.assertEqual(found, [[*range(12, 20)], [0, 1, 2], [], [*range(8)]])
        done = self.expect(OK, "tail", "--file", path, "--cursor-file", cursor, "--format", "csv")
        self.assertEqual(self.values(done.stdout, 4), [[], [], [], []])

    def test_of_a_segment_that_was_cut_off_the_whole_lanes_are_taken(self):
        name, _ = self.create_filled_lanes([300, 200, 256], slots=256)
        path = self.saved(name)
        lane_bytes = word(path.read_bytes(), SLOTS_REGION + 8) // 3
        begin, stride = word(path.read_bytes(), SLOTS_REGION), word(path.read_bytes(), STRIDE)
        os.truncate(path, begin + lane_bytes + 100 * stride + 5)
        found = self.exported(path, LOST)
        self.assertEqual(found[0], [*range(44, 300)])
        self.assertEqual(found[1], [*range(100)])
        self.assertEqual(found[2], [])
        self.expect(LOST, "export", path, "-o", "-", "--format", "csv", says="found no value for 356 sequence numbers")
        done = self.expect(LOST, "tail", "--file", path, "--from", "oldest", says="was cut off")
        self.assertIn("gap in lane 1: 301..598 (100 holes)\n", done.stderr)
        self.assertIn("gap in lane 2: 2..767 (256 holes)\n", done.stderr)
        os.truncate(path, begin + 5)
        self.expect(FAILED, "export", path, "-o", "-", "--format", "csv", says="a damaged one")
        os.truncate(path, begin - 4096)
        self.expect(FAILED, "export", path, "-o", "-", "--format", "csv", says="a damaged one")

    def test_lanes_that_claim_more_than_they_hold_are_no_trap(self):
        lanes, slots = 64, 2**33
        name = self.create_laned(lanes)
        image = bytearray((SHM / name).read_bytes())
        begin, stride, seats = word(image, SLOTS_REGION), word(image, STRIDE), word(image, 96)
        total = lanes * slots * stride
        claimed = {SLOTS_REGION + 8: total, SLOT_COUNT: slots, SEGMENT_BYTES: begin + total, CHECKSUM: 0}
        for at, value in claimed.items():
            struct.pack_into("<Q", image, at, value)
        struct.pack_into("<Q", image, CHECKSUM, fnv1a(image[:HEADER_BYTES]))
        for lane in range(lanes):
            struct.pack_into("<Q", image, seats + lane * SEAT_BYTES + 8, 2**63 + lane)
        there = [(0, slots - 1), (5, 7), (63, slots // 2)]
        struct.pack_into("<Q", image, seats + 8, slots)
        struct.pack_into("<Q", image, seats + 5 * SEAT_BYTES + 8, 9)
        struct.pack_into("<Q", image, seats + 63 * SEAT_BYTES + 8, slots)
        path = self.directory() / "sparse.arena"
        with path.open("wb") as file:
            file.write(image[:begin])
            file.truncate(begin + total)
            for lane, n in there:
                file.seek(begin + (lane * slots + n) * stride)
                file.write(struct.pack("<QQQ", (n + 1) * 2, lane, n))
        found = self.exported(path, lanes=lanes)
        self.assertEqual([(lane, n) for lane in range(lanes) for n in found[lane]], there)
        done = self.expect(LOST, "tail", "--file", path, "--from", "oldest", "--format", "csv")
        self.assertEqual(len(done.stdout.splitlines()), 1 + 3)

    def test_a_slot_of_any_lane_that_is_being_written_is_saved_as_such(self):
        name, writers = self.create_filled_lanes([4, 5, 6])
        for writer in writers:
            writer.kill()
            writer.wait()
        for lane, n in [(1, 3), (2, 5), (2, 0)]:
            self.poke(SHM / name, self.slot_at(name, lane, n), struct.pack("<Q", busy(n)))
        path = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", path, says="3 slots")
        self.assertEqual(self.exported(path), [[*range(4)], [0, 1, 2, 4], [1, 2, 3, 4]])

    def test_no_value_of_an_image_is_torn_while_writers_go_on(self):
        name = self.create_laned(slots=512)
        writers = self.start_lanes(name, 3)
        ends = [self.feed(writer, lane) for lane, writer in enumerate(writers)]
        self.eventually(lambda: min(self.head(name, lane) for lane in range(3)) > 2000)
        directory = self.directory()
        count = 0
        for i in range(20):
            self.expect(OK, "snapshot", name, "-o", directory / f"{i}.arena")
            done = self.run_tool("export", directory / f"{i}.arena", "-o", "-", "--format", "csv")
            self.assertEqual(done.returncode, OK, done.stderr)
            count += sum(map(len, self.values(done.stdout)))
        for writer, end in zip(writers, ends):
            writer.kill()
            end()
        self.assertGreater(count, 0)


if __name__ == "__main__":
    unittest.main()
