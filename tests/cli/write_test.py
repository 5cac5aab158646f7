"""write: values from standard input."""

import json
import os
import signal
import struct
import unittest

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, OK, SHM, TICK, USAGE, CliTest


class WriteTest(CliTest):
    def values(self, name):
        lines = self.expect(OK, "tail", name, "--from", "oldest", "--format", "ndjson").stdout.splitlines()
        return [json.loads(line) for line in lines]

    def test_csv_names_its_columns_in_any_order(self):
        name = self.create()
        done = self.expect(OK, "write", name, stdin='sym,ts,px\nES,1,2.5\n"a,b",2,-1e3\n')
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr, "arena-shm: wrote 2 values\n")
        self.assertEqual(
            self.values(name),
            [
                {"_seq": 0, "ts": 1, "px": 2.5, "sym": "ES"},
                {"_seq": 1, "ts": 2, "px": -1000.0, "sym": "a,b"},
            ],
        )

    def test_ndjson_is_told_from_csv_by_its_first_line(self):
        name = self.create()
        line = '{"ts":1,"px":null,"sym":"ES"}\n'
        self.expect(OK, "write", name, stdin=line)
        self.expect(OK, "write", name, "--format", "ndjson", stdin=line)
        self.assertEqual(len(self.values(name)), 2)
        says = "expected the columns ts,px,sym, found a line that is not a row of CSV"
        self.expect(FAILED, "write", name, "--format", "csv", stdin=line, says=says)

    def test_bad_lines_are_refused_with_number_and_column_and_the_rest_goes_in(self):
        name = self.create()
        done = self.expect(FAILED, "write", name, stdin="ts,px,sym\n1,1,A\n2,x,B\n-3,3,C\n4,4\n5,5,TOOLONG\n6,6,F\n")
        self.assertEqual([value["ts"] for value in self.values(name)], [1, 6])
        for says in [
            "refused line 3, column 2 (px): expected a number, found 'x'",
            "refused line 4, column 1 (ts): expected u64, 0 to 18446744073709551615, found '-3'",
            "refused line 5: expected 3 columns, found 2",
            "refused line 6, column 3 (sym): expected at most 4 bytes of text, found 7 bytes",
            "wrote 2 values, refused 4 lines",
        ]:
            self.assertIn(says, done.stderr)

    def test_bad_ndjson_lines_are_refused_and_the_rest_goes_in(self):
        name = self.create()
        good = '{"ts":1,"px":1,"sym":"A"}\n'
        bad = '{"ts":1}\n{"ts":\n{"ts":1.5,"px":1,"sym":"A"}\n'
        done = self.expect(FAILED, "write", name, stdin=good + bad + good)
        self.assertEqual(len(self.values(name)), 2)
        for says in [
            "refused line 2: expected all of the fields ts, px, sym, found no 'px'",
            "refused line 3, byte",
            "refused line 4, field 'ts': expected an integer, found '1.5'",
        ]:
            self.assertIn(says, done.stderr)

    def test_a_header_that_does_not_fit_stops_everything(self):
        name = self.create()
        for header, says in [
            ("ts,px", "no column 'sym'"),
            ("ts,px,sym,x", "'x'"),
            ("1,2,A", "found '1'"),
            ("ts,ts", "twice"),
        ]:
            with self.subTest(header=header):
                self.expect(FAILED, "write", name, stdin=header + "\n1,2,A\n", says=says)
        self.assertEqual(self.values(name), [])

    def test_a_line_without_end_is_refused_and_the_rest_goes_in(self):
        name = self.create()
        endless = "1,1," + "A" * (9 << 20)
        text = f"ts,px,sym\n{endless}\n2,2,B\n"
        done = self.expect(FAILED, "write", name, stdin=text, says="line 2: expected a shorter")
        self.assertIn("wrote 1 value, refused 1 line", done.stderr)
        self.assertEqual([value["ts"] for value in self.values(name)], [2])

    def test_other_spellings_of_csv_are_found_out_or_said(self):
        bom, rows = "\ufeff", [(1, 2.5, "A"), (3, 4.0, "B")]

        def text(delimiter, heading=True, end="\n", more=""):
            lines = [["ts", "px", "sym"]] * heading + [list(map(str, row)) for row in rows]
            return "".join(delimiter.join(line) + more + end for line in lines)

        everywhere = [
            *((text(delimiter), []) for delimiter in ";\t| "),
            (text(",", end="\r"), []),
            (text(";", end="\r\n"), []),
            (text(",", more=","), []),
            (text(",", heading=False, more=","), ["--header", "ts,px,sym"]),
            (text(";", heading=False), ["--header", "ts, px, sym"]),
            (text(","), ["--delimiter", "comma"]),
            (text(":"), ["--delimiter", ":"]),
            (text("\t"), ["--delimiter", "tab"]),
            ("sep=;\n" + text(";"), []),
            ("# made by\n\n#\n" + text(","), []),
            ("# " + text(" "), []),
            (text(",").replace("\n3,", "\n# ts\n3,"), []),
            ("%\n" + text(",").replace("\n3,", "\n% ts\n3,"), ["--comment", "%"]),
            (bom + text(";"), []),
            (bom + "".join(json.dumps(dict(zip(["ts", "px", "sym"], row))) + "\n" for row in rows), []),
        ]
        path = self.directory() / "t"
        for content, options in everywhere:
            with self.subTest(content=content):
                name = self.create()
                self.expect(OK, "write", name, *options, stdin=content)
                path.write_bytes(content.encode())
                self.expect(OK, "replay", path, name, "--fields", TICK, *options)
                arguments = ["export", "-", "-o", "-", "--format", "csv", "--fields", TICK, *options]
                exported = self.expect(OK, *arguments, stdin=content).stdout
                self.assertEqual(exported.splitlines()[1:], [f"{i},{','.join(map(str, r))}" for i, r in enumerate(rows)])
                self.assertEqual([(v["ts"], v["px"], v["sym"]) for v in self.values(name)], rows * 2)

    def test_spellings_that_are_not_found_out_are_refused_with_the_option(self):
        name = self.create()
        for content in ["1,2,A\n3,4,B\n", "ts:px:sym\n1:2:A\n", "% x\nts,px,sym\n1,2,A\n"]:
            self.expect(FAILED, "write", name, stdin=content, says="--header, --delimiter and --comment")
        for options in [["--delimiter", "ab"], ["--delimiter", '"'], ["--comment", ""], ["--header", "ts,,px"]]:
            self.expect(USAGE, "write", name, *options, stdin="", says=options[0])
        self.assertEqual(self.values(name), [])

    def test_a_text_may_begin_with_a_number_sign(self):
        name = self.create()
        self.expect(OK, "write", name, stdin='sym,ts,px\n#A,1,2\n"a\n#",3,4\n')
        self.assertEqual([value["sym"] for value in self.values(name)], ["#A", "a\n#"])

    def test_an_empty_input_writes_nothing(self):
        name = self.create()
        for arguments in [[], ["--format", "ndjson"], ["--format", "raw"]]:
            self.expect(OK, "write", name, *arguments, stdin="", says="wrote 0 values")

    def test_what_tail_prints_can_be_written_back(self):
        fields = "u64 a, f64 b, f32[2] c, s8 d, bool e, i8 f"
        first, second = self.create(fields=fields, slots=50), self.create(fields=fields, slots=50)
        for i in range(20):
            text = ["x", " y\n", '"', "é,"][i % 4]
            value = {"a": 2**64 - 1 - i, "b": i / 3, "c": [i, 0.1], "d": text, "e": i % 2 == 0, "f": -i}
            self.expect(OK, "write", first, stdin=json.dumps(value))
        for form in ["csv", "ndjson"]:
            text = self.expect(OK, "tail", first, "--from", "oldest", "--format", form).stdout
            self.expect(OK, "write", second, stdin=text)
        values = [value | {"_seq": 0} for value in self.values(second)]
        self.assertEqual(values[:20], [value | {"_seq": 0} for value in self.values(first)])
        self.assertEqual(values[:20], values[20:])

    def test_values_are_taken_as_other_programs_write_them(self):
        name = self.create(fields="f64 px, i32 n, bool up", slots=20)
        rows = ["+1,+1,True", "+2.5E-03,1.0,FALSE", "1E+03,1e3,yes", "0x1.8p+1,0x1f,t", "Infinity,-0,0", "-Inf,007,1.0"]
        self.expect(OK, "write", name, stdin="\n".join(["px,n,up", *rows, ""]))
        self.assertEqual(
            [(value["px"], value["n"], value["up"]) for value in self.values(name)],
            [(1, 1, True), (0.0025, 1, False), (1000, 1000, True), (3, 31, True), ("Infinity", 0, False),
             ("-Infinity", 7, True)],
        )
        for row, says in [
            ('"1,000",1,1', "a point, and no separators between thousands"),
            ("1,1.5,1", "expected an integer, found '1.5'; round it"),
            ("1,1 000,1", "no separators between thousands"),
            ("1,1,2", "expected true or false, found '2'"),
        ]:
            with self.subTest(row=row):
                self.expect(FAILED, "write", name, stdin=f"px,n,up\n{row}\n", says=says)

    def test_what_is_missing_is_nan_in_a_floating_point_field(self):
        name = self.create(slots=20)
        rows = "".join(f"{i},{cell},A\n" for i, cell in enumerate(["", "NA", "NaN", "null", "?", "n/a", "-nan"]))
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + rows)
        self.expect(OK, "write", name, "--missing", "-999,none of it,", stdin="ts,px,sym\n7,-999,A\n8,None of it,A\n9,,A\n")
        self.assertEqual([value["px"] for value in self.values(name)], [None] * 10)
        self.expect(FAILED, "write", name, "--missing", "-999", stdin="ts,px,sym\n1,NA,A\n", says="expected a number")
        says = "found 'NA'; an integer field cannot be empty: write a value, make the field f64, or leave the row out"
        self.expect(FAILED, "write", name, stdin="ts,px,sym\nNA,1,A\n", says=says)
        text = self.directory() / "t.csv"
        text.write_text("ts,px,sym\n1,-999,A\n2,1,B\n")
        arguments = ["--missing", "-999"]
        self.expect(OK, "export", text, "-o", text.parent / "t.ndjson", "--fields", TICK, *arguments)
        self.assertIn('"px":null', (text.parent / "t.ndjson").read_text())
        copy = self.create()
        self.expect(OK, "replay", text, copy, *arguments)
        self.assertEqual([value["px"] for value in self.values(copy)], [None, 1])

    def test_infinities_come_back_from_json(self):
        fields = "f64 a, f32[2] b"
        name, copy = self.create(fields=fields), self.create(fields=fields)
        rows = struct.pack("<dff", float("inf"), float("-inf"), -0.0)
        self.expect(OK, "write", name, "--format", "raw", stdin=rows)
        text = self.expect(OK, "tail", name, "--format", "ndjson").stdout
        self.assertEqual(text, '{"_seq":0,"a":"Infinity","b":["-Infinity",-0.0]}\n')
        self.expect(OK, "write", copy, stdin=text)
        self.assertEqual(self.expect(OK, "tail", copy, "--format", "csv").stdout.splitlines()[1], "0,inf,-inf,-0.0")
        says = 'JSON has no such number: write null, "Infinity" or "-Infinity"'
        for bare in ["NaN", "Infinity", "-Infinity", "1e999"]:
            self.expect(FAILED, "write", copy, stdin=f'{{"a":{bare},"b":[1,2]}}\n', says=says)

    def test_times_that_tail_printed_are_taken_by_the_time_field(self):
        for unit, digits in [("s", 0), ("ms", 3), ("us", 6), ("ns", 9)]:
            schema = self.directory() / "schema.json"
            schema.write_text(json.dumps({
                "names": ["t", "n"], "formats": ["<i8", "<i8"], "offsets": [0, 8], "itemsize": 16,
                "metadata": {"time": "t", "fields": {"t": {"unit": unit}}},
            }))
            name, copy = self.name(), self.name()
            for each in [name, copy]:
                self.expect(OK, "create", each, "--slots", 16, "--schema", schema)
            times = [-(2**63), -(2**62), -1, 0, 1, 1700000000, 2**63 - 1]
            self.expect(OK, "write", name, stdin="t,n\n" + "".join(f"{time},1\n" for time in times))
            for form in ["csv", "ndjson"]:
                text = self.expect(OK, "tail", name, "--from", "oldest", "--format", form, "--time-format", "iso").stdout
                self.assertIn("1970-01-01T00:00:0", text)
                self.expect(OK, "write", copy, stdin=text)
            self.assertEqual([value["t"] for value in self.values(copy)], times * 2)
            says = f"a time in whole {unit}"
            self.expect(FAILED, "write", copy, stdin=f"t,n\n1970-01-01T00:00:00.{'0' * digits}1Z,1\n", says=says)
            says = "only the time field of the schema"
            self.expect(FAILED, "write", copy, stdin="t,n\n1,1970-01-01T00:00:00Z\n", says=says)

    def test_recordings_are_for_replay(self):
        name = self.create_filled(2)
        for form in ["npy", "arena"]:
            path = self.directory() / f"saved.{form}"
            self.expect(OK, "snapshot", name, "-o", path)
            done = self.run_tool("write", name, stdin=path.read_bytes())
            self.assertEqual(done.returncode, INCOMPATIBLE)
            self.assertIn(b"replay FILE NAME", done.stderr)

    def test_texts_that_are_no_utf8_are_told_of(self):
        name = self.create(fields="s4 a, s4 b")
        self.expect(OK, "write", name, "--format", "raw", stdin=b"\xff\xfe\0\0good")
        says = "1 text has bytes that are not UTF-8"
        for form in ["csv", "ndjson"]:
            self.expect(OK, "tail", name, "--format", form, says=says)
            self.expect(OK, "snapshot", name, "-o", self.directory() / f"s.{form}", says=says)
        self.assertNotIn("UTF-8", self.expect(OK, "snapshot", name, "-o", self.directory() / "s.npy").stderr)

    def test_lines_go_in_as_soon_as_they_come(self):
        name = self.create()
        writer = self.start_writer(name)
        writer.stdin.write("2,2,B\n")
        writer.stdin.flush()
        self.eventually(lambda: len(self.values(name)) == 2)

    def test_signals_end_it_with_a_summary(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            name = self.create()
            writer = self.start_writer(name)
            writer.send_signal(number)
            writer.wait(timeout=30)
            self.assertEqual(writer.returncode, OK)
            self.assertEqual(writer.stderr.read(), "arena-shm: wrote 1 value\n")
            self.assertIn(" left ", self.expect(OK, "seats", name).stdout)

    def test_rate_spreads_the_values_out(self):
        for rate in [0.01, 1e-300]:  # the latter is a longer step than a clock can count
            name = self.create()
            writer = self.start("write", name, "--rate", rate)
            writer.stdin.write("ts,px,sym\n1,1,A\n2,2,B\n")
            writer.stdin.flush()
            self.eventually(lambda: "alive" in self.expect(OK, "seats", name).stdout)
            writer.send_signal(signal.SIGINT)
            writer.wait(timeout=30)
            self.assertLessEqual(len(self.values(name)), 1)
        self.expect(OK, "write", name, "--rate", 1e6, stdin="ts,px,sym\n" + "1,1,A\n" * 50, says="wrote 50 values")

    def test_arenas_without_schema_need_one_on_the_command_line(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 4, "--size", 24)
        text = "ts,px,sym\n1,2.5,ES\n"
        self.expect(INCOMPATIBLE, "write", name, stdin=text, says="--as")
        self.expect(OK, "write", name, "--as", TICK, stdin=text)
        done = self.expect(OK, "tail", name, "--as", TICK, "--format", "csv")
        self.assertEqual(done.stdout, "_seq,ts,px,sym\n0,1,2.5,ES\n")

    def test_needs_write_permission(self):
        name = self.create("--mode", "0444")
        self.expect(FAILED, "write", name, stdin="ts,px,sym\n", says="no permission", **self.as_nobody())
        os.unlink(SHM / name)
        self.expect(ABSENT, "write", name, stdin="ts,px,sym\n")


if __name__ == "__main__":
    unittest.main()
