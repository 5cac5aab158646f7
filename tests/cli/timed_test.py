"""Values with times of their own: what is printed and recorded of them, and how it is read back."""

import csv
import io
import json
import re
import time
import unittest

from arena_cli import FAILED, OK
from timed import TimedTest

try:
    import numpy as np
except ImportError:
    np = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")

WITH_TIME = ('{"names":["ts","n"],"formats":["<i8","<i8"],"offsets":[0,8],"itemsize":16,'
             '"metadata":{"fields":{"ts":{"unit":"ns"}},"time":"ts"}}')
OWN = '{"names":["_time_ns","n"],"formats":["<i8","<i8"],"offsets":[0,8],"itemsize":16}'
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"


class TimeColumnTest(TimedTest):
    def filled(self, count=3, fields="f64 px, s4 sym", **kwargs):
        name = self.create(fields=fields, **kwargs)
        self.begin = time.time_ns()
        self.expect(OK, "write", name, stdin="px,sym\n" + "".join(f"{i}.5,S{i}\n" for i in range(count)))
        self.end = time.time_ns()
        return name

    def assert_times(self, times):
        """They grow, and are those of the writing."""
        times = [int(ns) for ns in times]
        self.assertEqual(times, sorted(times))
        slack = 1_000_000  # of a clock that is steered
        self.assertGreater(times[0], self.begin - slack)
        self.assertLess(times[-1], self.end + slack)

    def assert_near(self, times, others):
        """The same times, reckoned by different runs."""
        for a, b in zip(times, others, strict=True):
            self.assertLess(abs(int(a) - int(b)), 1_000_000)

    def rows(self, text):
        return list(csv.DictReader(io.StringIO(text)))

    def test_the_time_stands_behind_the_number(self):
        name = self.filled()
        done = self.expect(OK, "tail", name, "--format", "csv").stdout
        self.assertEqual(done.splitlines()[0], "_seq,_time_ns,px,sym")
        self.assert_times(row["_time_ns"] for row in self.rows(done))
        objects = [json.loads(line) for line in self.expect(OK, "tail", name, "--format", "ndjson").stdout.splitlines()]
        self.assertEqual([*objects[0]], ["_seq", "_time_ns", "px", "sym"])
        self.assert_near([o["_time_ns"] for o in objects], [row["_time_ns"] for row in self.rows(done)])
        table = self.expect(OK, "tail", name).stdout.splitlines()
        self.assertEqual(table[0].split(), ["_seq", "_time_ns", "px", "sym"])
        self.assert_near([table[1].split()[1]], [objects[0]["_time_ns"]])
        quoted = self.expect(OK, "tail", name, "--format", "ndjson", "--int64", "string", "-n", 1).stdout
        self.assertRegex(quoted, r'"_time_ns":"\d{19}"')

    def test_it_is_printed_as_time_fields_are(self):
        name = self.filled()
        for how in ["table", "csv", "ndjson"]:
            done = self.expect(OK, "tail", name, "--format", how, "--time-format", "iso")
            self.assertEqual(len(re.findall(ISO, done.stdout)), 3, done.stdout)
            self.assertNotIn("no time field", done.stderr)

    def test_it_is_the_time_of_a_line_of_influx(self):
        name = self.filled()
        times = [row["_time_ns"] for row in self.csv_rows("tail", name)]
        lines = self.expect(OK, "tail", name, "--format", "influx").stdout.splitlines()
        self.assertEqual([line.rpartition(" ")[0] for line in lines],
                         [f'{name} seq={i}i,px={i}.5,sym="S{i}"' for i in range(3)])
        self.assert_near([line.rpartition(" ")[2] for line in lines], times)

    def test_it_stays_when_fields_are_chosen(self):
        name = self.filled()
        for fields in ["sym", "_seq,_time_ns,sym", "sym, _time_ns"]:
            done = self.expect(OK, "tail", name, "--fields", fields, "--format", "csv").stdout
            self.assertEqual(done.splitlines()[0], "_seq,_time_ns,sym")
        influx = self.expect(OK, "tail", name, "--fields", "sym", "--format", "influx", "-n", 1).stdout
        self.assertIn(' seq=2i,sym="S2" 1', influx)

    def test_records_that_say_their_time_themselves_have_no_other(self):
        name = self.create_of_schema(WITH_TIME)
        self.expect(OK, "write", name, stdin="ts,n\n7,1\n")
        self.assertEqual(self.expect(OK, "tail", name, "--format", "csv").stdout, "_seq,ts,n\n0,7,1\n")
        done = self.expect(OK, "tail", name, "--fields", "n", "--format", "csv").stdout
        self.assertEqual(done, "_seq,n\n0,1\n")
        self.assertEqual(self.expect(OK, "tail", name, "--format", "influx").stdout, f"{name} seq=0i,ts=7i,n=1i 7\n")

    def test_a_field_of_that_name_wins(self):
        name = self.create_of_schema(OWN)
        text = "_time_ns,n\n5,1\n6,2\n"
        self.expect(OK, "write", name, stdin=text)
        printed = "_seq,_time_ns,n\n0,5,1\n1,6,2\n"
        self.assertEqual(self.expect(OK, "tail", name, "--format", "csv").stdout, printed)
        self.assertEqual(self.expect(OK, "tail", name, "--fields", "_time_ns", "--format", "csv").stdout,
                         "_seq,_time_ns\n0,5\n1,6\n")
        for file in ["t.npy", "t.csv", "t.ndjson", "t.arena"]:
            path = self.directory() / file
            self.expect(OK, "snapshot", name, "-o", path)
            again = self.create_of_schema(OWN)
            self.expect(OK, "replay", path, again, "--speed", "max")
            self.assertEqual(self.expect(OK, "tail", again, "--format", "csv").stdout, printed, file)

    def test_records_without_a_schema_are_recorded_with_it(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 8, "--size", 5, "--align", 1, "--time")
        self.expect(OK, "write", name, "--format", "raw", stdin=b"abcdefghij")
        path = self.directory() / "t.npy"
        self.expect(OK, "snapshot", name, "-o", path)
        decoded = self.expect(OK, "export", path, "-o", "-", "--format", "csv", "--fields", "s5 text").stdout
        self.assertRegex(decoded, r"^_seq,_time_ns,text\n0,\d+,abcde\n1,\d+,fghij\n$")
        copy = self.name()
        self.expect(OK, "replay", path, copy, "--create", "--slots", 8)
        self.assertEqual(self.expect(OK, "tail", copy, "--as", "s5 text", "--format", "csv").stdout,
                         "_seq,text\n0,abcde\n1,fghij\n")
        self.assertIn("abcde", self.expect(OK, "tail", name).stdout)

    @needs_numpy
    def test_npy_has_it_as_a_field(self):
        name = self.filled()
        for verb in [["snapshot"], ["record", "--max-count", 3]]:
            path = self.directory() / "t.npy"
            self.expect(OK, verb[0], name, "-o", path, *verb[1:])
            rows = np.load(path)
            self.assertEqual(rows.dtype.names[:3], ("_seq", "_time_ns", "px"))
            self.assertEqual(rows.dtype["_time_ns"], np.dtype("<i8"))
            self.assert_times(rows["_time_ns"])
            self.assertEqual(rows["px"].tolist(), [0.5, 1.5, 2.5])

    def test_every_recording_is_read_back(self):
        name = self.filled()
        times = [row["_time_ns"] for row in self.csv_rows("tail", name)]
        fields = ["--fields", "f64 px, s4 sym"]
        for file in ["t.npy", "t.csv", "t.ndjson", "t.arena"]:
            with self.subTest(file=file):
                path = self.directory() / file
                self.expect(OK, "snapshot", name, "-o", path)
                first = self.expect(OK, "export", path, "-o", "-", "--format", "csv", *fields).stdout
                self.assertEqual(first.splitlines()[0], "_seq,_time_ns,px,sym")
                self.assert_near([row["_time_ns"] for row in self.rows(first)], times)
                for types in [fields] if path.suffix in [".csv", ".ndjson"] else [[], fields]:
                    for other in ["t2.csv", "t2.ndjson", "t2.npy"]:
                        to = path.with_name(other)
                        self.expect(OK, "export", path, "-o", to, "--force", *types)
                        back = self.expect(OK, "export", to, "-o", "-", "--format", "csv", *fields).stdout
                        if file != "t.arena":  # there each run reckons anew
                            self.assertEqual(back, first)
                        self.assert_near([row["_time_ns"] for row in self.rows(back)], times)
                copy = super().create(fields="f64 px, s4 sym")
                self.expect(OK, "replay", path, copy, "--speed", "max")
                made = self.name()
                self.expect(OK, "replay", path, made, "--create", "--slots", 8, *fields)
                for one in [copy, made]:
                    found = self.rows(self.expect(OK, "tail", one, "--format", "csv").stdout)
                    self.assertEqual([(r["px"], r["sym"]) for r in found], [(f"{i}.5", f"S{i}") for i in range(3)])

    def test_write_ignores_it(self):
        name = self.filled()
        for how in [["--format", "csv"], ["--format", "ndjson"], ["--format", "csv", "--time-format", "iso"],
                    ["--format", "ndjson", "--time-format", "iso"]]:
            other = self.create(fields="f64 px, s4 sym")
            text = self.expect(OK, "tail", name, *how).stdout
            self.expect(OK, "write", other, stdin=text)
            self.assertEqual([row["px"] for row in self.csv_rows("tail", other)], ["0.5", "1.5", "2.5"])
            path = self.directory() / f"t.{how[1]}"
            path.write_text(text)
            back = self.expect(OK, "export", path, "-o", "-", "--format", "csv", "--fields", "f64 px, s4 sym").stdout
            self.assert_near([row["_time_ns"] for row in self.rows(back)],
                             [row["_time_ns"] for row in self.csv_rows("tail", name)])

    def test_replay_keeps_the_pace_of_it(self):
        path = self.directory() / "t.csv"
        path.write_text("_seq,_time_ns,n\n0,1000,1\n1,7200000001000,2\n")
        name = super().create(fields="u64 n")
        done = self.expect(OK, "replay", path, name, "--max-gap", "10ms", says="instead of 2 h for the next record")
        self.assertIn("replayed 2 values, 1 wait cut short", done.stderr)
        bare = self.directory() / "t.npy"
        self.expect(OK, "export", path, "-o", bare, "--fields", "u64 n")
        self.expect(OK, "replay", bare, name, "--max-gap", "10ms", says="instead of 2 h for the next record")
        self.expect(OK, "replay", bare, name, "--max-gap", "10ms", "--time-field", "n", "--time-unit", "s",
                    says="instead of 1 s for the next record")
        self.expect(OK, "replay", bare, name, "--max-gap", "10ms", "--time-field", "_time_ns",
                    says="instead of 2 h for the next record")

    def test_replay_keeps_the_pace_of_fields_that_name_a_time(self):
        path = self.directory() / "t.csv"
        path.write_text("_seq,_time_ns,ts,n\n0,1000,0,1\n1,1000,3600000000000,2\n")
        name = self.create_of_schema(WITH_TIME)
        self.expect(OK, "replay", path, name, "--max-gap", "10ms", says="instead of 1 h for the next record")

    def test_a_saved_segment_has_the_times_of_the_arena(self):
        name = self.filled()
        path = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", path)
        live = [row["_time_ns"] for row in self.csv_rows("tail", name)]
        for args in [["tail", "--file", path, "--format", "csv"], ["export", path, "-o", "-", "--format", "csv"]]:
            self.assert_near([row["_time_ns"] for row in self.rows(self.expect(OK, *args).stdout)], live)

    def test_a_wrong_time_in_a_recording_is_refused(self):
        path = self.directory() / "t.csv"
        path.write_text("_seq,_time_ns,n\n0,x,1\n1,5,2\n")
        done = self.expect(FAILED, "export", path, "-o", "-", "--format", "csv", "--fields", "u64 n",
                           says="line 2, column 2 (_time_ns): expected")
        self.assertEqual(done.stdout, "_seq,_time_ns,n\n1,5,2\n")

    def test_every_kind_of_arena_has_it(self):
        for kind in [[], ["--exclusive"], ["--lanes", 3]]:
            name = self.create(*kind, fields="f64 px, s4 sym")
            self.expect(OK, "write", name, stdin="px,sym\n1,A\n")
            self.assertEqual([*self.csv_rows("tail", name)[0]], ["_seq", "_time_ns", "px", "sym"])


if __name__ == "__main__":
    unittest.main()
