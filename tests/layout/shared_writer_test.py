"""foreign_shared_writer.cpp, written from the manual page alone, among the library's writers of a shared arena."""

import json
import os
import pathlib
import random
import signal
import unittest

from ring_tests import READER, SHM, RingTest, load, made

FOREIGN = os.environ.get("ARENA_SHM_FOREIGN_WRITER", "")
reader = load(READER)


class SharedWriterTest(RingTest):
    def start_foreign(self, name, writer, count=0, point=None):
        command = [FOREIGN, SHM / name, writer, count] + ([point] if point else [])
        process = self.start(*command)
        self.assertEqual(process.stdout.readline(), "ready\n")
        if point:
            self.eventually(lambda: self.state(process) == "T")
        return process

    def state(self, process):
        return pathlib.Path(f"/proc/{process.pid}/stat").read_text().split()[2]

    def seats(self, name):
        lines = self.run_tool("seats", name, "--format", "json").stdout.splitlines()
        return [row for row in map(json.loads, lines) if "holder" in row]

    def check_intact(self, name):
        """All that is there is whole, and the library finds nothing wrong."""
        rows = self.tail(name)
        for row in rows.values():
            self.assertEqual(row, made(row["writer"], row["n"]))
        self.run_tool("check", name)  # whose exit code is 0 if there are notes at most
        return rows

    def test_what_it_writes_alone(self):
        name = self.create("shared", slots=8)
        self.assertEqual(self.start_foreign(name, 3, 100).wait(), 0)
        self.assertEqual(list(self.check_intact(name).values()), [made(3, n) for n in range(92, 100)])

    def test_many_at_once(self):
        for slots in (3, 8, 1000):
            with self.subTest(slots=slots):
                name = self.create("shared", slots=slots)
                writers = [self.start_foreign(name, 0, 20000), self.start_writer(name, 1, 20000),
                           self.start_foreign(name, 2, 20000)]
                for writer in writers:
                    self.assertEqual(writer.wait(), 0)
                self.check_intact(name)
                # Each number was published, or skipped.
                seats = self.seats(name)
                self.assertEqual(sum(seat["values"] for seat in seats), 60000)
                handed_out = sum(seat["values"] + seat["skipped"] for seat in seats)
                self.assertEqual(reader.Arena(SHM / name).head(0), handed_out)

    def test_readers_meanwhile(self):
        name = self.create("shared", slots=32)
        writers = [self.start_foreign(name, 0), self.start_writer(name, 1), self.start_foreign(name, 2)]
        arena = reader.Arena(SHM / name)
        seen = set()
        for taken, (_, _, record, _) in enumerate(arena.follow(20)):
            fields = {key: list(value) if isinstance(value, tuple) else value for key, value in arena.decode(record)}
            self.assertEqual(fields, made(fields["writer"], fields["n"]))
            seen.add(fields["writer"])
            if taken > 5000 and len(seen) == 3:
                break
        for writer in writers:
            self.assertIsNone(writer.poll())

    def test_one_that_is_stopped_costs_the_others_a_slot(self):
        for point, published in (("W1", 2), ("W2", 2), ("S1", 2), ("S3", 2)):
            with self.subTest(point=point):
                name = self.create("shared", slots=8)
                stopped = self.start_foreign(name, 0, 5, point)
                self.assertEqual(self.seats(name)[0]["values"], published)
                if point in ("S1", "S3"):  # before its number is told, the others skip what they cannot be sure of
                    self.assertEqual(self.start_writer(name, 1, 100).wait(), 0)
                    self.assertEqual(self.start_foreign(name, 2, 100).wait(), 0)
                    self.assertGreater(self.seats(name)[1]["skipped"], 10)  # seat 1 was both of theirs
                    self.assertEqual(self.state(stopped), "T")
                stopped.send_signal(signal.SIGCONT)
                self.assertEqual(stopped.wait(), 0)
                self.check_intact(name)

    def test_one_that_dies_leaves_a_hole_and_nobody_waits(self):
        for point in ("W1", "W2", "S1", "S3"):
            with self.subTest(point=point):
                name = self.create("shared", slots=8)
                dead = self.start_foreign(name, 0, 5, point)
                dead.kill()
                dead.wait()
                self.assertEqual(self.seats(name)[0]["holder"], "dead")
                tail = self.run_tool("tail", name, "--from", "0", code=(0, 3))
                self.assertEqual("1 hole" in tail.stderr, point != "W1")
                self.assertEqual(self.start_writer(name, 1, 20).wait(), 0)  # the library's takes over the seat
                self.assertEqual(self.start_foreign(name, 2, 20).wait(), 0)
                self.assertEqual([row["n"] for row in self.check_intact(name).values()], list(range(12, 20)))
                self.assertEqual([seat["skipped"] for seat in self.seats(name)], [0])

    def test_kills_at_random(self):
        name = self.create("shared", slots=64)
        start = [self.start_foreign, self.start_writer]
        writers = [start[i % 2](name, i) for i in range(3)]
        arena = reader.Arena(SHM / name)
        for round_ in range(60):
            before = arena.head(0)
            victim = random.randrange(3)
            writers[victim].send_signal(random.choice([signal.SIGKILL, signal.SIGSTOP]))
            # The others go on, whatever it was inside of.
            self.eventually(lambda: arena.head(0) > before + 50)
            writers[victim].kill()
            writers[victim].wait()
            writers[victim] = start[round_ % 2](name, 3 + round_)
        for writer in writers:
            writer.kill()
            writer.wait()
        self.check_intact(name)


if __name__ == "__main__":
    unittest.main()
