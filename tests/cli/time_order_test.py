"""Lanes in order of time: what tail, record, snapshot and export make of them; and values since some time."""

import datetime
import random
import signal
import struct
import time
import unittest

from arena_cli import LOST, OK, SHM, USAGE
from laned import Laned
from segment_pokes import done
from timed import TimedTest, refuse_membarrier

SLACK = 0.02  # seconds: much more than a clock is off


def iso(ns):
    moment = datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09}Z"


class TimeOrderTest(Laned, TimedTest):
    def interleaved(self, count=40, lanes=3, slots=64):
        """Returns: the name, and the numbers in the order in which they were written."""
        name = self.create_laned(lanes, slots=slots)
        writers = self.start_lanes(name, lanes)
        chosen = random.Random(1)
        written = []
        for _ in range(count):
            lane = chosen.randrange(lanes)
            written.append(self.head(name, lane) * lanes + lane)
            self.write_lane(name, writers, lane, 1)
        return name, written

    def seqs(self, text):
        return [int(line.split(",")[0]) for line in text.splitlines()[1:]]

    def printed(self, *args, code=OK):
        return self.seqs(self.expect(code, *args, "--format", "csv").stdout)

    def test_every_verb_has_the_values_in_order_of_time(self):
        name, written = self.interleaved()
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        for args in [["tail", name, "--from", "oldest"], ["tail", name, "--from", "oldest", "--order", "time"],
                     ["tail", name, "-f", "--from", "oldest", "-n", len(written)],
                     ["tail", name, "-F", "--from", "oldest", "-n", len(written)],
                     ["record", name, "-o", "-", "--max-count", len(written)],
                     ["snapshot", name, "-o", "-"],
                     ["tail", "--file", image, "--from", "oldest"],
                     ["export", image, "-o", "-"]]:
            self.assertEqual(self.printed(*args), written, args)

    def test_the_other_order_is_that_of_the_lanes(self):
        name, written = self.interleaved()
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        by_lanes = sorted(written, key=lambda seq: (seq % 3, seq))
        for args in [["tail", name, "--from", "oldest"], ["record", name, "-o", "-", "--max-count", len(written)],
                     ["tail", name, "-F", "--from", "oldest", "-n", len(written)],
                     ["snapshot", name, "-o", "-"], ["tail", "--file", image, "--from", "oldest"]]:
            found = self.printed(*args, "--order", "arrival")
            self.assertNotEqual(found, written, args)
            self.assertEqual(sorted(found, key=lambda seq: (seq % 3, seq)), by_lanes, args)
            for lane in range(3):
                self.assertEqual([seq for seq in found if seq % 3 == lane], [s for s in by_lanes if s % 3 == lane])
        self.expect(USAGE, "tail", name, "--order", "newest", says="--order")

    def test_arenas_without_lanes_or_times_have_one_order(self):
        plain = self.name()
        self.expect(OK, "create", plain, "--slots", 8, "--lanes", 2, "--fields", "u64 n")
        exclusive = self.create("--exclusive", fields="u64 n")
        shared = self.create(fields="u64 n")
        for name, what in [(plain, "has no times"), (shared, "has no lanes"), (exclusive, "")]:
            self.expect(OK, "write", name, stdin="n\n5\n6\n")
            for args in [["tail", name], ["snapshot", name, "-o", "-"], ["record", name, "-o", "-", "-n", 2]]:
                plainly = self.expect(OK, *args, "--format", "csv")
                self.assertEqual(len(plainly.stdout.splitlines()), 3)
                self.assertNotIn("order", plainly.stderr)
                asked = self.expect(OK, *args, "--format", "csv", "--order", "time", says=what)
                self.assertEqual("order" in asked.stderr, what != "", asked.stderr)
                self.assertNotIn("order", self.expect(OK, *args, "--format", "csv", "--order", "arrival").stderr)

    def test_holes_and_overwritten_values_are_told_in_the_order_of_time(self):
        name, writers = self.create_filled_lanes([20, 3, 5])
        self.poke_head(name, 1, 6)
        for writer in writers:
            writer.kill()
            writer.wait()
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        for args in [["tail", name], ["tail", "--file", image]]:
            end = self.expect(LOST, *args, "--from", "oldest", "--format", "csv", says="gap in lane 1: 10..16 (3 holes)")
            self.assertEqual(self.seqs(end.stdout), [n * 3 for n in range(12, 20)] + [1, 4, 7, 2, 5, 8, 11, 14])
            inline = self.expect(LOST, *args, "--from", "oldest", "--format", "csv", "--gaps", "inline").stdout
            self.assertLess(inline.index("\n7,"), inline.index("# gap in lane 1"))

    def test_values_that_come_late_are_counted(self):
        name = self.create("--lanes", 3, fields="u64 ts", slots=64)
        self.write_lanes(name, 2, 0, 3)
        path = SHM / name
        old = self.offset(path, self.slot_at(name, 0, 0) + 8)
        writer = self.halt(name, signal.SIGSTOP, 2)
        lane = next(k for k in range(3) if self.holder(name, k) == writer.pid)
        first = self.head(name, lane) - 2
        outputs = [self.directory() / "t.csv", self.directory() / "r.csv"]
        with outputs[0].open("w") as out:
            tail = self.start("tail", name, "-f", "--from", "oldest", "--format", "csv", stdout=out)
        record = self.start("record", name, "-o", outputs[1])
        for output in outputs:  # all others, behind the one that is stopped
            self.eventually(lambda: output.exists() and len(output.read_text().splitlines()) == 6)
        for n in [first, first + 1]:
            slot = self.slot_at(name, lane, n)
            self.poke(path, slot + 8, struct.pack("<Q", old + n))
            self.poke(path, slot, struct.pack("<Q", done(n)))
        for output, run in zip(outputs, [tail, record]):
            self.eventually(lambda: len(output.read_text().splitlines()) == 8)
            run.send_signal(signal.SIGINT)
            self.assertIn("2 values came late: out of order of time\n", run.communicate(timeout=30)[1])
            self.assertEqual(self.seqs(output.read_text())[-2:], [(first + i) * 3 + lane for i in range(2)])

    def test_a_stopped_writer_does_not_keep_those_waiting_who_do_not_follow(self):
        name = self.create("--lanes", 3, fields="u64 ts", slots=64)
        self.write_lanes(name, 2, 0, 3)
        writer = self.halt(name, signal.SIGSTOP, 2)
        lane = next(k for k in range(3) if self.holder(name, k) == writer.pid)
        first = (self.head(name, lane) - 2) * 3 + lane
        says = f"gap in lane {lane}: {first}..{first + 3} (2 passed over)\n"
        for args in [["tail", name], ["tail", name, "--from", "oldest"], ["tail", name, "--order", "arrival"],
                     ["snapshot", name, "-o", "-"], ["snapshot", name, "-o", "-", "--order", "arrival"]]:
            end = self.expect(LOST, *args, "--format", "csv", says=says)
            self.assertEqual(sorted(self.seqs(end.stdout)), [0, 2, 3, 5, 8], args)
            self.assertEqual(end.stderr.count("gap"), 2 if "lost" in end.stderr else 1, end.stderr)
        self.expect(LOST, "tail", name, "--since", "1h", "--format", "csv", says="read 5 values")

    def test_a_saved_segment_has_all_values_in_their_order(self):
        name, _ = self.interleaved(3)
        for options in [["--since", "1h"], ["--order", "time"]]:
            self.expect(USAGE, "snapshot", name, "-o", self.directory() / "t.arena", *options, says=f"found {options[0]}")

    def test_it_is_said_where_the_order_is_not_exact(self):
        name, written = self.interleaved(10)
        says = "the order of time is not exact here: the system refuses membarrier\n"
        for args in [["tail", name, "--from", "oldest"], ["record", name, "-o", "-", "-n", 10],
                     ["snapshot", name, "-o", "-"], ["tail", name, "-F", "--from", "oldest", "-n", 10]]:
            end = self.expect(OK, *args, "--format", "csv", preexec_fn=refuse_membarrier)
            self.assertEqual(self.seqs(end.stdout), written)
            self.assertEqual(end.stderr.count(says), 1, end.stderr)
            end = self.expect(OK, *args, "--format", "csv", "--order", "arrival", preexec_fn=refuse_membarrier)
            self.assertNotIn("exact", end.stderr)

    def test_a_saved_segment_of_many_lanes_is_merged(self):
        lanes = 300
        name = self.create("--lanes", lanes, fields="u64 ts", slots=4)
        self.write_lanes(name, *[2 + k % 5 for k in range(lanes)])
        image = self.directory() / "t.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        found = self.printed("export", image, "-o", "-")
        expected = [n * lanes + k for k in range(lanes) for n in range(max(k % 5 - 2, 0), 2 + k % 5)]
        self.assertEqual(found, expected)  # one lane was written after the other
        self.assertEqual(self.printed("tail", name, "--from", "oldest"), expected)


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
            self.assertEqual(self.numbers("tail", name, "--since", since, "-n", 3), late[:3])
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
