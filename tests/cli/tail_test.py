"""tail without -f: which values are printed, and how."""

import csv
import io
import json
import os
import unittest

from arena_cli import FAILED, INCOMPATIBLE, LOST, OK, SHM, USAGE, CliTest


class TailTest(CliTest):
    def seqs(self, *args, code=OK):
        """The seqs that are printed."""
        lines = self.expect(code, "tail", *args, "--format", "ndjson").stdout.splitlines()
        return [json.loads(line)["_seq"] for line in lines]

    def test_prints_the_last_ten_or_as_many_as_asked_for(self):
        name = self.create_filled(20, slots=16)
        self.assertEqual(self.seqs(name), list(range(10, 20)))
        self.assertEqual(self.seqs(name, "-n", 3), [17, 18, 19])
        self.assertEqual(self.seqs(name, "-n", 0), [])
        self.assertEqual(self.seqs(name, "-n", 100), list(range(4, 20)))
        self.assertEqual(self.seqs(self.create()), [])

    def test_begins_and_ends_where_asked_to(self):
        name = self.create_filled(20, slots=16)
        self.assertEqual(self.seqs(name, "--from", "oldest"), list(range(4, 20)))
        self.assertEqual(self.seqs(name, "--from", "oldest", "-n", 2), [4, 5])
        self.assertEqual(self.seqs(name, "--from", "newest"), [])
        self.assertEqual(self.seqs(name, "--from", 17), [17, 18, 19])
        self.assertEqual(self.seqs(name, "--from", 5, "--until", 7), [5, 6, 7])
        self.assertEqual(self.seqs(name, "--until", 12), list(range(4, 13)))
        self.assertEqual(self.seqs(name, "--until", 12, "-n", 3), [10, 11, 12])
        self.assertEqual(self.seqs(name, "--from", 20), [])
        self.assertEqual(self.seqs(name, "--from", 5, "--until", 2**64 - 1), list(range(5, 20)))

    def test_values_that_are_gone_are_reported(self):
        name = self.create_filled(20)
        done = self.expect(LOST, "tail", name, "--from", 0, "--format", "csv")
        self.assertEqual(done.stderr, "gap: 0..11 (12 overwritten)\narena-shm: read 8 values, lost 12 in 1 gap\n")
        self.assertEqual(len(done.stdout.splitlines()), 1 + 8)

    def test_values_beyond_the_end_are_not_lost(self):
        name = self.create_filled(20)
        done = self.expect(LOST, "tail", name, "--from", 2, "--until", 4, "--format", "csv")
        self.assertEqual(done.stdout, "_seq,ts,px,sym\n")
        self.assertIn("gap: 2..4 (3 overwritten)", done.stderr)

    def test_gaps_may_stand_between_the_values(self):
        name = self.create_filled(20)
        done = self.expect(LOST, "tail", name, "--from", 10, "--gaps", "inline", "--format", "ndjson")
        self.assertEqual(
            json.loads(done.stdout.splitlines()[0]),
            {"_gap": {"first": 10, "last": 11, "count": 2, "cause": "overwritten"}},
        )
        self.assertNotIn("gap:", done.stderr)
        done = self.expect(LOST, "tail", name, "--from", 10, "--gaps", "inline", "--format", "csv")
        self.assertEqual(done.stdout.splitlines()[:2], ["_seq,ts,px,sym", "# gap: 10..11 (2 overwritten)"])

    def test_every_kth_by_its_number(self):
        name = self.create_filled(20, slots=16)
        self.assertEqual(self.seqs(name, "--from", "oldest", "--every", 5), [5, 10, 15])
        self.expect(USAGE, "tail", name, "--every", 0)
        self.assertEqual(self.seqs(name, "-n", 2, "--every", 2), [16, 18])
        self.assertEqual(self.seqs(name, "--every", 7), [7, 14])
        self.assertEqual(self.seqs(name, "--until", 15, "-n", 2, "--every", 5), [10, 15])

    def test_where_there_is_nothing_it_says_so(self):
        name, empty = self.create_filled(20), self.create()
        for args, says in [
            ([name, "--from", 999999], "the newest value is 19; value 999999 has not been written yet; use -f to wait for values"),
            ([name, "--until", 3], "the oldest value is 12; the values up to 3 have been overwritten"),
            ([name, "--from", 15, "--until", 13], "there are no values from 15 to 13"),
            ([name, "--until", 50], "the newest value is 19; value 50 has not been written yet"),
            ([empty], "the arena holds no values yet; use -f to wait for values"),
        ]:
            with self.subTest(args=args):
                self.expect(OK, "tail", *args, says=f"arena-shm: '{args[0]}': {says}")
        self.assertEqual(self.expect(OK, "tail", name, "-n", 0).stderr, "")

    def test_long_records_without_schema_are_cut(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 2, "--size", "1M")
        self.expect(OK, "write", name, "--format", "raw", stdin=b"x" * 2**20)
        done = self.expect(OK, "tail", name, says="1024 of 1048576 bytes of each record are shown; --whole shows all")
        self.assertEqual(len(done.stdout.splitlines()), 1 + 64 + 1)
        self.assertTrue(done.stdout.endswith("  000400  ... 1047552 more bytes\n"))
        whole = self.expect(OK, "tail", name, "--whole")
        self.assertEqual(len(whole.stdout.splitlines()), 1 + 65536)
        self.assertNotIn("--whole", whole.stderr)

    def test_parts_of_fields(self):
        name = self.create(fields="u64 ts, f32[2][3] m, f32[4] quat")
        self.expect(OK, "write", name, "--format", "ndjson",
                    stdin='{"ts":7,"m":[[0,1,2],[3,4,5]],"quat":[6,7,8,9]}\n')
        for fields, expected in [
            ("ts, quat[0]", {"ts": 7, "quat[0]": 6}),
            (" quat[3] ,_seq", {"quat[3]": 9}),
            ("m[1]", {"m[1]": [3, 4, 5]}),
            ("m[1][2]", {"m[1][2]": 5}),
        ]:
            with self.subTest(fields=fields):
                (found,) = self.objects("tail", name, "--fields", fields)
                self.assertEqual(found, {"_seq": 0} | expected)
        for fields in ["quat[4]", "quat[", "quat[x]", "quat[0][0]", "m[2]", "ts[0]", "quat[0]x", "ts,ts", "qua"]:
            with self.subTest(fields=fields):
                self.expect(USAGE, "tail", name, "--fields", fields)
        structs = self.create(fields="u64 ts, f64 px")
        self.expect(USAGE, "tail", structs, "--fields", "p", says="some of ts, px")

    def test_a_cursor_file_goes_on_where_the_run_before_ended(self):
        name = self.create_filled(5, slots=16)
        cursor = self.directory() / "cursor"
        self.assertEqual(self.seqs(name, "--cursor-file", cursor, "-n", 3), [2, 3, 4])
        self.assertEqual(self.seqs(name, "--cursor-file", cursor), [])
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + "1,1,A\n" * 3)
        self.assertEqual(self.seqs(name, "--cursor-file", cursor, "-n", 2), [5, 6])
        self.assertEqual(self.seqs(name, "--cursor-file", cursor), [7])
        self.assertEqual(cursor.read_text().split()[1], "8")
        # What was overwritten in between is lost, though nothing has been read before.
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + "1,1,A\n" * 20)
        done = self.expect(LOST, "tail", name, "--cursor-file", cursor, "--format", "csv")
        self.assertIn("gap: 8..11 (4 overwritten)", done.stderr)
        self.assertEqual([path.name for path in cursor.parent.iterdir()], ["cursor"])

    def test_a_cursor_of_another_arena_is_not_used(self):
        name = self.create_filled(5)
        cursor = self.directory() / "cursor"
        cursor.write_text("0" * 32 + " 3\n")
        done = self.expect(OK, "tail", name, "--cursor-file", cursor, "--format", "csv", says="belongs to another arena")
        self.assertEqual(len(done.stdout.splitlines()), 1 + 5)
        cursor.write_text("nonsense")
        self.expect(USAGE, "tail", name, "--cursor-file", cursor, says="expected one line")
        self.expect(FAILED, "tail", name, "--cursor-file", cursor / "x", says=str(cursor))
        self.expect(USAGE, "tail", name, "--cursor-file", cursor, "--from", 3, says="--from")

    def create_noted(self):
        text = (
            '{"names":["ts","id","px"],"formats":["<i8","<u8","<f8"],"offsets":[0,8,16],"itemsize":24,'
            '"metadata":{"fields":{"ts":{"unit":"us"}},"time":"ts"}}'
        )
        path = self.directory() / "schema"
        path.write_text(text)
        name = self.name()
        self.expect(OK, "create", name, "--slots", 4, "--schema", path)
        lines = "1700000000123456,18446744073709551615,1.5\n-1,2,nan\n"
        self.expect(OK, "write", name, stdin="ts,id,px\n" + lines)
        return name

    def test_times_and_large_integers_can_be_texts(self):
        name = self.create_noted()
        done = self.expect(OK, "tail", name, "--format", "json", "--int64", "string", "--time-format", "iso")
        self.assertEqual(
            [json.loads(line) for line in done.stdout.splitlines()],
            [
                {"_seq": "0", "ts": "2023-11-14T22:13:20.123456Z", "id": "18446744073709551615", "px": 1.5},
                {"_seq": "1", "ts": "1969-12-31T23:59:59.999999Z", "id": "2", "px": None},
            ],
        )
        done = self.expect(OK, "tail", name, "--format", "csv", "--time-format", "iso", "-n", 1)
        self.assertEqual(done.stdout.splitlines()[1], "1,1969-12-31T23:59:59.999999Z,2,nan")

    def test_influx_line_protocol(self):
        name = self.create_noted()
        done = self.expect(OK, "tail", name, "--format", "influx")
        self.assertEqual(
            done.stdout,
            f"{name} seq=0i,ts=1700000000123456i,px=1.5 1700000000123456000\n{name} seq=1i,ts=-1i,id=2i -1000\n",
        )
        self.assertIn("left out 1 integer above", done.stderr)
        done = self.expect(OK, "tail", name, "--format", "influx", "--unsigned-suffix", "u", "--fields", "id")
        self.assertEqual(
            done.stdout, f"{name} seq=0u,id=18446744073709551615u 1700000000123456000\n{name} seq=1u,id=2u -1000\n"
        )
        name = self.create_filled(1)
        self.expect(OK, "write", name, stdin='ts,px,sym\n1,2,"a""b"\n')
        done = self.expect(OK, "tail", name, "--format", "influx")
        self.assertRegex(done.stdout.splitlines()[1], name + r' seq=1i,ts=1i,px=2.0,sym="a\\"b" \d{19}$')

    def test_influx_has_no_two_points_of_one_time(self):
        schema = self.directory() / "schema"
        schema.write_text(
            '{"names":["time","seq"],"formats":["<i8","<f8"],"offsets":[0,8],"itemsize":16,'
            '"metadata":{"fields":{"time":{"unit":"ms"}},"time":"time"}}'
        )
        name = self.name("#x,y=\\")
        self.expect(OK, "create", name, "--slots", 16, "--schema", schema)
        times = [5, 5, 3, 5, 4, 3]
        self.expect(OK, "write", name, stdin="time,seq\n" + "".join(f"{time},1.5\n" for time in times))
        whole = self.expect(OK, "tail", name, "--format", "influx").stdout.splitlines()
        measurement = name.replace(",", "\\,").replace("\\\\", "%5C").replace("y=\\", "y=%5C")
        nanoseconds = [5000000, 5000001, 3000000, 5000002, 4000000, 3000001]
        self.assertEqual(
            whole,
            [f"{measurement} seq_={i}i,time_={t}i,seq=1.5 {ns}" for i, (t, ns) in enumerate(zip(times, nanoseconds))],
        )
        # One that begins later goes on, and does not write over what an earlier one has written.
        rest = self.expect(OK, "tail", name, "--format", "influx", "-n", 3).stdout.splitlines()
        self.assertEqual(rest, whole[3:])
        name = self.create_filled(100, slots=128)
        lines = self.expect(OK, "tail", name, "--format", "influx", "-n", 100).stdout.splitlines()
        self.assertEqual(len({line.split()[-1] for line in lines}), 100)

    def test_table(self):
        name = self.create_filled(11, slots=16)
        self.assertEqual(
            self.expect(OK, "tail", name, "-n", 2).stdout,
            "_seq  ts   px  sym\n   9   9  4.5  S9\n  10  10  5.0  S0\n",
        )

    def test_ndjson_and_csv_are_exact(self):
        name = self.create(fields="u64 big, i64 low, f64 f, f32 g, bool b, s8 text, i16[2] a", slots=4)
        value = {
            "big": 2**64 - 1,
            "low": -(2**63),
            "f": 0.1,
            "g": 1.5,
            "b": True,
            "text": 'a,"\né',
            "a": [-1, 2],
        }
        self.expect(OK, "write", name, stdin=json.dumps(value) + "\n")
        done = self.expect(OK, "tail", name, "--format", "ndjson")
        self.assertEqual(json.loads(done.stdout), {"_seq": 0} | value)
        self.assertIn('"big":18446744073709551615,', done.stdout)
        rows = list(csv.reader(io.StringIO(self.expect(OK, "tail", name, "--format", "csv").stdout)))
        self.assertEqual(rows[0], ["_seq", "big", "low", "f", "g", "b", "text", "a[0]", "a[1]"])
        self.assertEqual(
            rows[1],
            ["0", "18446744073709551615", "-9223372036854775808", "0.1", "1.5", "true", 'a,"\né', "-1", "2"],
        )

    def test_fields_are_chosen_by_name(self):
        name = self.create_filled(1)
        done = self.expect(OK, "tail", name, "--fields", "sym,ts", "--format", "csv")
        self.assertEqual(done.stdout, "_seq,sym,ts\n0,S0,0\n")
        done = self.expect(OK, "tail", "--fields", "px", name, "--format", "csv")
        self.assertEqual(done.stdout, "_seq,px\n0,0.0\n")
        self.expect(USAGE, "tail", name, "--fields", "price", says="some of ts, px, sym")

    def test_without_schema_bytes_are_shown_and_it_says_so(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 2, "--size", 16)
        self.expect(OK, "write", name, "--format", "raw", stdin=bytes(range(1, 17)))
        done = self.expect(OK, "tail", name, says="no schema that can be used: records of 16 bytes, aligned to 8")
        self.assertIn("0  000000  01 02 03 04 05 06 07 08  09 0a 0b 0c 0d 0e 0f 10 |................|", done.stdout)
        done = self.expect(OK, "tail", name, "--as", "u64 a, u16[4] b", "--format", "csv")
        self.assertEqual(done.stdout.splitlines()[1], "0,578437695752307201,2569,3083,3597,4111")
        self.assertEqual(done.stderr, "")
        self.expect(INCOMPATIBLE, "tail", name, "--as", "u64 a", says="expected fields of 16 bytes in all, found 8")
        self.expect(INCOMPATIBLE, "tail", name, "--format", "csv", says="--as")
        self.expect(USAGE, "tail", name, "--as", "u65 a", says="column 1")

    def test_needs_read_permission_only(self):
        name = self.create_filled(3)
        os.chmod(SHM / name, 0o444)
        done = self.expect(OK, "tail", name, "--format", "csv", **self.as_nobody())
        self.assertEqual(len(done.stdout.splitlines()), 1 + 3)
        os.chmod(SHM / name, 0o600)
        self.expect(FAILED, "tail", name, says="no permission", **self.as_nobody())

    def test_a_full_disk_is_an_error(self):
        name = self.create_filled(3)
        with open("/dev/full", "w", encoding="ascii") as full:
            self.expect(FAILED, "tail", name, stdout=full, says="No space left on device")

    def test_other_files_are_refused(self):
        fifo = self.name("fifo")
        os.mkfifo(SHM / fifo)
        self.expect(FAILED, "tail", fifo, says="FIFO")
        other = self.name("other")
        (SHM / other).write_bytes(b"x" * 10000)
        self.expect(FAILED, "tail", other, says="expected an arena")
        damaged = self.create()
        os.truncate(SHM / damaged, 8192)
        self.expect(FAILED, "tail", damaged, says="found 8192 bytes")


if __name__ == "__main__":
    unittest.main()
