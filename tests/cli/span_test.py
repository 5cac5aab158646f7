"""--until with a time, and --last: values of some span of time, in tail, record, snapshot, export and replay."""

import time
import unittest

from arena_cli import OK, SHM, USAGE
from since_test import SLACK, iso
from timed import TimedTest

SCHEMA = ('{"names":["ts","n"],"formats":["<i8","<i8"],"offsets":[0,8],"itemsize":16,'
          '"metadata":{"fields":{"ts":{"unit":"s"}},"time":"ts"}}')

OUT_OF_ORDER = [1000, 2000, 9000, 3000, 4000, 9500]


class SpanTest(TimedTest):
    def write(self, name, first, count):
        self.expect(OK, "write", name, stdin="n\n" + "".join(f"{n}\n" for n in range(first, first + count)))

    def pause(self):
        """Returns: a time between what was written and what will be."""
        time.sleep(SLACK)
        now = time.time_ns()
        time.sleep(SLACK)
        return now

    def numbers(self, *args, code=OK, says=""):
        lines = self.expect(code, *args, "--format", "csv", says=says).stdout.splitlines()
        return [int(line.split(",")[-1]) for line in lines[1:]]

    def three_parts(self, *kind):
        name = self.create(*kind, fields="u64 n", slots=64)
        self.write(name, 0, 5)
        begin = self.pause()
        self.write(name, 5, 5)
        end = self.pause()
        self.write(name, 10, 5)
        return name, begin, end

    def test_what_is_later_is_left_out(self):
        for kind in [[], ["--lanes", 2]]:
            name, begin, end = self.three_parts(*kind)
            files = [self.directory() / f"t.{format}" for format in ["arena", "npy", "csv", "ndjson"]]
            for file in files:
                self.expect(OK, "snapshot", name, "-o", file)
            verbs = [["tail", name], ["tail", "--file", files[0]], ["snapshot", name, "-o", "-"],
                     ["record", name, "-o", "-", "--max-duration", "1h"]]
            verbs += [["export", file, "-o", "-", "--fields", "u64 n"] for file in files]
            for verb in verbs:
                with self.subTest(verb=verb, kind=kind):
                    self.assertEqual(self.numbers(*verb, "--until", iso(end)), [*range(10)])
                    self.assertEqual(self.numbers(*verb, "--since", iso(begin), "--until", iso(end)), [*range(5, 10)])
                    self.assertEqual(self.numbers(*verb, "--until", "1970-01-01"), [])
            self.assertEqual(self.numbers("tail", name, "--until", "30m"), [])  # ago, as everywhere
            self.expect(OK, "tail", name, "--since", iso(begin), "--until", iso(begin + 1),
                        says=f"no value is from {iso(begin)} to {iso(begin + 1)}")

    def test_a_number_of_values_is_of_the_newest_in_the_span(self):
        name, begin, end = self.three_parts()
        other = self.create(fields="u64 n", slots=64)
        self.write(other, 90, 1)
        self.assertEqual(self.numbers("tail", name, "--from", 3, "--until", iso(end), "-n", 4), [3, 4, 5, 6])
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        for verb in [["tail", name], ["tail", "--file", image]]:
            self.assertEqual(self.numbers(*verb, "-n", 2, "--since", iso(begin)), [13, 14])
            self.assertEqual(self.numbers(*verb, "-n", 2, "--last", "1h"), [13, 14])
            self.assertEqual(self.numbers(*verb, "-n", 2, "--until", iso(end)), [8, 9])
        self.assertEqual(self.numbers("tail", name, other, "-n", 2, "--since", iso(begin)), [14, 90])
        self.assertEqual(self.numbers("tail", name, other, "-n", 2, "--until", iso(end)), [8, 9])
        for follow in ["-f", "-F"]:
            self.assertEqual(self.numbers("tail", name, follow, "-n", 2, "--since", iso(begin)), [5, 6])
            self.assertEqual(self.numbers("tail", name, name + "x*", follow, "-n", 2, "--since", iso(begin)), [5, 6])
        self.assertEqual(len(self.numbers("tail", name, "--until", "1K", "-n", 20)), 15)

    def test_what_is_later_is_left_out_wherever_it_stands(self):
        names = [self.name() for _ in range(2)]
        for name in names:
            path = self.directory() / "schema.json"
            path.write_text(SCHEMA)
            self.expect(OK, "create", name, "--slots", 64, "--schema", path)
            self.expect(OK, "write", name, stdin="ts,n\n" + "".join(f"{t},{t}\n" for t in OUT_OF_ORDER))
        files = [self.directory() / f"t.{format}" for format in ["arena", "npy", "csv"]]
        for file in files:
            self.expect(OK, "snapshot", names[0], "-o", file)
        until = ["--until", iso(5000 * 10**9)]
        for verb in [["tail", names[0]], ["tail", "--file", files[0]], ["snapshot", names[0], "-o", "-"],
                     *(["export", file, "-o", "-", "--as", SCHEMA] for file in files)]:
            with self.subTest(verb=verb):
                self.assertEqual(self.numbers(*verb, *until), [1000, 2000, 3000, 4000])
        # In front of a value that comes late, what is later has its turn.
        self.assertEqual(sorted(self.numbers("tail", *names, *until)), sorted([1000, 2000, 3000, 4000] * 2))
        for verb in [["tail", names[0], "-f"], ["tail", names[0], "-F"], ["record", names[0], "-o", "-"]]:
            with self.subTest(verb=verb):
                self.assertEqual(self.numbers(*verb, *until), [1000, 2000])
        self.assertEqual(sorted(self.numbers("tail", *names, "-f", *until)), sorted([1000, 2000, 3000, 4000] * 2))
        for verb in ["tail", "record"]:
            help_text = " ".join(self.expect(OK, verb, "--help").stdout.split())
            self.assertIn("who follows ends at the first", help_text)

    def test_the_newest_value_is_the_last_one_everywhere_whatever_its_time_is(self):
        name = self.create_of_schema(SCHEMA)
        self.expect(OK, "write", name, stdin="ts,n\n10,0\n18,1\n100,2\n20,3\n")
        verbs = [["tail", name], ["snapshot", name, "-o", "-"]]
        for format in ["arena", "npy", "csv", "mcap", "arrows"]:
            file = self.directory() / f"t.{format}"
            self.expect(OK, "snapshot", name, "-o", file)
            verbs.append(["export", file, "-o", "-"] + (["--fields", SCHEMA] if format in ("npy", "csv") else []))
        for verb in verbs:
            with self.subTest(verb=verb):
                self.assertEqual(self.numbers(*verb, "--last", "5s"), [1, 2, 3])

    def test_a_number_is_still_a_sequence_number(self):
        name, _, _ = self.three_parts()
        self.assertEqual(self.numbers("tail", name, "--from", "oldest", "--until", 3), [0, 1, 2, 3])
        self.expect(USAGE, "tail", name, "--until", "x", says="expected a sequence number, or a time like")
        self.expect(USAGE, "record", name, "-o", "-", "--until", 3, says="expected a time like")

    def test_following_ends_then(self):
        for verb in [["tail", "-f"], ["tail", "-F"], ["record", "-o", "-"]]:
            name = self.create(fields="u64 n", slots=64)
            self.write(name, 0, 2)
            end = time.time_ns() + 10**9
            run = self.start(verb[0], name, *verb[1:], "--until", iso(end), "--format", "csv")
            self.assertEqual([run.stdout.readline() for _ in range(3)][0], "_seq,_time_ns,n\n")
            out, err = run.communicate(timeout=60)
            self.assertEqual((out, run.returncode), ("", OK), err)

    def test_the_last_so_much_is_before_the_newest_value(self):
        name = self.name()
        path = self.directory() / "schema.json"
        path.write_text(SCHEMA)
        self.expect(OK, "create", name, "--slots", 64, "--schema", path)
        self.expect(OK, "write", name, stdin="ts,n\n" + "".join(f"{t},{t}\n" for t in range(100, 120)))
        image = self.directory() / "t.arena"
        csv = self.directory() / "t.csv"
        self.expect(OK, "snapshot", name, "-o", image)
        self.expect(OK, "snapshot", name, "-o", csv)
        for verb in [["tail", name], ["tail", "--file", image], ["tail", name, "-F", "-n", 4],
                     ["snapshot", name, "-o", "-"], ["record", name, "-o", "-", "-n", 4],
                     ["export", image, "-o", "-"], ["export", csv, "-o", "-", "--as", path.read_text()]]:
            with self.subTest(verb=verb):
                self.assertEqual(self.numbers(*verb, "--last", "3s"), [*range(116, 120)])
        copy = self.name()
        self.expect(OK, "create", copy, "--slots", 64, "--schema", path)
        self.expect(OK, "replay", csv, copy, "--last", "2s", "--speed", "max", says="replayed 3 values")
        self.assertEqual(self.numbers("tail", copy), [117, 118, 119])
        self.expect(OK, "replay", image, copy, "--since", "1970-01-01T00:01:45Z", "--until", "1970-01-01T00:01:46Z",
                    "--speed", "max", says="replayed 2 values")
        self.expect(USAGE, "export", "-", "-o", "-", "--as", path.read_text(), "--last", "3s", stdin=csv.read_text(),
                    says="expected a file, which can be read twice")

    def test_lanes_have_one_newest_value(self):
        name = self.create("--lanes", 2, fields="u64 n", slots=64)
        self.write(name, 0, 3)
        time.sleep(0.3)
        self.write(name, 3, 2)
        self.assertEqual(self.numbers("tail", name, "--last", "200ms"), [3, 4])
        self.assertEqual(self.numbers("tail", name, "--last", "1h"), [*range(5)])

    def test_what_contradicts_is_refused(self):
        name = self.create(fields="u64 n")
        for args in [["--since", "1s"], ["--from", "oldest"], ["--cursor-file", "c"]]:
            self.expect(USAGE, "tail", name, "--last", "1s", *args, says="--last")
        self.expect(USAGE, "tail", name, "--last", 5, says="a time of at least 1ns")
        plain = self.name()
        self.expect(OK, "create", plain, "--slots", 8, "--fields", "u64 n")
        for option in ["--last", "--until"]:
            self.expect(USAGE, "tail", plain, option, "1s", says="expected an arena with times, or a time field")
        self.expect(USAGE, "snapshot", name, "-o", "x.arena", "--last", "1s", says="--since, --last or --until")


if __name__ == "__main__":
    unittest.main()
