"""record and stat: following a name, whatever arena has it."""

import json
import re
import signal
import unittest

from arena_cli import ABSENT, INCOMPATIBLE, LOST, OK, USAGE
from following import FIELDS, RESTARTED, FollowName
from timed import TimedTest


class RecordNameTest(FollowName, TimedTest):
    def record(self, name, path, *args):
        self.notes = self.directory() / "notes"
        with self.notes.open("w") as notes:
            return self.start("record", name, "-o", path, *args, stderr=notes)

    def rows(self, path):
        """Of .npy too; as exported."""
        text = self.expect(OK, "export", path, "-o", "-", "--format", "csv", "--fields", FIELDS).stdout
        return [tuple(map(int, line.split(","))) for line in text.splitlines()[1:]]

    def has_rows(self, path, count):
        return path.exists() and path.stat().st_size > 0 and len(self.rows(path)) >= count

    def test_records_all_arenas_of_a_name_into_one_file(self):
        for file in ["t.csv", "t.npy"]:
            name = self.name()
            path = self.directory() / file
            self.expect(ABSENT, "record", name, "-o", path, says="wait for it with --wait")
            record = self.record(name, path, "--wait")
            self.says("waiting for an arena")
            self.make(name)
            self.write(name, 1, 2)
            self.eventually(lambda: self.has_rows(path, 2))
            self.make_anew(name, "--lanes", 2)
            self.write(name, 3, 4)
            self.eventually(lambda: self.has_rows(path, 4))
            self.stop(record)
            self.assertEqual(self.rows(path), [(0, 1), (1, 2), (0, 3), (2, 4)])
            self.assertIn("recorded 4, lost 0", self.notes.read_text())
            self.assertRegex(self.notes.read_text(), re.compile(RESTARTED.format(name=name), re.M))

    def test_other_records_end_it_and_leave_a_good_file(self):
        for file in ["t.csv", "t.npy"]:
            name = self.make(self.name())
            self.write(name, 1, 2)
            path = self.directory() / file
            record = self.record(name, path)
            self.eventually(lambda: self.has_rows(path, 2))
            self.make_anew(name, fields="f64 n")
            record.communicate(timeout=30)
            notes = self.notes.read_text()
            self.assertEqual(record.returncode, INCOMPATIBLE, notes)
            self.assertIn("cannot go on with the new", notes)
            self.assertIn("with n <u8 at 0, found", notes)
            self.assertIn("recorded 2, lost 0", notes)
            self.assertNotIn("cut off", self.expect(OK, "export", path, "-o", "-", "--format", "csv", "--fields",
                                                    FIELDS).stderr)
            self.assertEqual(self.rows(path), [(0, 1), (1, 2)])

    def test_begins_and_ends_where_asked_to(self):
        name = self.make(self.name(), slots=4)
        self.write(name, *range(6))
        path = self.directory() / "t.csv"
        for args, code, expected in [(["--from", 3, "-n", 2], OK, [3, 4]), (["-n", 2], OK, [2, 3]),
                                     (["--from", 0, "-n", 1], LOST, [2])]:
            record = self.record(name, path, "--force", *args)
            record.communicate(timeout=30)
            self.assertEqual(record.returncode, code, self.notes.read_text())
            self.assertEqual([n for _, n in self.rows(path)], expected)
        absent = self.name()
        self.expect(OK, "record", name, "-F", "-o", path, "--force", "--duration", "50ms")
        self.expect(USAGE, "record", absent, "--wait", "-o", "t.xyz", says="a file that ends in .npy")
        record = self.record(absent, self.directory() / "none.csv", "-F")
        self.says("waiting for")
        self.stop(record)
        self.assertIn("recorded nothing\n", self.notes.read_text())

    def test_times_are_in_it(self):
        name = self.make(self.name(), "--time")
        self.write(name, 1)
        path = self.directory() / "t.csv"
        record = self.record(name, path, "--since", "1h", "-n", 2)
        self.eventually(lambda: self.has_rows(path, 1))
        self.make_anew(name, "--time", "--lanes", 3)
        self.write(name, 2)
        record.communicate(timeout=30)
        rows = self.rows(path)
        self.assertEqual([(row[0], row[2]) for row in rows], [(0, 1), (0, 2)])
        self.assertLess(rows[0][1], rows[1][1])

    def test_what_is_lost_from_the_newest_on_counts(self):
        name = self.make(self.name(), slots=4)
        self.write(name, *range(6))
        path = self.directory() / "t.csv"
        record = self.record(name, path, "--from", "newest", "-n", 4)
        self.eventually(lambda: path.exists())
        record.send_signal(signal.SIGSTOP)
        self.write(name, *range(6, 13))
        record.send_signal(signal.SIGCONT)
        record.communicate(timeout=30)
        self.assertEqual(record.returncode, LOST, self.notes.read_text())
        self.assertEqual([n for _, n in self.rows(path)], [9, 10, 11, 12])
        self.assertIn("gap: 6..8 (3 overwritten)\n", self.notes.read_text())


class WatchNameTest(FollowName, TimedTest):
    def watch(self, *args):
        self.notes = self.directory() / "notes"
        with self.notes.open("w") as notes:
            return self.start("stat", *args, "-i", "20ms", "--format", "ndjson", stderr=notes)

    def written(self, watch, count):
        """Reads until a line says so."""
        while (line := json.loads(watch.stdout.readline()))["written"] != count:
            self.assertIn(line["written"], [0, 1, 2, 3])
        return line

    def test_waits_and_goes_on_with_what_takes_its_place(self):
        name = self.name()
        self.expect(ABSENT, "stat", name, says="no arena of that name")
        watch = self.watch(name, "--wait")
        self.says(f"waiting for an arena '{name}'\n")
        self.make(name)
        self.write(name, 1, 2, 3)
        self.written(watch, 3)
        self.expect(OK, "rm", name)
        self.says(f"'{name}' is gone; waiting for a new one\n")
        self.make(name)
        self.write(name, 1)
        self.written(watch, 1)
        found = re.findall(RESTARTED.format(name=name), self.notes.read_text(), re.M)
        self.assertEqual([epoch for _, epoch, _ in found], [self.epoch(name)])
        self.stop(watch)

    def test_a_number_of_lines_comes_to_an_end_without_it(self):
        name = self.make(self.name())
        watch = self.watch(name, "-n", 100)
        self.written(watch, 0)
        self.expect(OK, "rm", name)
        watch.communicate(timeout=60)
        self.assertEqual(watch.returncode, ABSENT)

    def test_one_line_of_what_is_waited_for(self):
        name = self.name()
        watch = self.watch(name, "--wait", "-n", 1)
        self.says("waiting for")
        self.make(name)
        out, _ = watch.communicate(timeout=30)
        self.assertEqual((len(out.splitlines()), watch.returncode), (1, OK))


if __name__ == "__main__":
    unittest.main()
