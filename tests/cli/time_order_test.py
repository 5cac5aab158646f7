"""Lanes in order of time: what tail, record, snapshot and export make of them."""

import random
import signal
import struct
import unittest

from arena_cli import LOST, OK, SHM, USAGE
from laned import Laned
from segment_pokes import done
from timed import TimedTest, refuse_membarrier


class TimeOrderTest(Laned, TimedTest):
    def interleaved(self, count=40, lanes=3, slots=64):
        """Returns: the name, and the numbers in the order in which they were written."""
        name = self.create_laned(lanes, slots=slots)
        writers = self.start_lanes(name, lanes)
        chosen = random.Random(1)
        written = []
        for _ in range(count):
            lane = chosen.randrange(lanes)
            written.append(self.head(name, lane) * lanes + lane)
            self.write_lane(name, writers, lane, 1)
        return name, written

    def seqs(self, text):
        return [int(line.split(",")[0]) for line in text.splitlines()[1:]]

    def printed(self, *args, code=OK):
        return self.seqs(self.expect(code, *args, "--format", "csv").stdout)

    def test_every_verb_has_the_values_in_order_of_time(self):
        name, written = self.interleaved()
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        for args in [["tail", name, "--from", "oldest"], ["tail", name, "--from", "oldest", "--order", "time"],
                     ["tail", name, "-f", "--from", "oldest", "-n", len(written)],
                     ["tail", name, "-F", "--from", "oldest", "-n", len(written)],
                     ["record", name, "-o", "-", "--max-count", len(written)],
                     ["snapshot", name, "-o", "-"],
                     ["tail", "--file", image, "--from", "oldest"],
                     ["export", image, "-o", "-"]]:
            self.assertEqual(self.printed(*args), written, args)

    def test_the_other_order_is_that_of_the_lanes(self):
        name, written = self.interleaved()
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        by_lanes = sorted(written, key=lambda seq: (seq % 3, seq))
        for args in [["tail", name, "--from", "oldest"], ["record", name, "-o", "-", "--max-count", len(written)],
                     ["tail", name, "-F", "--from", "oldest", "-n", len(written)],
                     ["snapshot", name, "-o", "-"], ["tail", "--file", image, "--from", "oldest"]]:
            found = self.printed(*args, "--order", "arrival")
            self.assertNotEqual(found, written, args)
            self.assertEqual(sorted(found, key=lambda seq: (seq % 3, seq)), by_lanes, args)
            for lane in range(3):
                self.assertEqual([seq for seq in found if seq % 3 == lane], [s for s in by_lanes if s % 3 == lane])
        self.expect(USAGE, "tail", name, "--order", "newest", says="--order")

    def test_arenas_without_lanes_or_times_have_one_order(self):
        plain = self.name()
        self.expect(OK, "create", plain, "--slots", 8, "--lanes", 2, "--fields", "u64 n")
        exclusive = self.create("--exclusive", fields="u64 n")
        shared = self.create(fields="u64 n")
        for name, what in [(plain, "has no times"), (shared, "has no lanes"), (exclusive, "")]:
            self.expect(OK, "write", name, stdin="n\n5\n6\n")
            for args in [["tail", name], ["snapshot", name, "-o", "-"], ["record", name, "-o", "-", "-n", 2]]:
                plainly = self.expect(OK, *args, "--format", "csv")
                self.assertEqual(len(plainly.stdout.splitlines()), 3)
                self.assertNotIn("order", plainly.stderr)
                asked = self.expect(OK, *args, "--format", "csv", "--order", "time", says=what)
                self.assertEqual("order" in asked.stderr, what != "", asked.stderr)
                self.assertNotIn("order", self.expect(OK, *args, "--format", "csv", "--order", "arrival").stderr)

    def test_holes_and_overwritten_values_are_told_in_the_order_of_time(self):
        name, writers = self.create_filled_lanes([20, 3, 5])
        self.poke_head(name, 1, 6)
        for writer in writers:
            writer.kill()
            writer.wait()
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        for args in [["tail", name], ["tail", "--file", image]]:
            end = self.expect(LOST, *args, "--from", "oldest", "--format", "csv", says="gap in lane 1: 10..16 (3 holes)")
            self.assertEqual(self.seqs(end.stdout), [n * 3 for n in range(12, 20)] + [1, 4, 7, 2, 5, 8, 11, 14])
            inline = self.expect(LOST, *args, "--from", "oldest", "--format", "csv", "--gaps", "inline").stdout
            self.assertLess(inline.index("\n7,"), inline.index("# gap in lane 1"))

    def test_values_that_come_late_are_counted(self):
        name = self.create("--lanes", 3, fields="u64 ts", slots=64)
        self.write_lanes(name, 2, 0, 3)
        path = SHM / name
        old = self.offset(path, self.slot_at(name, 0, 0) + 8)
        writer = self.halt(name, signal.SIGSTOP, 2)
        lane = next(k for k in range(3) if self.holder(name, k) == writer.pid)
        first = self.head(name, lane) - 2
        outputs = [self.directory() / "t.csv", self.directory() / "r.csv"]
        with outputs[0].open("w") as out:
            tail = self.start("tail", name, "-f", "--from", "oldest", "--format", "csv", stdout=out)
        record = self.start("record", name, "-o", outputs[1])
        for output in outputs:  # all others, behind the one that is stopped
            self.eventually(lambda: output.exists() and len(output.read_text().splitlines()) == 6)
        for n in [first, first + 1]:
            slot = self.slot_at(name, lane, n)
            self.poke(path, slot + 8, struct.pack("<Q", old + n))
            self.poke(path, slot, struct.pack("<Q", done(n)))
        for output, run in zip(outputs, [tail, record]):
            self.eventually(lambda: len(output.read_text().splitlines()) == 8)
            run.send_signal(signal.SIGINT)
            self.assertIn("2 values came late: out of order of time\n", run.communicate(timeout=30)[1])
            self.assertEqual(self.seqs(output.read_text())[-2:], [(first + i) * 3 + lane for i in range(2)])

    def test_a_stopped_writer_does_not_keep_those_waiting_who_do_not_follow(self):
        name = self.create("--lanes", 3, fields="u64 ts", slots=64)
        self.write_lanes(name, 2, 0, 3)
        writer = self.halt(name, signal.SIGSTOP, 2)
        lane = next(k for k in range(3) if self.holder(name, k) == writer.pid)
        first = (self.head(name, lane) - 2) * 3 + lane
        says = f"gap in lane {lane}: {first}..{first + 3} (2 passed over)\n"
        for args in [["tail", name], ["tail", name, "--from", "oldest"], ["tail", name, "--order", "arrival"],
                     ["snapshot", name, "-o", "-"], ["snapshot", name, "-o", "-", "--order", "arrival"]]:
            end = self.expect(LOST, *args, "--format", "csv", says=says)
            self.assertEqual(sorted(self.seqs(end.stdout)), [0, 2, 3, 5, 8], args)
            self.assertEqual(end.stderr.count("gap"), 2 if "lost" in end.stderr else 1, end.stderr)
        self.expect(LOST, "tail", name, "--since", "1h", "--format", "csv", says="read 5 values")

    def test_a_saved_segment_has_all_values_in_their_order(self):
        name, _ = self.interleaved(3)
        for options in [["--since", "1h"], ["--order", "time"]]:
            self.expect(USAGE, "snapshot", name, "-o", self.directory() / "t.arena", *options, says=f"found {options[0]}")

    def test_it_is_said_where_the_order_is_not_exact(self):
        name, written = self.interleaved(10)
        says = "the order of time is not exact here: the system refuses membarrier\n"
        for args in [["tail", name, "--from", "oldest"], ["record", name, "-o", "-", "-n", 10],
                     ["snapshot", name, "-o", "-"], ["tail", name, "-F", "--from", "oldest", "-n", 10]]:
            end = self.expect(OK, *args, "--format", "csv", preexec_fn=refuse_membarrier)
            self.assertEqual(self.seqs(end.stdout), written)
            self.assertEqual(end.stderr.count(says), 1, end.stderr)
            end = self.expect(OK, *args, "--format", "csv", "--order", "arrival", preexec_fn=refuse_membarrier)
            self.assertNotIn("exact", end.stderr)

    def test_a_saved_segment_of_many_lanes_is_merged(self):
        lanes = 300
        name = self.create("--lanes", lanes, fields="u64 ts", slots=4)
        self.write_lanes(name, *[2 + k % 5 for k in range(lanes)])
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        found = self.printed("export", image, "-o", "-")
        expected = [n * lanes + k for k in range(lanes) for n in range(max(k % 5 - 2, 0), 2 + k % 5)]
        self.assertEqual(found, expected)  # one lane was written after the other
        self.assertEqual(self.printed("tail", name, "--from", "oldest"), expected)


if __name__ == "__main__":
    unittest.main()
