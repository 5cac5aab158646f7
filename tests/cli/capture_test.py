"""capture and trigger: what a ring held before something happened, and what came after it."""

import contextlib
import csv
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import time
import unittest

from arena_cli import ABSENT, FAILED, LOST, OK, SHM, TOOL, USAGE, CliTest

MS = 1_000_000
FIELDS = "u64 n, u64 ts"
SCHEMA = ('{"names":["n","ts"],"formats":["<u8","<u8"],"offsets":[0,8],"itemsize":16,'
          '"metadata":{"fields":{"ts":{"unit":"ns"}},"time":"ts"}}')

# As a shell does it that controls jobs: the terminal is its own, and it starts a job in the background.
SHELL = """
import fcntl, os, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
job = subprocess.Popen(sys.argv[1:], preexec_fn=os.setpgrp)
print(job.pid, flush=True)
job.wait()
"""


class CaptureTest(CliTest):
    def ring(self, slots=4096, *args):
        """Values n with the times n ms, by their own account."""
        name = self.name()
        return self.make(name, slots, *args)

    def make(self, name, slots=4096, *args):
        schema = self.directory() / "schema.json"
        schema.write_text(SCHEMA)
        self.expect(OK, "create", name, "--slots", slots, "--schema", schema, *args)
        return name

    def write(self, name, numbers):
        self.expect(OK, "write", name, "--format", "csv",
                    stdin="n,ts\n" + "".join(f"{n},{n * MS}\n" for n in numbers))

    def capture(self, name, *args, stdin=None, waits=False, folder=None):
        """Returns: the run, which watches by now. Its files are self.out.1.csv, and so on."""
        folder = folder or self.directory()
        self.out = folder / "out"
        self.notes = folder / "notes"
        with self.notes.open("w") as notes:
            run = self.start("capture", name, "-o", f"{self.out}.csv", *args, stderr=notes, stdin=stdin)
        self.says("waiting for" if waits else "watching")
        return run

    def says(self, text, count=1):
        self.eventually(lambda: self.notes.read_text().count(text) >= count)

    def ends(self, run, code=OK, stop=False):
        if stop:
            run.send_signal(signal.SIGINT)
        run.communicate(timeout=30)
        self.assertEqual(run.returncode, code, self.notes.read_text())
        return self.notes.read_text()

    def rows(self, number):
        with pathlib.Path(f"{self.out}.{number}.csv").open() as file:
            return list(csv.DictReader(file))

    def numbers(self, number):
        return [int(row["n"]) for row in self.rows(number)]

    def triggers(self, number):
        return [int(row["n"]) for row in self.rows(number) if row["_trigger"] != "0"]

    def test_so_many_values_before_and_after(self):
        name = self.ring()
        self.write(name, range(300))
        run = self.capture(name, "--when", "n == 500 || n == 17", "--before", 100, "--after", 50, "--count", 1)
        self.write(name, range(300, 1000))
        said = self.ends(run)
        self.assertEqual(self.numbers(1), [*range(400, 551)])
        self.assertEqual(self.triggers(1), [500])
        self.assertEqual([int(row["_seq"]) for row in self.rows(1)], [*range(400, 551)])
        self.assertRegex(said, r"captured .*out\.1\.csv: 151 values, 100 before the trigger at _seq 500, 1970-")
        self.assertIn("captured 1 time, lost 0", said)
        self.assertNotIn("held only", said)

    def test_so_much_time_before_and_after(self):
        name = self.ring()
        self.write(name, range(300))
        run = self.capture(name, "--when", "n == 500", "--before", "100ms", "--after", "50ms", "--count", 1)
        self.write(name, range(300, 1000))
        self.ends(run)
        self.assertEqual(self.numbers(1), [*range(400, 551)])
        self.assertEqual(self.triggers(1), [500])

    def test_it_ends_by_the_clock_where_nothing_more_comes(self):
        for args in ([], ["--time"]):
            name = self.ring(4096, *args)
            run = self.capture(name, "--when", "n == 5", "--before", "1s", "--after", "300ms", "--count", 1)
            self.write(name, range(8))
            self.ends(run)
            self.assertEqual(self.numbers(1), [*range(8)])

    def test_no_value_is_in_two_files(self):
        name = self.ring()
        run = self.capture(name, "--when", "n % 100 == 0", "--before", 80, "--after", 30, "--count", 4)
        self.write(name, range(1, 600))
        self.ends(run)
        self.assertEqual([self.numbers(i) for i in range(1, 5)],
                         [[*range(20, 131)], [*range(131, 231)], [*range(231, 331)], [*range(331, 431)]])
        self.assertEqual([self.triggers(i) for i in range(1, 5)], [[100], [200], [300], [400]])

    def test_nothing_triggers_during_the_holdoff(self):
        name = self.ring()
        run = self.capture(name, "--when", "n % 100 == 0", "--before", 10, "--after", 10, "--holdoff", "250ms", "-n", 2)
        self.write(name, range(1, 600))
        self.ends(run)
        self.assertEqual([self.triggers(i) for i in (1, 2)], [[100], [400]])

    def test_files_of_earlier_runs_are_kept(self):
        folder = self.directory()
        for first in (0, 100):
            name = self.ring()
            run = self.capture(name, "--when", f"n == {first + 5}", "--before", 3, "--after", 2, "-n", 1, folder=folder)
            self.write(name, range(first, first + 10))
            self.ends(run)
        self.assertEqual([self.numbers(i) for i in (1, 2)], [[*range(2, 8)], [*range(102, 108)]])

    def test_nothing_that_is_there_is_replaced(self):
        name = self.ring()
        folder = self.directory()
        kept = [folder / "out.csv", folder / "out.7.csv"]
        for path in kept:
            path.write_text("mine")
        self.expect(USAGE, "capture", name, "-o", folder / "out.csv", "--force", says="--force")
        run = self.capture(name, "--when", "n % 10 == 5", "--before", 2, "--after", 1, "-n", 3, folder=folder)
        self.write(name, range(30))
        self.ends(run)
        self.assertEqual([path.read_text() for path in kept], ["mine"] * 2)
        self.assertEqual([self.triggers(i) for i in (8, 9, 10)], [[5], [15], [25]])

    def test_a_holdoff_may_be_longer_than_time_itself(self):
        name = self.ring()
        run = self.capture(name, "--when", "n % 10 == 5", "--before", 2, "--after", 1, "--holdoff", "106751d")
        self.write(name, range(1_000_000, 1_000_030))
        self.says("captured ")
        self.write(name, range(1_000_030, 1_000_060))
        self.assertIn("captured 1 time, lost 0", self.ends(run, stop=True))

    def test_times_at_both_ends_of_what_there_is(self):
        schema = self.directory() / "schema.json"
        schema.write_text(SCHEMA.replace("<u8", "<i8"))
        for least in (-(2**63), 2**63 - 20):
            name = self.name()
            self.expect(OK, "create", name, "--slots", 64, "--schema", schema)
            run = self.capture(name, "--when", "n == 5", "--before", "5s", "--after", "5s", "-n", 1)
            self.expect(OK, "write", name, stdin="n,ts\n" + "".join(f"{n},{least + n}\n" for n in range(10)))
            self.eventually(lambda: pathlib.Path(f"{self.out}.1.csv").exists() and len(self.rows(1)) == 10)
            self.assertNotIn("overwritten", self.ends(run, stop=True))
            self.assertEqual(self.triggers(1), [5])

    def test_what_was_overwritten_before_it_began_is_not_lost(self):
        name = self.ring(8, "--time")
        self.write(name, range(100))
        time.sleep(0.2)
        run = self.capture(name, "--before", "1ms", "--after", "50ms", "-n", 2)
        for i in (1, 2):  # a moment in which nothing is written
            self.expect(OK, "trigger", name)
            self.says("captured ", i)
        self.assertIn("captured 2 times, lost 0", self.ends(run))

    def test_who_triggers_while_a_file_is_written_gets_an_answer(self):
        name = self.ring(4096, "--time")
        run = self.capture(name, "--before", 3, "--after", 3)
        self.expect(OK, "trigger", name)
        self.eventually(lambda: pathlib.Path(f"{self.out}.1.csv").exists())
        self.assertEqual(self.expect(OK, "trigger", name).stdout, f"triggered process {run.pid}\n")
        self.says("triggered again: ")
        self.write(name, range(10))
        self.says("captured ")
        self.assertIn("captured 1 time, lost 0", self.ends(run, stop=True))

    def test_who_triggers_while_there_is_no_arena_gets_an_answer(self):
        name = self.name()
        run = self.capture(name, waits=True)
        self.assertEqual(self.expect(OK, "trigger", name).stdout, f"triggered process {run.pid}\n")
        self.says("there is no arena")
        self.assertIn("captured 0 times", self.ends(run, stop=True))

    def test_what_the_ring_was_too_small_for_is_said(self):
        for before, held in ((100, "63 values before the trigger, not 100 values"),
                             ("1s", "before the trigger, not 1s")):
            name = self.ring(64)
            run = self.capture(name, "--when", "n == 500", "--before", before, "--after", 0, "-n", 1)
            for first in range(0, 501, 20):  # so slowly that it misses nothing
                self.write(name, range(first, min(first + 20, 501)))
                time.sleep(0.01)
            said = self.ends(run)
            self.assertEqual(self.numbers(1), [*range(500 - 63, 501)])
            self.assertIn("the ring held only", said)
            self.assertIn(held, said)

    def test_by_hand(self):
        name = self.ring(4096, "--time")
        self.write(name, range(100))
        run = self.capture(name, "--before", 20, "--after", 5)
        run.send_signal(signal.SIGUSR1)
        time.sleep(0.2)  # by now it has noticed, in all probability; else less is asked of the rows below
        self.write(name, range(100, 110))
        self.says("captured ")
        found = self.numbers(1)
        self.assertEqual(found, [*range(found[0], found[0] + len(found))])
        self.assertEqual(len(self.triggers(1)), 1)
        done = self.expect(OK, "trigger", name)
        self.assertEqual(done.stdout, f"triggered process {run.pid}\n")
        self.write(name, range(110, 120))
        self.says("captured ", 2)
        self.assertEqual(len(self.triggers(2)), 1)
        self.assertGreater(self.numbers(2)[0], found[-1])
        self.assertIn("captured 2 times, lost 0", self.ends(run, stop=True))

    def test_by_a_key(self):
        name = self.ring()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        run = self.capture(name, "--before", 20, "--after", 5, "-n", 1, stdin=slave)
        os.close(slave)
        self.says("press Enter to trigger")
        os.write(master, b"\n")
        for n in range(40):
            self.write(name, [n])
            if run.poll() is not None:
                break
        self.ends(run)
        self.assertEqual(len(self.triggers(1)), 1)

    def test_in_the_background_of_a_terminal_it_goes_on(self):
        name = self.ring()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        folder = self.directory()
        self.notes, self.out = folder / "notes", folder / "out"
        with self.notes.open("w") as notes:
            shell = subprocess.Popen([sys.executable, "-c", SHELL, TOOL, "capture", name, "-o", f"{self.out}.csv",
                                      "--when", "n == 5", "--before", "3", "--after", "2", "-n", "1"],
                                     stdin=slave, stdout=subprocess.PIPE, stderr=notes, text=True,
                                     start_new_session=True)
        os.close(slave)
        self.addCleanup(shell.communicate)
        job = int(shell.stdout.readline())

        def end():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(job, signal.SIGKILL)

        self.addCleanup(end)
        self.says("watching")
        os.write(master, b"typed for the shell\n")
        self.write(name, range(10))
        self.eventually(lambda: "captured 1 time" in self.notes.read_text())
        self.assertEqual(self.triggers(1), [5])

    def test_trigger_without_a_capture(self):
        name = self.ring()
        self.expect(ABSENT, "trigger", name, says="start one: arena-shm capture")

    def test_an_arena_with_a_long_name_can_be_triggered(self):
        name = self.make(self.name("x" * 150))
        run = self.capture(name, "--before", 3, "--after", 0, "-n", 1)
        self.assertEqual(self.expect(OK, "trigger", name).stdout, f"triggered process {run.pid}\n")
        self.expect(ABSENT, "trigger", name + "y")
        self.write(name, range(5))
        self.ends(run)
        self.assertEqual(len(self.triggers(1)), 1)

    def test_a_stop_finishes_the_file(self):
        name = self.ring()
        run = self.capture(name, "--when", "n == 5", "--before", 100, "--after", 100)
        self.write(name, range(8))
        self.eventually(lambda: pathlib.Path(f"{self.out}.1.csv").exists() and len(self.rows(1)) == 8)
        self.ends(run, stop=True)
        self.assertEqual(self.numbers(1), [*range(8)])

    def test_an_arena_that_is_made_anew_is_followed(self):
        name = self.name()
        run = self.capture(name, "--when", "n == 5", "--before", 3, "--after", 2, "-n", 3, waits=True)
        for i in range(1, 4):
            self.make(name)
            self.write(name, range(10))
            self.eventually(lambda: pathlib.Path(f"{self.out}.{i}.csv").exists() and len(self.rows(i)) == 6)
            self.expect(OK, "rm", name)
        self.ends(run)
        self.assertEqual([self.numbers(i) for i in (1, 2, 3)], [[*range(2, 8)]] * 3)

    def test_a_fast_producer_every_value_is_there_or_counted(self):
        name = self.ring(512)
        run = self.capture(name, "--when", "n % 20000 == 0", "--before", 200, "--after", 300)
        for first in range(1, 200_001, 50_000):
            self.write(name, range(first, first + 50_000))
        self.eventually(lambda: f"{200_000}" in self.expect(OK, "list").stdout)
        time.sleep(0.3)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=30)
        said = self.notes.read_text()
        lost = int(re.search(r"captured \d+ times?, lost (\d+)", said)[1])
        self.assertEqual(run.returncode, LOST if lost else OK, said)
        self.assertEqual(lost, sum(map(int, re.findall(r"gap: \S+ \((\d+) ", said))))
        newest = 0
        for i in range(1, 1 + said.count(": the ring") + len(re.findall(r"(?m)captured \S+\.csv", said))):
            rows = self.rows(i)
            self.assertEqual([int(row["n"]) for row in rows], [int(row["_seq"]) + 1 for row in rows])
            self.assertEqual([n % 20_000 for n in self.triggers(i)], [0] * len(self.triggers(i)))
            numbers = self.numbers(i)
            self.assertGreater(numbers[0], newest)
            newest = numbers[-1]
            missing = numbers[-1] - numbers[0] + 1 - len(numbers)
            self.assertLessEqual(missing, lost)

    def test_what_cannot_be(self):
        name = self.ring()
        self.expect(USAGE, "capture", name, "-o", "-", "--format", "csv", says="expected the name of a file")
        self.expect(USAGE, "capture", name, "-o", self.directory() / "x.csv", "--when", "nn > 1", says="'nn'")
        self.expect(USAGE, "capture", name, "-o", "x.csv", "--before", "many", says="a number of values")
        self.expect(FAILED, "capture", name, "-o", self.directory() / "no" / "x.csv", says="make the directory")
        plain = self.create(fields=FIELDS)
        self.expect(USAGE, "capture", plain, "-o", self.directory() / "x.csv", says="numbers of values: --before 1000")
        self.assertFalse((SHM / "x.csv").exists())


if __name__ == "__main__":
    unittest.main()
