"""foreign_writer.py, which knows the format from the manual page alone: the library takes its arenas and records."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

from ring_tests import RECORDS, SHM, TOOL, RingTest, made

WRITER = pathlib.Path(__file__).with_name("foreign_writer.py")
ARENAS = {"exclusive": 0, "laned": 3}


class WriterTest(RingTest):
    def create_foreign(self, lanes, slots=16):
        name = self.name()
        subprocess.run([sys.executable, "-B", WRITER, "create", SHM / name, str(slots), str(lanes)], check=True)
        return name

    def start_foreign(self, name, writer, count, point="", until="written"):
        """The writer when it is so far; at a point, when it has stopped there."""
        process = self.start(sys.executable, "-B", WRITER, "write", SHM / name, writer, count, point,
                             stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), "ready\n")
        if point:
            self.eventually(lambda: pathlib.Path(f"/proc/{process.pid}/stat").read_text().split()[2] == "T")
        elif until == "written":
            self.assertEqual(process.stdout.readline(), "written\n")
        return process

    def leave(self, process):
        process.stdin.close()
        self.assertEqual(process.wait(60), 0)

    def rows(self, name):
        return [row for _, row in sorted(self.tail(name).items())]

    def seats(self, name):
        lines = self.run_tool("seats", name, "--format", "json").stdout.splitlines()
        return [row for row in map(json.loads, lines) if "holder" in row]

    def test_the_library_takes_its_records(self):
        for kind, lanes in ARENAS.items():
            with self.subTest(kind=kind):
                # One that the library has made, and one that it has not.
                for name in (self.create(kind, slots=16), self.create_foreign(lanes)):
                    self.leave(self.start_foreign(name, 3, 100))
                    self.assertEqual(self.rows(name), [made(3, n) for n in range(84, 100)])
                    self.assertTrue(self.run_tool("check", name).stdout.startswith("ok: "))

    def test_the_library_follows_while_it_writes(self):
        name = self.create("exclusive", slots=32768)
        follower = self.start(TOOL, "tail", name, "--from", "0", "--until", 19999, "--follow", "--format", "ndjson",
                              stderr=subprocess.PIPE)
        writer = self.start_foreign(name, 3, 20000, until="ready")
        out, err = follower.communicate()
        taken = [json.loads(line) for line in out.splitlines()]
        for row in taken:
            row["words"] = [word for four in row["words"] for word in four]
            self.assertEqual(row, {"_seq": row["n"], **made(3, row["n"])})
        numbers = [row["n"] for row in taken]
        self.assertEqual(numbers, sorted(set(numbers)))
        # A writer that is interrupted within a record may be passed over; else nothing is lost.
        passed_over = sum(int(count) for count in re.findall(r"(?m)^gap: .*\((\d+) passed over\)$", err))
        self.assertEqual(len(numbers) + passed_over, 20000, err)
        self.leave(writer)

    def test_the_library_writes_into_its_arena(self):
        for lanes in ARENAS.values():
            name = self.create_foreign(lanes)
            self.start_writer(name, 7, 10).wait()
            self.assertEqual(self.rows(name), [made(7, n) for n in range(10)])

    def test_a_seat_has_one_holder_at_a_time(self):
        name = self.create("exclusive", slots=16)
        writer = self.start_foreign(name, 3, 5)
        [seat] = self.seats(name)
        self.assertEqual([seat[key] for key in ("holder", "pid", "name", "values")], ["alive", writer.pid, "python", 5])
        for program in ([RECORDS, "write", name], [sys.executable, "-B", WRITER, "write", str(SHM / name)]):
            done = subprocess.run([*program, "9", "1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=60)
            self.assertNotEqual(done.returncode, 0)
        writer.kill()
        writer.wait()
        self.assertEqual(self.seats(name)[0]["holder"], "dead")
        self.start_writer(name, 7, 5).wait()  # the library takes the seat of the dead, and goes on where it ended
        self.leave(self.start_foreign(name, 4, 5))  # and so does the other
        self.assertEqual(self.rows(name), [made(writer, n) for writer in (3, 7, 4) for n in range(5)])
        self.assertTrue(self.run_tool("check", name).stdout.startswith("ok: "))

    def test_lanes_are_taken_by_both(self):
        name = self.create("laned", slots=16)
        writers = [self.start_foreign(name, 0, 5), self.start_writer(name, 1), self.start_foreign(name, 2, 5)]
        self.assertEqual([seat["holder"] for seat in self.seats(name)], ["alive"] * 3)
        self.eventually(lambda: self.run_tool("check", name, code=(0, 1)) and self.seats(name)[1]["values"] > 50)
        writers[1].kill()
        writers[1].wait()
        rows = self.rows(name)
        for foreign in (0, 2):
            self.assertEqual([row for row in rows if row["writer"] == foreign], [made(foreign, n) for n in range(5)])
            self.leave(writers[foreign])
        of_library = [row for row in rows if row["writer"] == 1]
        self.assertEqual(of_library, [made(1, row["n"]) for row in of_library])

    def test_what_it_leaves_behind_is_pending_while_it_lives_and_then_a_hole(self):
        for point in ("X1", "S1", "S3"):
            with self.subTest(point=point):
                name = self.create("exclusive", slots=16)
                writer = self.start_foreign(name, 3, 5, point)
                tail = self.run_tool("tail", name, "--from", "0", "--format", "ndjson", code=(0, 3))
                self.assertEqual(len(tail.stdout.splitlines()), 4)
                self.assertNotIn("hole", tail.stderr)
                os.kill(writer.pid, signal.SIGKILL)
                writer.wait()
                tail = self.run_tool("tail", name, "--from", "0", "--format", "ndjson", code=3)
                self.assertEqual(len(tail.stdout.splitlines()), 4)
                self.assertIn("1 hole", tail.stderr)
                self.leave(self.start_foreign(name, 4, 20))
                self.assertEqual(self.rows(name), [made(4, n) for n in range(4, 20)])

    def test_a_hole_stays_one_under_the_next_holder(self):
        name = self.create("exclusive", slots=16)
        dead = self.start_foreign(name, 3, 5, "S1")
        dead.kill()
        dead.wait()
        holder = self.start_foreign(name, 4, 3)
        tail = self.run_tool("tail", name, "--from", "0", "--format", "ndjson", code=3)
        self.assertEqual(len(tail.stdout.splitlines()), 7)
        self.assertIn("1 hole", tail.stderr)
        self.assertIsNone(holder.poll())

    def test_what_it_has_published_is_there_though_it_is_stopped(self):
        name = self.create("exclusive", slots=16)
        self.start_foreign(name, 3, 5, "S4")
        self.assertEqual(self.rows(name), [made(3, n) for n in range(5)])


if __name__ == "__main__":
    unittest.main()
