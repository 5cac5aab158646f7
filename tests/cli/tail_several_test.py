"""tail of several arenas: their values as one sequence, by time."""

import csv
import io
import json
import pathlib
import re
import signal
import unittest

from arena_cli import ABSENT, INCOMPATIBLE, LOST, OK, SHM, USAGE
from several_rings import SeveralRings


class TailSeveralTest(SeveralRings):
    def test_values_are_merged_by_time_and_say_whose_they_are(self):
        names = self.pair()
        self.fill_by_turns(names)
        for chosen in [names, [names[0][:-1] + "*"], [*names, names[0]]]:
            lines = self.lines(*chosen)
            self.assertEqual([(line["_arena"], line["_seq"], line["n"]) for line in lines],
                             [(names[i % 2], i // 2, i) for i in range(8)])
            self.assertEqual(sorted(line["_time_ns"] for line in lines), [line["_time_ns"] for line in lines])

    def test_the_name_is_a_column_of_each_format(self):
        names = self.pair()
        self.fill_by_turns(names, 4)
        rows = list(csv.DictReader(io.StringIO(self.expect(OK, "tail", *names, "--format", "csv").stdout)))
        self.assertEqual([(row["_arena"], row["n"]) for row in rows], [(names[i % 2], str(i)) for i in range(4)])
        table = [line.split() for line in self.expect(OK, "tail", *names, "--fields", "n").stdout.splitlines()]
        self.assertEqual(table[0], ["_arena", "_seq", "_time_ns", "n"])
        self.assertEqual([(row[0], row[1], row[3]) for row in table[1:]],
                         [(names[i % 2], str(i // 2), str(i)) for i in range(4)])
        hexes = self.expect(OK, "tail", *names, "--format", "hex").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in hexes], ["_arena"] + [names[i % 2] for i in range(4)])
        influx = self.expect(OK, "tail", *names, "--format", "influx").stdout.splitlines()
        self.assertEqual([re.match(r"(\S+) seq=(\d+)i,n=(\d+)i \d{19}$", line).groups() for line in influx],
                         [(names[i % 2], str(i // 2), str(i)) for i in range(4)])

    def test_what_is_printed_is_read_again(self):
        names = self.pair()
        self.fill_by_turns(names, 6)
        for form in ["ndjson", "csv"]:
            copy = self.make(self.name())
            text = self.expect(OK, "tail", *names, "--format", form).stdout
            self.expect(OK, "write", copy, "--format", form, stdin=text, says="wrote 6 values")

    def test_the_last_so_many_are_those_of_all(self):
        names = self.pair()
        self.write(names[0], *range(40))
        self.write(names[1], 100, 101)
        self.assertEqual([line["n"] for line in self.lines(*names)], [*range(32, 40), 100, 101])
        self.assertEqual([line["n"] for line in self.lines(*names, "-n", 3)], [39, 100, 101])
        self.assertEqual([line["n"] for line in self.lines(*names, "--from", "oldest", "-n", 3)], [0, 1, 2])
        self.assertEqual(len(self.lines(*names, "--since", "1h")), 42)
        self.assertEqual([line["n"] for line in self.lines(*names, "--since", "1h", "--every", 20)], [0, 20, 100])
        self.assertEqual(self.lines(*names, "-n", 0), [])

    def test_lanes_and_other_arenas_are_merged_too(self):
        base = self.name()
        laned, plain = self.make(f"{base}.a", "--lanes", 3), self.make(f"{base}.b")
        self.fill_by_turns([laned, plain], 10)
        self.assertEqual([line["n"] for line in self.lines(f"{base}.*", "-n", 7)], [*range(3, 10)])

    def test_time_fields_count_and_late_values_are_said(self):
        schema = self.directory() / "s.json"
        schema.write_text('{"names":["ts","n"],"formats":["<i8","<i8"],"offsets":[0,8],"itemsize":16,'
                          '"metadata":{"fields":{"ts":{"unit":"ms"}},"time":"ts"}}')
        base = self.name()
        for letter, times in [("a", [1, 5, 3, 9]), ("b", [2, 4, 8])]:
            name = f"{base}.{letter}"
            self.expect(OK, "create", name, "--slots", 8, "--schema", schema)
            self.addCleanup((SHM / name).unlink, missing_ok=True)
            self.expect(OK, "write", name, stdin="ts,n\n" + "".join(f"{t},{t}\n" for t in times))
        lines = self.lines(f"{base}.*", says="1 value came late: out of order of time")
        self.assertEqual([line["n"] for line in lines], [1, 2, 4, 5, 3, 8, 9])

    def test_arenas_without_times_need_another_order(self):
        names = self.pair(time="")
        self.fill_by_turns(names, 4)
        self.expect(USAGE, "tail", *names, says="cannot merge by time the values of")
        self.assertEqual(sorted(line["n"] for line in self.lines(*names, "--order", "arrival")), [0, 1, 2, 3])

    def test_other_columns_are_refused_in_a_table_and_fine_in_ndjson(self):
        base = self.name()
        self.make(f"{base}.a", fields="u64 n, f64 px")
        self.make(f"{base}.b", fields="s8 text, u64 n")
        self.expect(OK, "write", f"{base}.a", stdin="n,px\n1,2.5\n")
        self.expect(OK, "write", f"{base}.b", stdin="text,n\nhi,2\n")
        for form in ["table", "csv"]:
            self.expect(INCOMPATIBLE, "tail", f"{base}.*", "--format", form,
                        says="expected the same columns: i64 _time_ns, u64 n, f64 px, found i64 _time_ns, s8 text, u64 n")
        lines = self.lines(f"{base}.*")
        self.assertEqual([{key for key in line if key[0] != "_"} for line in lines], [{"n", "px"}, {"text", "n"}])
        rows = self.expect(OK, "tail", f"{base}.*", "--format", "csv", "--fields", "n").stdout.splitlines()
        self.assertEqual([row.split(",")[-1] for row in rows], ["n", "1", "2"])

    def with_and_without_time_column(self):
        base = self.name()
        timed = self.make(f"{base}.a", fields="f64 px")
        schema = self.directory() / "own.json"
        schema.write_text('{"names":["ts","px"],"formats":["<i8","<f8"],"offsets":[0,8],"itemsize":16,'
                          '"metadata":{"time":"ts"}}')
        own = f"{base}.c"
        self.expect(OK, "create", own, "--slots", 8, "--schema", schema)
        self.addCleanup((SHM / own).unlink, missing_ok=True)
        self.expect(OK, "write", own, stdin="ts,px\n7,2.5\n")
        self.expect(OK, "write", timed, stdin="px\n1.5\n")
        return timed, own

    def test_a_column_of_times_that_not_all_have_can_be_chosen_away(self):
        timed, own = self.with_and_without_time_column()
        for names in [(timed, own), (own, timed)]:
            for form in ["table", "csv"]:
                text = self.expect(OK, "tail", *names, "--fields", "px", "--format", form).stdout
                rows = [re.split("[, ]+", line.strip()) for line in text.splitlines()]
                self.assertEqual(rows, [["_arena", "_seq", "px"], [own, "0", "2.5"], [timed, "0", "1.5"]])
            self.assertEqual(["_time_ns" in line for line in self.lines(*names, "--fields", "px")], [False, True])
            for form in ["table", "csv"]:
                self.expect(INCOMPATIBLE, "tail", *names, "--fields", "_time_ns,px", "--format", form,
                            says="the same columns")
        self.assertIn("_time_ns", self.expect(OK, "tail", timed, timed[:-1] + "[a]", "--fields", "px").stdout)
        tail = self.start("tail", timed[:-1] + "[ac]", "-F", "--fields", "px", "--format", "csv")
        self.assertEqual(tail.stdout.readline(), "_arena,_seq,px\n")
        self.assertEqual([tail.stdout.readline() for _ in range(2)], [f"{own},0,2.5\n", f"{timed},0,1.5\n"])
        self.stop(tail)

    def test_one_that_joins_leaves_out_a_column_of_times_that_is_not_in_the_heading(self):
        base = self.name()
        timed = f"{base}.a"
        own = self.make_of_own_times(f"{base}.b")
        self.write_times(own, 1)
        tail = self.start("tail", f"{base}.*", "-F", "--fields", "n", "--format", "csv")
        self.assertEqual([tail.stdout.readline() for _ in range(2)], ["_arena,_seq,n\n", f"{own},0,1\n"])
        self.make(timed, fields="i64 n")
        self.write(timed, 5)
        self.assertEqual(tail.stdout.readline(), f"{timed},0,5\n")
        self.stop(tail)

    def test_units_are_columns_of_a_table_only(self):
        base = self.name()
        names = [self.make_of_own_times(f"{base}.{unit}", unit) for unit in ["ms", "s"]]
        for name in names:
            self.write_times(name, 1)
        self.expect(INCOMPATIBLE, "tail", *names, says="the same columns: i64 ts [ms], i64 n, found i64 ts [s], i64 n")
        self.expect(OK, "tail", *names, "--format", "csv")
        self.expect(OK, "tail", *names, "--fields", "n")

    def test_a_filter_that_does_not_fit_one_of_them_says_which(self):
        base = self.name()
        names = [self.make(f"{base}.a"), self.make(f"{base}.b", fields="u64 n, s8 sym")]
        for chosen in [names, names[::-1]]:
            done = self.expect(USAGE, "tail", *chosen, "--where", 'sym == "ES"',
                               says=f"for the values of '{names[0]}': expected")
            self.assertIn("\n  ^^^\n", done.stderr)
        done = self.expect(USAGE, "tail", *names, "--where", "n ==", says="at the end")
        self.assertNotIn(base, done.stderr)

    def test_last_is_before_the_newest_value_of_all(self):
        base = self.name()
        names = [self.make_of_own_times(f"{base}.{letter}") for letter in "abc"]
        self.write_times(names[0], 1, 2, 3)
        self.write_times(names[1], 5, 8, 10)
        self.assertEqual([line["n"] for line in self.lines(*names, "--last", "2s")], [8, 10])
        self.assertEqual([line["n"] for line in self.lines(*names, "--last", "7s")], [3, 5, 8, 10])
        self.assertEqual([line["n"] for line in self.lines(*names, "--last", "7s", "-n", 3)], [5, 8, 10])
        self.assertEqual([line["n"] for line in self.lines(names[0], "--last", "1s")], [2, 3])
        self.assertEqual(self.lines(names[2], names[2][:-1] + "[c]", "--last", "1s"), [])
        for follow in ["-f", "-F"]:
            tail = self.start("tail", *names, follow, "--last", "2s", "--format", "ndjson")
            self.assertEqual([json.loads(tail.stdout.readline())["n"] for _ in range(2)], [8, 10])
            self.write_times(names[0], 4)
            self.assertEqual(json.loads(tail.stdout.readline())["n"], 4, "what comes is not left out")
            self.stop(tail)

    def test_lost_values_are_told_with_the_name(self):
        names = self.pair(slots=4)
        self.write(names[0], *range(6))
        self.write(names[1], 1)
        cut = self.expect(OK, "tail", *names, "--from", "oldest", "--format", "csv").stdout.splitlines()
        self.assertEqual(len(cut), 1 + 5)
        tail = self.start("tail", *names, "-f", "--from", "newest", "--format", "ndjson", "--gaps", "inline")
        self.eventually(lambda: names[0] in pathlib.Path(f"/proc/{tail.pid}/maps").read_text())
        self.write(names[1], 7)
        self.assertEqual(json.loads(tail.stdout.readline())["n"], 7)
        tail.send_signal(signal.SIGSTOP)
        self.write(names[0], *range(10, 20))
        tail.send_signal(signal.SIGCONT)
        gap = json.loads(tail.stdout.readline())
        self.assertEqual((gap["_arena"], gap["_gap"]["count"]), (names[0], 6))
        tail.send_signal(signal.SIGINT)
        out, err = tail.communicate(timeout=30)
        self.assertEqual(tail.returncode, LOST)
        self.assertIn("lost 6 in 1 gap of 2 arenas", err)

    def test_follows_all_and_a_silent_one_holds_up_nobody(self):
        names = self.pair()
        self.write(names[0], 1)
        tail = self.start("tail", *names, "-f", "--format", "ndjson")
        self.assertEqual(json.loads(tail.stdout.readline())["n"], 1)
        for n in range(2, 12):
            self.write(names[n % 2 if n < 6 else 0], n)
        self.assertEqual([json.loads(tail.stdout.readline())["n"] for _ in range(10)], [*range(2, 12)])
        tail.send_signal(signal.SIGINT)
        tail.communicate(timeout=30)
        self.assertEqual(tail.returncode, OK)

    def test_by_name_new_ones_join_and_those_made_anew_are_gone_on_with(self):
        base = self.name()
        tail = self.start("tail", f"{base}.*", "-F", "--format", "ndjson")
        first = self.make(f"{base}.a")
        self.write(first, 1)
        self.assertEqual(json.loads(tail.stdout.readline())["n"], 1)
        second = self.make(f"{base}.b")
        self.write(second, 2)
        self.assertEqual(json.loads(tail.stdout.readline())["_arena"], second)
        self.expect(OK, "rm", first)
        self.make(f"{base}.a")
        self.write(first, 3)
        found = json.loads(tail.stdout.readline())
        self.assertEqual((found["_arena"], found["_seq"], found["n"]), (first, 0, 3))
        tail.send_signal(signal.SIGINT)
        _, err = tail.communicate(timeout=30)
        self.assertIn(f"restarted: arena '{first}' was created anew at", err)

    def test_a_field_named_like_the_column_of_the_arena_is_refused(self):
        base = self.name()
        self.make(f"{base}.a", fields="u64 n, u64 _arena")
        self.make(f"{base}.b")
        for form in ["table", "csv", "ndjson"]:
            self.expect(INCOMPATIBLE, "tail", f"{base}.*", "--format", form,
                        says="expected records without a field _arena, which names the arena, found one")
        self.expect(OK, "tail", f"{base}.*", "--fields", "n")

    def test_integers_that_influx_has_no_room_for_are_said(self):
        names = self.pair()
        self.write(names[0], 1, 2**64 - 1)
        self.write(names[1], 2**63, 2)
        done = self.expect(OK, "tail", *names, "--format", "influx")
        self.assertEqual(len(re.findall(r"\bn=", done.stdout)), 2)
        self.assertEqual(done.stderr.count("left out 1 integer above 9223372036854775807"), 2)

    def test_what_is_for_one_arena_only_is_refused(self):
        names = self.pair()
        for args in [["--cursor-file", "c"], ["--from", 3], ["--until", 3]]:
            self.expect(USAGE, "tail", *names, *args, says="options that have a meaning for several arenas")
        self.expect(ABSENT, "tail", self.name() + "*", says="expected an arena whose name matches, found none")
        self.expect(ABSENT, "tail", names[0], self.name(), says="wait for it with -F")


if __name__ == "__main__":
    unittest.main()
