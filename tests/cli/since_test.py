"""--since: values from some time on, in tail, record, snapshot and export."""

import datetime
import time
import unittest

from arena_cli import LOST, OK, SHM, USAGE
from laned import Laned
from segment_pokes import done
from timed import TimedTest

SLACK = 0.02  # seconds: much more than a clock is off


def iso(ns):
    moment = datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09}Z"


class SinceTest(Laned, TimedTest):
    def write(self, name, first, count):
        self.expect(OK, "write", name, stdin="n\n" + "".join(f"{n}\n" for n in range(first, first + count)))

    def pause(self):
        """Returns: a time between what was written and what will be."""
        time.sleep(SLACK)
        now = time.time_ns()
        time.sleep(SLACK)
        return iso(now)

    def numbers(self, *args, code=OK, says=""):
        lines = self.expect(code, *args, "--format", "csv", says=says).stdout.splitlines()
        return [int(line.split(",")[-1]) for line in lines[1:]]

    def test_begins_with_the_first_value_from_then_on(self):
        for kind in [[], ["--exclusive"], ["--lanes", 2]]:
            name = self.create(*kind, fields="u64 n", slots=64)
            self.write(name, 0, 5)
            since = self.pause()
            self.write(name, 5, 20)
            image = self.directory() / "t.arena"
            self.expect(OK, "snapshot", name, "-o", image)
            late = [*range(5, 25)]
            for verb in [["tail", name], ["tail", "--file", image], ["snapshot", name, "-o", "-"],
                         ["record", name, "-o", "-", "--max-duration", "100ms"]]:
                self.assertEqual(self.numbers(*verb, "--since", since), late)
                self.assertEqual(self.numbers(*verb, "--since", "1h"), [*range(25)])
                self.assertEqual(self.numbers(*verb, "--since", "1970-01-01"), [*range(25)])
                self.assertEqual(self.numbers(*verb, "--since", "2200-01-01"), [])
            self.assertEqual(self.numbers("tail", name, "--since", since, "-n", 3), late[-3:])
            if "--lanes" not in kind:
                self.assertEqual(self.numbers("tail", name, "--since", since, "--until", 9, "--every", 2), [6, 8])
            self.assertEqual(self.numbers("record", name, "-o", "-", "--since", since, "-n", 3), late[:3])
            self.expect(OK, "tail", name, "--since", "2200-01-01",
                        says="no value is from 2200-01-01T00:00:00.000000000Z or later")

    def test_each_lane_begins_with_its_own_first_value(self):
        name, writers = self.create_filled_lanes([3, 4, 2], slots=64)
        since = self.pause()
        self.write_lane(name, writers, 2, 5)
        self.write_lane(name, writers, 0, 1)
        done = self.expect(OK, "tail", name, "--since", since, "--format", "csv")
        self.assertEqual(self.values(done.stdout), [[3], [], [2, 3, 4, 5, 6]])

    def test_what_is_lost_before_then_does_not_count(self):
        name, writers = self.create_filled_lanes([3, 20], slots=8)
        self.poke_head(name, 0, 5)  # two holes
        writers[0].kill()
        writers[0].wait()
        since = self.pause()
        self.write_lane(name, writers, 1, 2)
        self.assertEqual(self.values(self.expect(OK, "tail", name, "--since", since, "--format", "csv").stdout, 2),
                         [[], [20, 21]])
        self.assertEqual(self.values(self.expect(OK, "snapshot", name, "-o", "-", "--since", since, "--format",
                                                 "csv").stdout, 2), [[], [20, 21]])
        self.expect(LOST, "tail", name, "--since", "1h", "--format", "csv", says="gap in lane 0: 6..8 (2 holes)")

    def test_export_begins_there_too(self):
        for kind in [[], ["--lanes", 2]]:
            name = self.create(*kind, fields="u64 n", slots=64)
            self.write(name, 0, 5)
            since = self.pause()
            self.write(name, 5, 20)
            directory = self.directory()
            files = [directory / f"t.{format}" for format in ["arena", "npy", "csv", "ndjson"]]
            for file in files:
                self.expect(OK, "snapshot", name, "-o", file)
            for file in [SHM / name, *files]:
                export = ["export", file, "-o", "-", "--fields", "u64 n", "--since"]
                self.assertEqual(self.numbers(*export, since, says="exported 20 values"), [*range(5, 25)], file)
                self.assertEqual(self.numbers(*export, "1h"), [*range(25)])
                self.assertEqual(self.numbers(*export, "2200-01-01"), [])

    def test_export_of_each_lane_and_of_what_is_lost(self):
        name, writers = self.create_filled_lanes([3, 20], slots=8)
        self.poke_head(name, 0, 5)  # two holes
        writers[0].kill()
        writers[0].wait()
        since = self.pause()
        self.write_lane(name, writers, 1, 2)
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        export = ["export", image, "-o", "-", "--format", "csv"]
        found = self.expect(OK, *export, "--since", since)
        self.assertEqual(self.values(found.stdout, 2), [[], [20, 21]])
        self.assertNotIn("found no value", found.stderr)
        self.expect(OK, *export, says="found no value for 2 sequence numbers")

    def test_export_of_records_that_tell_their_time(self):
        name = self.create_untimed('{"names":["ts","n"],"formats":["<i8","<i8"],"offsets":[0,8],"itemsize":16,'
                                   '"metadata":{"fields":{"ts":{"unit":"s"}},"time":"ts"}}')
        self.expect(OK, "write", name, stdin="ts,n\n5,0\n9,1\n10,2\n3,3\n")
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        self.assertEqual(self.numbers("export", image, "-o", "-", "--since", "1970-01-01T00:00:09.5Z"), [2, 3])

    def test_export_of_records_without_times_is_refused_and_leaves_no_file(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 8, "--fields", "u64 n")
        directory = self.directory()
        output = directory / "output.csv"
        for format in ["arena", "npy", "csv"]:
            file = directory / f"t.{format}"
            self.expect(OK, "snapshot", name, "-o", file)
            self.expect(USAGE, "export", file, "-o", output, "--fields", "u64 n", "--since", "1h",
                        says="expected an arena with times, or a time field" if format == "arena" else
                        "expected values with their times in a column _time_ns, found no such column")
            self.assertFalse(output.exists())

    def test_follows_until_there_is_one(self):
        name = self.create(fields="u64 n")
        self.write(name, 0, 2)
        time.sleep(SLACK)
        tail = self.start("tail", name, "-f", "--since", "0s", "--format", "csv", "-n", 2)
        self.eventually(lambda: tail.stdout.readline() == "_seq,_time_ns,n\n")
        self.write(name, 2, 2)
        out, err = tail.communicate(timeout=30)
        self.assertEqual([int(line.split(",")[-1]) for line in out.splitlines()], [2, 3], err)

    def test_goes_by_the_time_field_if_there_is_one(self):
        for unit, second, type_ in [("ns", 10**9, "<i8"), ("s", 1, "<u4"), ("ms", 1000, "<i8"), ("us", 10**6, "<u8")]:
            schema = (f'{{"names":["ts","n"],"formats":["{type_}","<i8"],"offsets":[0,8],"itemsize":16,'
                      f'"metadata":{{"fields":{{"ts":{{"unit":"{unit}"}}}},"time":"ts"}}}}')
            for make in [self.create_of_schema, self.create_untimed]:
                name = make(schema)
                rows = [(5, 0), (9, 1), (10, 2), (3, 3), (11, 4)]
                self.expect(OK, "write", name, stdin="ts,n\n" + "".join(f"{t * second},{n}\n" for t, n in rows))
                for verb in [["tail", name], ["tail", name, "--fields", "n"], ["snapshot", name, "-o", "-"]]:
                    self.assertEqual(self.numbers(*verb, "--since", "1970-01-01T00:00:09.5Z"), [2, 3, 4])
                    self.assertEqual(self.numbers(*verb, "--since", "1969-12-31"), [0, 1, 2, 3, 4])
                done = self.expect(OK, "tail", name, "--format", "hex", "--since", "1970-01-01T00:00:11Z").stdout
                self.assertEqual([line.split()[0] for line in done.splitlines()[1:]], ["4"])

    def create_untimed(self, schema):
        name = self.name()
        path = self.directory() / "schema.json"
        path.write_text(schema)
        self.expect(OK, "create", name, "--slots", 8, "--schema", path)
        return name

    def test_times_beyond_all_others_are_compared(self):
        schema = ('{{"names":["ts","n"],"formats":["{}","<i8"],"offsets":[0,8],"itemsize":16,'
                  '"metadata":{{"fields":{{"ts":{{"unit":"s"}}}},"time":"ts"}}}}')
        name = self.create_untimed(schema.format("<u8"))
        self.expect(OK, "write", name, stdin=f"ts,n\n1,0\n{2**64 - 1},1\n")
        self.assertEqual(self.numbers("tail", name, "--since", "1h"), [1])
        name = self.create_untimed(schema.format("<i8"))
        self.expect(OK, "write", name, stdin=f"ts,n\n{-2**62},0\n{2**62},1\n")
        self.assertEqual(self.numbers("tail", name, "--since", "1h"), [1])

    def test_values_without_times_are_refused(self):
        name = super().create(fields="u64 n")
        plain = self.create_untimed('{"names":["ts","n"],"formats":["<f8","<i8"],"offsets":[0,8],"itemsize":16,'
                                    '"metadata":{"time":"ts"}}')
        bare = self.name()
        self.expect(OK, "create", bare, "--slots", 8, "--fields", "u64 n")
        for one, found in [(bare, "found neither"), (plain, "found the time field 'ts' of type f64")]:
            for verb in [["tail"], ["record", "-o", self.directory() / "t.csv"], ["snapshot", "-o", "-", "--format", "csv"]]:
                done = self.expect(USAGE, verb[0], one, *verb[1:], "--since", "1h", says=found)
                self.assertIn("an arena with times, or a time field", done.stderr)
        self.expect(OK, "tail", name, "--since", "1h")

    def test_what_is_no_time_is_refused(self):
        name = self.create(fields="u64 n")
        for wrong in ["5", "yesterday", "2026-13-01", "-5s", "10:30", "9999999-01-01"]:
            for verb in [["tail", name], ["record", name, "-o", "-"], ["snapshot", name, "-o", "-"],
                         ["export", SHM / name, "-o", "-"]]:
                self.expect(USAGE, *verb, f"--since={wrong}", says="expected a time like 2026-01-31T12:34:56Z")
        for other in [["--from", "oldest"], ["--cursor-file", "c"]]:
            self.expect(USAGE, "tail", name, "--since", "1h", *other, says="--since")
        self.expect(USAGE, "record", name, "-o", "-", "--since", "1h", "--from", "oldest", says="--since")


if __name__ == "__main__":
    unittest.main()
