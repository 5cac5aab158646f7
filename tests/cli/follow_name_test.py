"""tail -F: following a name, whatever arena has it."""

import json
import re
import signal
import unittest

from arena_cli import ABSENT, INCOMPATIBLE, LOST, OK, SHM, USAGE
from timed import TimedTest

FIELDS = "u64 n"
RESTARTED = r"^(?:arena-shm: )?restarted: arena '{name}' was created anew at (\S+Z), epoch (\w{{32}}); the one before had (\w{{32}})$"


class FollowName:
    def epoch(self, name):
        return json.loads(self.expect(OK, "inspect", name, "--format", "json").stdout)["epoch"]

    def make(self, name, *args, fields=FIELDS, slots=64):
        self.expect(OK, "create", name, "--slots", slots, "--fields", fields, *args)
        self.addCleanup((SHM / name).unlink, missing_ok=True)
        return name

    def make_anew(self, name, *args, **kwargs):
        self.expect(OK, "rm", name)
        return self.make(name, *args, **kwargs)

    def write(self, name, *numbers):
        self.expect(OK, "write", name, stdin="n\n" + "".join(f"{n}\n" for n in numbers))

    def says(self, text):
        self.eventually(lambda: text in self.notes.read_text())

    def stop(self, run, code=OK):
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=30)
        self.assertEqual(run.returncode, code, self.notes.read_text())
        return out


class FollowNameTest(FollowName, TimedTest):
    def follow(self, name, *args):
        """Returns: the run, whose notes are in a file."""
        self.notes = self.directory() / "notes"
        with self.notes.open("w") as notes:
            return self.start("tail", name, "-F", "--format", "ndjson", *args, stderr=notes)

    def next(self, tail, count):
        return [json.loads(tail.stdout.readline())["n"] for _ in range(count)]

    def test_waits_for_an_arena_that_is_not_there_yet(self):
        name = self.name()
        for args in [[], ["--from", "newest"], ["-n", 1], ["--from", "oldest"]]:
            tail = self.follow(name, *args)
            self.says(f"waiting for an arena '{name}'\n")
            self.make(name)
            self.write(name, *range(20))
            self.assertEqual(self.next(tail, 20), [*range(20)], args)
            self.assertEqual(self.stop(tail), "")
            self.assertIn("read 20 values\n", self.notes.read_text())
            self.expect(OK, "rm", name)

    def test_ends_while_it_waits(self):
        tail = self.follow(self.name())
        self.says("waiting for")
        self.assertEqual(self.stop(tail), "")

    def test_goes_on_with_what_takes_its_place(self):
        name = self.make(self.name())
        self.write(name, *range(12))
        tail = self.follow(name)
        self.assertEqual(self.next(tail, 10), [*range(2, 12)])
        for round_ in range(3):
            self.expect(OK, "rm", name)
            self.eventually(lambda: self.notes.read_text().count("was removed; waiting for a new one\n") == round_ + 1)
            self.make(name)
            self.write(name, *range(100, 115))
            self.assertEqual(self.next(tail, 15), [*range(100, 115)])
            told = re.findall(RESTARTED.format(name=name), self.notes.read_text(), re.M)
            self.assertEqual(len(told), round_ + 1)
            self.assertEqual(told[-1][1], self.epoch(name))
            self.assertNotEqual(told[-1][2], told[-1][1])
            if round_ > 0:
                self.assertEqual(told[-1][2], told[-2][1])
                self.assertLess(told[-2][0], told[-1][0])
        self.stop(tail)
        self.assertIn("read 55 values of 4 arenas\n", self.notes.read_text())

    def test_restarts_may_stand_among_the_values(self):
        for form, first in [("ndjson", '{"_seq":0,"n":1}\n'), ("csv", "0,1\n")]:
            name = self.make(self.name())
            self.write(name, 1)
            tail = self.start("tail", name, "-F", "--gaps", "inline", "--format", form)
            while (line := tail.stdout.readline()) != first:
                self.assertEqual(line, "_seq,n\n")
            before = self.epoch(name)
            self.make_anew(name)
            self.write(name, 2)
            restart = tail.stdout.readline()
            if form == "ndjson":
                found = json.loads(restart)["_restart"]
                self.assertEqual((found["epoch"], found["before"]), (self.epoch(name), before))
                self.assertEqual(found["time_ns"], json.loads(
                    self.expect(OK, "inspect", name, "--format", "json").stdout)["created_ns"])
                copy = self.make(self.name())
                self.expect(OK, "write", copy, "--format", "ndjson", stdin=restart + first, says="wrote 1 value")
            else:
                self.assertRegex(restart.removeprefix("# "), RESTARTED.format(name=name))
            self.assertIn("2", tail.stdout.readline())

    def test_waits_only_for_the_first_one_if_asked_to(self):
        name = self.name()
        self.expect(ABSENT, "tail", name, says="wait for it with --wait")
        self.notes = self.directory() / "notes"
        with self.notes.open("w") as notes:
            tail = self.start("tail", name, "--wait", "-f", "--format", "ndjson", stderr=notes)
        self.says(f"waiting for an arena '{name}'\n")
        self.make(name)
        self.write(name, 1)
        self.assertEqual(self.next(tail, 1), [1])
        self.expect(OK, "rm", name)
        self.says("still following the old arena; -F goes on with the new one\n")
        self.stop(tail)

    def test_begins_where_asked_to_in_the_first_one_only(self):
        for args, first in [(["-n", 2], [3, 4]), (["-n", 0], []), (["--from", "newest"], []), (["--from", 3], [3, 4]),
                            (["--from", "oldest"], [*range(5)])]:
            name = self.make(self.name())
            self.write(name, *range(5))
            tail = self.follow(name, *args)
            self.assertEqual(self.next(tail, len(first)), first, args)
            self.eventually(lambda: self.notes.read_text() == "")
            if not first:  # nothing else tells that it has begun
                self.write(name, 5)
                self.eventually(lambda: self.has_begun(tail, name))
            self.make_anew(name)
            self.write(name, 7, 8)
            found = []
            while found[-2:] != [7, 8]:
                found += self.next(tail, 1)
            self.assertEqual(set(found) - {5, 6}, {7, 8}, args)
            self.stop(tail)

    def has_begun(self, tail, name):
        with open(f"/proc/{tail.pid}/maps") as maps:
            return name in maps.read()

    def test_ends_after_as_many_as_were_asked_for(self):
        name = self.make(self.name())
        self.write(name, 1, 2)
        tail = self.follow(name, "--from", "oldest", "-n", 5)
        self.assertEqual(self.next(tail, 2), [1, 2])
        self.make_anew(name)
        self.write(name, 3, 4, 5, 6)
        out, _ = tail.communicate(timeout=30)
        self.assertEqual([json.loads(line)["n"] for line in out.splitlines()], [3, 4, 5])
        self.assertEqual(tail.returncode, OK)

    def test_what_is_still_written_to_the_old_one_is_printed(self):
        name = self.make(self.name())
        writer = self.start("write", name)
        writer.stdin.write("n\n1\n")
        writer.stdin.flush()
        tail = self.follow(name)
        self.assertEqual(self.next(tail, 1), [1])
        self.make_anew(name)
        self.write(name, 10)
        self.assertEqual(self.next(tail, 1), [10])
        writer.stdin.write("2\n")
        writer.stdin.flush()
        self.assertEqual(self.next(tail, 1), [2])
        writer.communicate()
        self.write(name, 11)
        self.assertEqual(self.next(tail, 1), [11])
        self.stop(tail)

    def test_other_records_end_it_and_both_are_named(self):
        for fields, expected, found in [("u32 n, 4x", "with n <u8 at 0", "with n <u4 at 0"),
                                        ("u64 n, u64 m", "8 bytes", "16 bytes, aligned to 8, with m <u8 at 8")]:
            name = self.make(self.name())
            self.write(name, 1)
            tail = self.follow(name)
            self.assertEqual(self.next(tail, 1), [1])
            self.make_anew(name, fields=fields)
            out, _ = tail.communicate(timeout=30)
            self.assertEqual((out, tail.returncode), ("", INCOMPATIBLE))
            notes = self.notes.read_text()
            said = notes.partition("cannot go on with the new")[2]
            self.assertIn(expected, said.partition("found")[0])
            self.assertIn(found, said.partition("found")[2])
            self.assertIn("read 1 value\n", notes)

    def test_lanes_and_times_may_be_others(self):
        name = self.make(self.name(), "--lanes", 3)
        self.write(name, 1)
        tail = self.follow(name)
        self.assertEqual(self.next(tail, 1), [1])
        self.make_anew(name, "--time", "--lanes", 2)
        self.write(name, 2, 3)
        line = json.loads(tail.stdout.readline())
        self.assertEqual([*line], ["_seq", "n"])
        self.assertEqual([line["n"], *self.next(tail, 1)], [2, 3])
        self.stop(tail)
        self.assertNotIn("order", self.notes.read_text())

    def test_times_are_printed_of_each(self):
        name = self.make(self.name(), "--time", "--lanes", 2)
        self.write(name, 1)
        tail = self.follow(name, "--since", "1h")
        times = [json.loads(tail.stdout.readline())["_time_ns"]]
        self.make_anew(name, "--time", "--exclusive")
        self.write(name, 2)
        times.append(json.loads(tail.stdout.readline())["_time_ns"])
        self.assertLess(times[0], times[1])
        self.make_anew(name)
        out, _ = tail.communicate(timeout=30)
        self.assertEqual((out, tail.returncode), ("", INCOMPATIBLE))
        self.assertIn("expected an arena with times, as the one before, found one without", self.notes.read_text())

    def test_what_is_lost_of_a_new_one_is_told(self):
        name = self.make(self.name())
        self.write(name, 1)
        tail = self.follow(name)
        self.assertEqual(self.next(tail, 1), [1])
        tail.send_signal(signal.SIGSTOP)
        self.make_anew(name, slots=4)
        self.write(name, *range(10, 20))
        tail.send_signal(signal.SIGCONT)
        self.assertEqual(self.next(tail, 4), [16, 17, 18, 19])
        self.stop(tail, LOST)
        self.assertIn("gap: 0..5 (6 overwritten)\n", self.notes.read_text())

    def test_csv_has_one_heading(self):
        name = self.make(self.name())
        self.write(name, 1)
        tail = self.start("tail", name, "-F", "--format", "csv")
        self.assertEqual([tail.stdout.readline() for _ in range(2)], ["_seq,n\n", "0,1\n"])
        self.make_anew(name)
        self.write(name, 2)
        self.assertEqual(tail.stdout.readline(), "0,2\n")

    def test_what_belongs_to_one_arena_only_is_refused(self):
        name = self.make(self.name())
        for args in [["--until", 5], ["--cursor-file", "c"]]:
            self.expect(USAGE, "tail", name, "-F", *args, says="--follow-name")
        self.expect(USAGE, "tail", "--file", "x.arena", "-F", says="a saved segment, which gets no new values; leave out -F")
        self.expect(USAGE, "tail", "-F", says="expected the name of an arena")


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
