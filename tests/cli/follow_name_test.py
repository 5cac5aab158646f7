"""tail -F: following a name, whatever arena has it."""

import json
import re
import signal
import unittest

from arena_cli import ABSENT, INCOMPATIBLE, LOST, OK, SHM, USAGE
from following import RESTARTED, FollowName
from timed import TimedTest


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

    def make_of(self, name, fields, time=""):
        """With metadata of its fields."""
        path = self.directory() / "schema.json"
        metadata = {"fields": fields} | ({"time": time} if time else {})
        path.write_text(json.dumps({"names": ["n", "side"], "formats": ["<u8", "u1"], "offsets": [0, 8],
                                    "itemsize": 16, "metadata": metadata}))
        self.expect(OK, "create", name, "--slots", 16, "--schema", path)
        self.addCleanup((SHM / name).unlink, missing_ok=True)
        self.expect(OK, "write", name, stdin="n,side\n1,1\n")

    def test_values_that_mean_something_else_are_refused(self):
        named = {"side": {"enum": {"buy": 0, "sell": 1}}}
        for before, now, said in [
                ([named], [{"side": {"enum": {"bid": 0, "ask": 1}}}], "found 'bid' as 0 in field 'side'"),
                ([{"n": {"unit": "ns"}}, "n"], [{"n": {"unit": "s"}}, "n"], "found field 'n' in s"),
                ([{}, "n"], [{}], "found records without a time field")]:
            for verb in [["tail", "-F"], ["latest", "-f", "--by", "side"], ["record", "-o", self.directory() / "x.arrows"],
                         ["record", "-o", self.directory() / "x.csv"]]:
                with self.subTest(said=said, verb=verb[0]):
                    name = self.name()
                    self.make_of(name, *before)
                    run = self.start(verb[0], name, *verb[1:], *(["--from", "oldest"] if verb[0] != "latest" else []))
                    self.eventually(lambda: run.poll() is not None or self.has_begun(run, name))
                    self.expect(OK, "rm", name)
                    self.make_of(name, *now)
                    _, err = run.communicate(timeout=30)
                    self.assertEqual(run.returncode, INCOMPATIBLE, err)
                    self.assertIn(said, err)

    def test_names_that_are_added_are_no_other_meaning(self):
        name = self.name()
        self.make_of(name, {"side": {"enum": {"buy": 0, "sell": 1}}})
        tail = self.follow(name, "--from", "oldest")
        self.assertEqual(json.loads(tail.stdout.readline())["side"], "sell")
        self.expect(OK, "rm", name)
        self.make_of(name, {"side": {"enum": {"buy": 0, "sell": 1, "short": 2}}})
        self.assertEqual(json.loads(tail.stdout.readline())["side"], "sell")
        self.stop(tail)

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


if __name__ == "__main__":
    unittest.main()
