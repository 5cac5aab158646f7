"""stat: what the counters of arenas say."""

import csv
import io
import json
import re
import signal
import struct
import subprocess
import time
import unittest
from unittest.mock import ANY

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, OF_ALL, OK, SHM, TOOL, CliTest

HEADING = ["NAME", "WRITTEN", "RATE/s", "MB/s", "LAP", "SKIPPED", "HOLES", "CHANGED", "NEWEST"]
FIELDS = ["head", "written", "skipped", "holes_max", "values_per_s", "bytes_per_s", "lap_s", "unchanged_ns",
          "handed_out", "newest_age_ns", "blocked_by", "blocked_ns"]


class StatTest(CliTest):
    def stat(self, *args):
        """Lines as objects."""
        done = self.expect(OK if args else OF_ALL, "stat", *args, "--format", "ndjson")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def watch(self, *args):
        return self.start("stat", *args, "-i", 0.05, "--format", "ndjson")

    def region(self, name, offset):
        """Where a region begins, by the header."""
        with open(SHM / name, "rb") as segment:
            segment.seek(offset)
            return struct.unpack("<Q", segment.read(8))[0]

    def poke(self, name, offset, *words):
        with open(SHM / name, "r+b") as segment:
            segment.seek(offset)
            segment.write(struct.pack(f"<{len(words)}Q", *words))

    def write(self, name, count):
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + "1,1,A\n" * count)

    def test_one_line_is_of_the_last_moment(self):
        before = time.time_ns()
        name = self.create_filled(20)
        (line,) = self.stat(name)
        self.assertEqual(list(line), ["time_ns", "arena", "interval_ns", *FIELDS])
        self.assertEqual([line[key] for key in ["arena", "head", "written"]], [name, 20, 20])
        self.assertEqual([line[key] for key in ["skipped", "holes_max"]], [0, 0])
        self.assertTrue(before <= line["time_ns"] <= time.time_ns())
        self.assertLess(line["interval_ns"], line["time_ns"] - before)
        self.assertEqual([line[key] for key in ["values_per_s", "bytes_per_s", "lap_s"]], [0, 0, None])
        self.assertEqual(line["unchanged_ns"], line["interval_ns"])

    def test_one_line_tells_the_rate_of_a_ring_that_is_written(self):
        name = self.create()
        writer = self.start("write", name, "--rate", 1000)
        writer.stdin.write("ts,px,sym\n" + "1,1,A\n" * 20000)
        writer.stdin.flush()
        self.eventually(lambda: self.stat(name)[0]["values_per_s"] > 0)
        (line,) = self.stat(name)
        seconds = line["interval_ns"] / 1e9
        self.assertAlmostEqual(line["bytes_per_s"], line["values_per_s"] * 24)
        self.assertAlmostEqual(line["lap_s"] * line["values_per_s"], 8)
        self.assertLess(line["values_per_s"] * seconds, line["written"])

    def test_nothing_is_made_up_for_after_a_stop(self):
        interval = 0.3
        watch = self.start("stat", self.create(), "-i", interval, "--format", "ndjson")
        lines = [json.loads(watch.stdout.readline()) for _ in range(2)]
        for pause in [0.95, 1.1, 0.5]:
            watch.send_signal(signal.SIGSTOP)
            time.sleep(pause)
            watch.send_signal(signal.SIGCONT)
            lines += [json.loads(watch.stdout.readline()) for _ in range(3)]
        self.assertGreaterEqual(min(line["interval_ns"] for line in lines[1:]), interval / 2 * 1e9)

    def test_an_empty_arena_has_no_lap(self):
        (line,) = self.stat(self.create())
        self.assertEqual([line[key] for key in FIELDS], [0, 0, 0, 0, 0, 0, None, ANY, 0, None, None, None])

    def test_further_lines_are_of_their_interval(self):
        name = self.create_filled(20)
        watch = self.watch(name)
        first = json.loads(watch.stdout.readline())
        self.write(name, 5)
        lines = [first]
        while lines[-1]["written"] != 25:
            lines.append(json.loads(watch.stdout.readline()))
        self.assertGreater(lines[-1]["values_per_s"], 0)
        self.assertEqual(lines[-1]["unchanged_ns"], 0)
        total = sum(round(line["values_per_s"] * line["interval_ns"] / 1e9) for line in lines[1:])
        self.assertEqual(total, 5)
        quiet = [json.loads(watch.stdout.readline()) for _ in range(3)]
        self.assertEqual([line["values_per_s"] for line in quiet], [0, 0, 0])
        self.assertEqual([line["lap_s"] for line in quiet], [None, None, None])
        for line in quiet:
            self.assertEqual(line["unchanged_ns"] // 10**6, (line["time_ns"] - lines[-1]["time_ns"]) // 10**6)

    def test_the_table_has_a_line_for_each_arena(self):
        names = [self.create_filled(20), self.create()]
        lines = self.expect(OK, "stat", *names, names[0]).stdout.splitlines()
        self.assertEqual(lines[0].split(), HEADING)
        cells = [line.split() for line in lines[1:]]
        self.assertEqual([cell[0] for cell in cells], names)
        self.assertEqual([cell[1] for cell in cells], ["20", "0"])
        self.assertEqual([cell[2:4] + cell[5:7] for cell in cells], [["0", "0.00", "0", "0"]] * 2)
        for cell in cells:
            self.assertRegex(cell[7], "^>")

    def test_without_a_name_it_is_all_arenas_also_those_that_come_later(self):
        first = self.create()
        self.assertIn(first, [line["arena"] for line in self.stat()])
        watch = self.watch()
        while json.loads(watch.stdout.readline())["arena"] != first:
            pass
        later = self.create_filled(3)
        line = {"arena": first}
        while line["arena"] != later:
            line = json.loads(watch.stdout.readline())
        self.assertIsNone(line["unchanged_ns"])
        while line["arena"] != later or line["written"] != 3:  # it may have been found before it was filled
            line = json.loads(watch.stdout.readline())

    def test_a_count_ends_it(self):
        name = self.create()
        self.assertEqual(len(self.stat(name, "-i", 0.01, "-c", 3)), 3)
        self.assertEqual(len(self.stat(name, "-c", 2)), 2)
        self.assertEqual(self.stat(name, "-c", 0), [])

    def test_counters_are_exact(self):
        name = self.create_filled(20)
        head, skipped, values = 2**60 + 1, 2**53 + 1, 2**60 - 2**53 - 5
        self.poke(name, self.region(name, 80), head)
        self.poke(name, self.region(name, 96) + 32, values, skipped)
        (line,) = self.stat(name)
        self.assertEqual([line[key] for key in FIELDS[:4]], [head, values, skipped, head - values])
        cells = self.expect(OK, "stat", name).stdout.splitlines()[1].split()
        self.assertEqual(cells[5:7], [f"{skipped}", f"{skipped}..{head - values}"])
        self.poke(name, self.region(name, 80), values + skipped)
        self.assertEqual(self.expect(OK, "stat", name).stdout.splitlines()[1].split()[6], f"{skipped}")

    def test_json_is_another_name_of_ndjson(self):
        name = self.create_filled(20)
        (line,) = self.objects("stat", name)
        self.assertEqual(list(line), ["time_ns", "arena", "interval_ns", *FIELDS])

    def test_csv(self):
        name = self.create_filled(20)
        text = self.expect(OK, "stat", name, "-c", 2, "-i", 0.01, "--format", "csv").stdout
        lines = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(list(lines[0]), ["time_ns", "arena", "interval_ns", *FIELDS])
        self.assertEqual([(line["arena"], line["written"]) for line in lines], [(name, "20")] * 2)
        self.assertNotIn("", [line["unchanged_ns"] for line in lines])

    def test_influx(self):
        name = self.name("a,b=c")
        self.expect(OK, "create", name, "--slots", 8, "--size", 8)
        lines = self.expect(OK, "stat", name, "-c", 2, "-i", 0.01, "--format", "influx").stdout.splitlines()
        self.assertEqual(len(lines), 2)
        for line in lines:
            field = r"[a-z_]+=[0-9.e+-]+i?"
            match = re.fullmatch(rf"arena_shm,arena=((?:[^\\, =]|\\[, =])+) ({field}(?:,{field})*) (\d{{19}})", line)
            self.assertIsNotNone(match, line)
            self.assertEqual(match[1].replace("\\", ""), name)
            fields = dict(field.split("=") for field in match[2].split(","))
            self.assertEqual([fields["written"], fields["values_per_s"]], ["0i", "0"])
            self.assertNotIn("lap_s", fields)

    def test_signals_end_it_cleanly(self):
        name = self.create()
        for number in [signal.SIGINT, signal.SIGTERM]:
            watch = self.start("stat", name, "-i", 3600)
            watch.stdout.readline()
            watch.send_signal(number)
            _, err = watch.communicate(timeout=30)
            self.assertEqual((watch.returncode, err), (OK, ""))

    def test_a_closed_pipe_ends_it_silently(self):
        watch = self.start("stat", self.create(), "-i", 3600)
        watch.stdout.readline()
        watch.stdout.close()
        watch.wait(timeout=30)
        self.assertEqual((watch.returncode, watch.stderr.read()), (OK, ""))

    def test_head_may_close_the_pipe_in_the_middle(self):
        command = f"'{TOOL}' stat {self.create()} -i 0.01 | head -n 3"
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60)
        self.assertEqual((len(done.stdout.splitlines()), done.returncode, done.stderr), (3, OK, ""))

    def test_one_of_several_may_go_away(self):
        first, second = self.create(), self.create()
        watch = self.watch(first, second)
        for _ in range(2):
            watch.stdout.readline()
        self.expect(OK, "rm", first)
        self.assertEqual(watch.stderr.readline(), f"arena-shm: '{first}' is gone; waiting for a new one\n")
        self.assertIsNone(watch.poll())
        self.expect(OK, "rm", second)
        self.assertEqual(watch.stderr.readline(), f"arena-shm: '{second}' is gone; waiting for a new one\n")
        watch.send_signal(signal.SIGINT)
        _, err = watch.communicate(timeout=30)
        self.assertEqual((watch.returncode, err), (OK, ""))

    def test_one_that_is_made_anew_begins_again(self):
        name, other = self.create_filled(20), self.create()
        watch = self.watch(name, other)
        self.assertEqual(json.loads(watch.stdout.readline())["written"], 20)
        self.expect(OK, "rm", name)
        self.expect(OK, "create", name, "--slots", 4, "--size", 8)
        line = {"arena": "", "written": 20}
        while line["arena"] != name or line["written"] == 20:
            line = json.loads(watch.stdout.readline())
        self.assertEqual([line["written"], line["unchanged_ns"]], [0, None])

    def test_a_file_that_is_cut_short_is_said_and_ends_it_if_it_is_the_only_one(self):
        name = self.create(slots=4096)
        watch = self.watch(name)
        watch.stdout.readline()
        with open(SHM / name, "r+b") as segment:
            segment.truncate(8192)
        _, err = watch.communicate(timeout=30)
        self.assertEqual(watch.returncode, FAILED)
        self.assertEqual(err, f"arena-shm: '{name}': expected a segment of constant size, found that its file was cut off\n")

    def test_damaged_arenas_are_said_once_and_the_others_are_shown(self):
        good, bad = self.create(), self.create()
        self.poke(bad, 128, 255)
        done = self.expect(FAILED, "stat", good, bad, "-i", 0.01, "-c", 3)
        self.assertEqual(done.stderr.count(f"'{bad}': header: expected header checksum"), 1)
        self.assertEqual(len(done.stdout.splitlines()), 4)
        self.expect(FAILED, "stat", bad, says="header checksum")
        self.poke(good, 8, 99)
        self.expect(INCOMPATIBLE, "stat", good)

    def test_needs_read_permission_only(self):
        name, hidden = self.create("--mode", "0444"), self.create()
        user = self.as_nobody()
        self.write(name, 3)
        done = self.expect(OF_ALL, "stat", "-i", 0.01, "-c", 2, **user)
        self.assertIn(name, done.stdout)
        self.assertEqual(done.stderr.count(f"skipped '{hidden}': no permission"), 1)
        self.expect(FAILED, "stat", hidden, says="ermission", **user)

    def test_leaves_no_trace(self):
        name = self.create_filled(20)
        before = (SHM / name).read_bytes()
        self.expect(OK, "stat", name, "-i", 0.01, "-c", 3)
        self.assertEqual((SHM / name).read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
