"""--where: the values that match, in tail, record, snapshot, export, replay and stat; and latest."""

import json
import signal
import time
import unittest

from arena_cli import LOST, OK, TICK, USAGE, INCOMPATIBLE
from lanes import RECORD, LaneTest
from lossless import LosslessTest


class WhereTest(LosslessTest):
    def numbers(self, *args, code=OK, says="", **kwargs):
        lines = self.expect(code, *args, "--format", "csv", says=says, **kwargs).stdout.splitlines()
        return [int(line.split(",")[1]) for line in lines[1:]]

    def test_tail_prints_what_matches_and_counts_only_that(self):
        name = self.create_filled(60, slots=64)
        self.assertEqual(self.numbers("tail", name, "--where", 'px > 20.5 && sym == "S3"'), [43, 53])
        self.assertEqual(self.numbers("tail", name, "--where", "ts % 2 == 0"), [*range(40, 60, 2)])
        self.assertEqual(self.numbers("tail", name, "-n", 3, "--where", "ts % 5 == 0"), [45, 50, 55])
        self.assertEqual(self.numbers("tail", name, "-n", 0, "--where", "ts % 5 == 0"), [])
        self.assertEqual(self.numbers("tail", name, "--from", "oldest", "-n", 3, "--where", "ts % 5 == 0"), [0, 5, 10])
        self.assertEqual(self.numbers("tail", name, "--from", 7, "--until", 20, "--where", "_seq % 5 == 0"),
                         [10, 15, 20])
        self.assertEqual(self.numbers("tail", name, "--where", "ts == 1000", says="none of 60 values matches"), [])

    def test_what_is_left_out_is_not_lost(self):
        name = self.create_filled(100, slots=8)
        self.assertEqual(self.numbers("tail", name, "--where", "ts == 95"), [95])
        self.assertEqual(self.numbers("tail", name, "--from", "oldest", "--where", "ts == 95"), [95])
        self.expect(LOST, "tail", name, "--from", 0, "--where", "ts == 95", says="gap: 0..91 (92 overwritten)")

    def test_follows_what_matches(self):
        for follow in ("-f", "-F"):
            name = self.create_filled(20, slots=64)
            tail = self.start("tail", name, follow, "-n", 2, "--where", "ts % 10 == 9", "--format", "csv")
            self.assertEqual([tail.stdout.readline() for _ in range(3)],
                             ["_seq,ts,px,sym\n", "9,9,4.5,S9\n", "19,19,9.5,S9\n"])
            self.expect(OK, "write", name, stdin="ts,px,sym\n20,1,A\n29,1,A\n30,1,A\n")
            self.assertEqual(tail.stdout.readline(), "21,29,1.0,A\n")
            tail.send_signal(signal.SIGINT)
            self.assertEqual(tail.wait(timeout=30), OK)
            self.assertIn("read 23 values, printed 3", tail.stderr.read())

    def test_shows_where_the_mistake_is(self):
        name = self.create_filled(3)
        done = self.expect(USAGE, "tail", name, "--where", "ts > 1 && pxx > 3")
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr,
                         "arena-shm: cannot understand the filter at column 11: expected a field: ts, px, sym, found "
                         "'pxx'; did you mean 'px'?\n  ts > 1 && pxx > 3\n            ^^^\n")
        csv = ["-o", "-", "--format", "csv"]
        for verb in (["snapshot", name, *csv], ["record", name, *csv], ["stat", name], ["latest", name, "--by", "sym"],
                     ["tail", name, "-F"]):
            self.expect(USAGE, *verb, "--where", "", says="leave out the filter")
        self.expect(USAGE, "tail", name, "--where", "_time_ns > 3", says="create the arena with --time")
        plain = self.name()
        self.expect(OK, "create", plain, "--slots", 4, "--size", 8)
        self.expect(INCOMPATIBLE, "tail", plain, "--where", "ts > 3", says="--as")
        self.assertIn("has(flags, 4)", self.expect(OK, "help", "filters").stdout)

    def test_record_and_snapshot_say_how_many_were_left_out(self):
        name = self.create_filled(40, slots=64)
        self.assertEqual(self.numbers("snapshot", name, "-o", "-", "--where", "sym == 'S7'",
                                      says="recorded 4, left out 36, lost 0"), [7, 17, 27, 37])
        for verb in (["record", name], ["record", name, "-F"]):
            self.assertEqual(self.numbers(*verb, "-o", "-", "-n", 2, "--where", "px >= 10",
                                          says="recorded 2, left out 20"), [20, 21])
        # Nothing ever matches: the time that was given ends it nevertheless.
        self.expect(OK, "record", name, "-o", "-", "--format", "csv", "--max-duration", "200ms", "--where", "ts > 1000")
        self.expect(USAGE, "snapshot", name, "-o", self.directory() / "t.arena", "--where", "ts > 3", says="--where")

    def test_export_and_replay_take_what_matches(self):
        name = self.create_filled(40, slots=64)
        directory = self.directory()
        for file in ("t.npy", "t.arena"):
            self.expect(OK, "snapshot", name, "-o", directory / file)
            self.assertEqual(self.numbers("export", directory / file, "-o", "-", "--where", "_seq > 30 && ts % 3 == 0",
                                          says="exported 3 values, left out 37"), [33, 36, 39])
            copy = self.name()
            self.expect(OK, "replay", directory / file, copy, "--create", "--slots", 64, "--where", "sym != 'S1'",
                        says="replayed 36 values, left out 4")
            self.assertEqual(self.numbers("tail", copy, "-n", 3), [38 - 1, 38, 39])
        self.expect(USAGE, "export", directory / "t.npy", "-o", "-", "--format", "csv", "--where", "nope == 1",
                    says="a field")

    def test_a_consumer_releases_what_it_has_passed_over(self):
        name = self.lossless(slots=16, fields="u64 ts")
        tail = self.start("tail", name, "-f", "--consumer", "risk", "--from", "oldest", "--where", "ts % 100 == 99",
                          "--format", "ndjson")
        self.eventually(lambda: "risk" in self.expect(OK, "consumers", name).stdout)
        self.expect(OK, "write", name, stdin="ts\n" + "".join(f"{i}\n" for i in range(1000)))
        self.assertEqual([json.loads(tail.stdout.readline())["ts"] for _ in range(10)], [*range(99, 1000, 100)])
        file = self.directory() / "t.csv"
        record = self.start("record", name, "-o", file, "--consumer", "file", "--where", "ts % 100 == 99")
        self.eventually(lambda: "file" in self.expect(OK, "consumers", name).stdout)
        self.expect(OK, "write", name, stdin="ts\n" + "".join(f"{i}\n" for i in range(1000)))
        self.eventually(lambda: file.exists() and len(file.read_text().splitlines()) >= 11)
        record.send_signal(signal.SIGINT)
        self.assertEqual(record.wait(timeout=30), OK)

    def test_times_are_compared_by_their_units(self):
        name = self.create("--time", fields="u64 late_us", slots=64)
        self.expect(OK, "write", name, stdin="late_us\n4000\n5000\n5001\n")
        lines = self.expect(OK, "tail", name, "--where", "late_us > 5ms", "--format", "ndjson").stdout.splitlines()
        self.assertEqual([json.loads(line)["late_us"] for line in lines], [5001])
        for where, count in (("_time_ns > now - 1h", 3), ("_time_ns > '2200-01-01'", 0)):
            lines = self.expect(OK, "tail", name, "--where", where, "--format", "ndjson").stdout.splitlines()
            self.assertEqual(len(lines), count)

    def test_stat_tells_the_rate_of_what_matches(self):
        name = self.create(slots=4096)
        writer = self.start("write", name, "--rate", 2000)
        writer.stdin.write("ts,px,sym\n" + "".join(f"{i},1,A\n" for i in range(6000)))
        writer.stdin.flush()
        self.eventually(lambda: self.written(name) > 100)
        rows = self.objects("stat", name, "-i", "500ms", "-n", 3, "--where", "ts % 10 == 0")
        for row in rows[1:]:
            self.assertGreater(row["matches_per_s"], 0)
            self.assertLess(row["matches_per_s"], row["values_per_s"])
        self.assertIn("MATCH/s", self.expect(OK, "stat", name, "--where", "ts > 3").stdout)
        self.assertNotIn("matches_per_s", self.objects("stat", name)[0])

    def test_stat_of_several_arenas_refuses_what_is_no_filter_for_any_of_them(self):
        names = [self.create(), self.create(), self.create(fields="u64 n")]
        self.expect(USAGE, "stat", *names, "--where", "ts > ", says="something is missing at the end")
        self.expect(USAGE, "stat", *names, "--where", "ts => 3", says="write == to compare")
        self.expect(USAGE, "stat", *names[:2], "--where", "tss > 3", says="did you mean 'ts'?")
        done = self.expect(OK, "stat", *names, "--where", "ts > 3", says="expected a field: n")
        self.assertIn("MATCH/s", done.stdout)
        self.expect(USAGE, "stat", self.name(), "--where", "ts > ")


class LatestTest(LosslessTest):
    def rows(self, *args, code=OK, **kwargs):
        lines = self.expect(code, *args, "--format", "ndjson", **kwargs).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def test_prints_the_newest_value_for_each_key(self):
        name = self.create_filled(57, slots=64)
        rows = self.rows("latest", name, "--by", "sym")
        self.assertEqual([(row["sym"], row["ts"]) for row in rows],
                         [(f"S{digit}", digit + (50 if digit < 7 else 40)) for digit in range(10)])
        rows = self.rows("latest", name, "--by", "sym", "--where", "ts < 20 && sym < 'S2'")
        self.assertEqual([row["ts"] for row in rows], [10, 11])
        table = self.expect(OK, "latest", name, "--by", "sym", "--fields", "sym,px").stdout.splitlines()
        self.assertEqual(table[0].split(), ["_seq", "sym", "px"])
        self.assertEqual(len(table), 11)

    def test_keys_have_their_order(self):
        name = self.create(fields="i32 a, f64 b, s4 c", slots=64)
        self.expect(OK, "write", name, 
                    stdin="a,b,c\n10,1,x\n-5,1,x\n2,1,x\n2,-3.5,x\n2,nan,x\n2,1,xy\n2,-0.0,x\n2,0,x\n")
        rows = self.rows("latest", name, "--by", "a, b, c")
        self.assertEqual([(row["a"], row["b"], row["c"]) for row in rows],
                         [(-5, 1, "x"), (2, -3.5, "x"), (2, 0, "x"), (2, 1, "x"), (2, 1, "xy"), (2, None, "x"),
                          (10, 1, "x")])
        self.expect(USAGE, "latest", name, "--by", "d", says="some of a, b, c")

    def test_is_kept_up_to_date(self):
        name = self.create_filled(20, slots=64)
        latest = self.start("latest", name, "--by", "sym", "-f", "-i", "50ms", "--format", "ndjson")
        self.assertEqual([json.loads(latest.stdout.readline())["ts"] for _ in range(10)], [*range(10, 20)])
        self.expect(OK, "write", name, stdin="ts,px,sym\n98,1,S3\n99,2,S3\n")
        self.assertIn(json.loads(latest.stdout.readline())["ts"], (98, 99))
        latest.send_signal(signal.SIGINT)
        self.assertEqual(latest.wait(timeout=30), OK)
        self.assertIn("found 10 keys", latest.stderr.read())

    def test_goes_on_with_what_takes_the_place_of_its_arena(self):
        name = self.create_filled(20, slots=64)
        latest = self.start("latest", name, "--by", "sym", "-f", "-i", "20ms", "--format", "ndjson",
                            "--where", "ts > 17")
        self.assertEqual([json.loads(latest.stdout.readline())["ts"] for _ in range(2)], [18, 19])
        self.expect(OK, "rm", name)
        self.expect(OK, "create", name, "--slots", 64, "--fields", TICK)
        self.expect(OK, "write", name, stdin="ts,px,sym\n1,1,S9\n77,1,S8\n")
        row = json.loads(latest.stdout.readline())
        self.assertEqual((row["_seq"], row["ts"], row["sym"]), (1, 77, "S8"))
        self.expect(OK, "rm", name)
        self.expect(OK, "create", name, "--slots", 64, "--fields", "u64 n")
        _, err = latest.communicate(timeout=30)
        self.assertEqual(latest.returncode, INCOMPATIBLE)
        self.assertIn(f"restarted: arena '{name}' was created anew at", err)
        self.assertIn("found 2 keys\n", err)
        self.assertIn("cannot go on with the new", err)

    def test_lost_values_are_told(self):
        name = self.create_filled(20, slots=64)
        self.assertEqual(len(self.rows("latest", name, "--by", "sym")), 10)
        empty = self.create()
        self.expect(OK, "latest", empty, "--by", "sym", says="found 0 keys")

    def test_fills_the_terminal(self):
        from emulated_terminal import Terminal

        name = self.create_filled(20, slots=64)
        terminal = Terminal(self, name, "--by", "sym", "-f", "-i", "50ms", rows=10, columns=60, verb="latest")
        terminal.await_text("S6")
        self.expect(OK, "write", name, stdin="ts,px,sym\n777,1,S1\n")
        terminal.await_text("777")
        self.expect(OK, "rm", name)
        terminal.await_text("scroll  | arena 'cli-")
        terminal.press(b"q")
        terminal.wait()
        terminal.expect_restored()


class LatestOfLanesTest(LaneTest):
    def newest(self, values, *args, says=""):
        """Of lanes that have these values of one key, in their order."""
        name = self.name()
        self.expect(OK, "create", name, "--slots", 8, "--lanes", len(values), *args)
        writers = self.start_lanes(name, len(values))
        for lane, its in enumerate(values):
            writers[lane].stdin.buffer.write(b"".join(RECORD.pack(value, 1) for value in its))
            writers[lane].stdin.flush()
            self.eventually(lambda: self.head(name, lane) == len(its))
        lines = self.expect(OK, "latest", name, "--by", "key", "--format", "ndjson", says=says).stdout.splitlines()
        return [json.loads(line)["ts"] for line in lines]

    def test_the_newest_value_of_lanes_is_so_by_their_times_else_by_a_time_field(self):
        schema = self.directory() / "schema.json"
        schema.write_text('{"names":["ts","key"],"formats":["<u8","<u8"],"offsets":[0,8],"itemsize":16,'
                          '"metadata":{"fields":{"ts":{"unit":"s"}},"time":"ts"}}')
        self.assertEqual(self.newest([[100], [50]], "--time", "--fields", "u64 ts, u64 key"), [50], "appended later")
        for values in ([[100], [50]], [[50], [100]], [[120, 100], [50, 60]]):
            self.assertEqual(self.newest(values, "--schema", schema), [100], values)
        self.newest([[100], [50]], "--fields", "u64 ts, u64 key", says="its lanes have no times")
        schema.write_text(schema.read_text().replace('"<u8"', '"<i8"', 1))
        for values in ([[-100], [-50]], [[-50], [-100]]):  # before 1970
            self.assertEqual(self.newest([[v % 2**64 for v in its] for its in values], "--schema", schema), [-50])


if __name__ == "__main__":
    unittest.main()
