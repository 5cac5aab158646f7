"""capture: what a ring held before something happened, and what came after it."""

import pathlib
import re
import signal
import time
import unittest

from arena_cli import FAILED, LOST, OK, SHM, USAGE
from capturing import FIELDS, SCHEMA, Capturing


class CaptureTest(Capturing):
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

    def test_without_times_it_says_which_option_needs_them(self):
        name, file = self.name(), self.directory() / "x.csv"
        self.expect(OK, "create", name, "--slots", 64, "--fields", "u64 n")
        for args, expected, remedy in [
                (["--before", 2], "--after", ", or give a number of values: --after 1000"),
                (["--after", 2], "--before", ", or give a number of values: --before 1000"),
                ([], "--before and --after", ", or give a number of values: --before 1000 --after 1000"),
                (["--before", 2, "--after", 1, "--holdoff", "1s"], "--holdoff", ", or leave out --holdoff"),
                (["--before", 2, "--holdoff", "1s"], "--after and --holdoff",
                 ", or give a number of values: --after 1000, and leave out --holdoff")]:
            self.expect(USAGE, "capture", name, "-o", file, "--when", "n > 2", "--count", 1, *args,
                        says=f"a time field, for {expected} by time, found neither; create the arena with --time, "
                             f"name its time field{remedy}\n")

    def test_what_cannot_be(self):
        name = self.ring()
        self.expect(USAGE, "capture", name, "-o", "-", "--format", "csv", says="expected the name of a file")
        self.expect(USAGE, "capture", name, "-o", self.directory() / "x.csv", "--when", "nn > 1", says="'nn'")
        self.expect(USAGE, "capture", name, "-o", "x.csv", "--before", "many", says="a number of values")
        self.expect(FAILED, "capture", name, "-o", self.directory() / "no" / "x.csv", says="make the directory")
        plain = self.create(fields=FIELDS)
        self.expect(USAGE, "capture", plain, "-o", self.directory() / "x.csv",
                    says="give a number of values: --before 1000")
        self.assertFalse((SHM / "x.csv").exists())


if __name__ == "__main__":
    unittest.main()
