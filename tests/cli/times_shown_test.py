"""Arenas whose values have times: how they are made, shown and saved."""

import re
import shutil
import struct
import time
import unittest

from arena_cli import OF_ALL, OK, SHM
from emulated_terminal import Terminal
from exposition import PREFIX, parse
from segment_pokes import PAGE
from times import CHECKSUM, STRIDE, BOOT_ID, RATE, CREATED, SAVED, HEADER_BYTES, CLOCKS, SECOND, TimesTest


class TimesShownTest(TimesTest):
    def test_create_says_that_values_have_times(self):
        for args in self.kinds():
            name = self.name()
            done = self.expect(OK, "create", name, "--slots", 4, "--size", 8, "--time", *args)
            clock = self.object(name)["clock"]
            self.assertIn(clock, ["tsc", "virtual_counter", "boottime"])
            self.assertIn(f" for records of 8 bytes, aligned to 8, with times (clock: {clock}); ", done.stderr)
            self.assertEqual(self.offset(SHM / name, STRIDE), 24)
        name = self.name()
        done = self.expect(OK, "create", name, "--slots", 4, "--size", 8)
        self.assertNotIn("time", done.stderr)
        self.assertEqual([self.object(name)[key] for key in ["clock", "clock_ticks_per_s", "newest_time_ns"]],
                         ["none", None, None])
        self.assertRegex(self.expect(OK, "create", "--help").stdout, r"--time +Store with each value when it was app")

    # inspect, seats, list, stat, top, metrics

    def test_inspect_tells_the_clock_and_the_newest_time(self):
        for args in self.kinds():
            name = self.timed(*args)
            self.assertRegex(self.expect(OK, "inspect", name).stdout, r"(?m)^times +by the clock \w+$")
            self.assertEqual([self.object(name)[key] for key in ["newest_time_ns", "newest_age_ns"]], [None, None])
            self.write_lanes(name, 20)
            found = self.object(name)
            self.assert_between(found["newest_time_ns"], self.now(name))
            self.assert_between(found["newest_age_ns"], (0, time.time_ns() - found["created_ns"] + SECOND))
            self.assertEqual(found["clock_ticks_per_s"], self.offset(SHM / name, RATE))
            times = [value["_time_ns"] for value in found["newest"]]
            self.assertEqual(times, sorted(times))
            self.assertAlmostEqual(times[-1], found["newest_time_ns"], delta=SECOND)
            stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
            page = self.expect(OK, "inspect", name).stdout
            self.assertRegex(page, rf"(?m)^times +by the clock {found['clock']}; newest value at {stamp}, \S+s ago$")
        (quoted,) = self.objects("inspect", name, "--int64", "string")
        self.assertIsInstance(quoted["newest"][0]["_time_ns"], str)
        self.assertNotIn("times", self.expect(OK, "inspect", self.create_filled(3)).stdout)

    def test_a_field_may_have_the_name_of_the_time(self):
        name = self.timed(fields="u64 _time_ns")
        self.write_lanes(name, 3)
        self.assertEqual([value["_time_ns"] for value in self.object(name)["newest"]], [0, 1, 2])

    def test_lanes_have_their_newest_times(self):
        name = self.timed("--lanes", 4, counts=(20, 3, 0))
        bounds = self.now(name)
        first, second, third = self.objects("seats", name)
        for seat in [first, second]:
            self.assert_between(seat["lane_newest_time_ns"], bounds)
            self.assert_between(seat["lane_newest_age_ns"], (0, 3600 * SECOND))
        self.assertLess(first["lane_newest_time_ns"], second["lane_newest_time_ns"])
        self.assertEqual([third[key] for key in ["lane_newest_time_ns", "lane_newest_age_ns"]], [None, None])
        for verb in ["seats", "inspect"]:
            text = self.expect(OK, verb, name).stdout
            self.assertRegex(text, r"SEAT .* VALUES  HOLES +NEWEST  TAKEN\n"
                                   r" +0 .* 20 +0 +\S+s  20.*\n +1 .* 3 +0 +\S+s  20.*\n +2 .* 0 +0 +-  20")
        found = self.object(name)
        self.assertEqual(len([1 for seat in found["seats"] if seat["lane_newest_time_ns"]]), 2)
        self.assertAlmostEqual(found["newest_time_ns"], second["lane_newest_time_ns"], delta=SECOND // 1000)
        untimed = self.laned(counts=(3,))
        self.assertEqual(self.objects("seats", untimed)[0]["lane_newest_time_ns"], None)
        self.assertNotIn("NEWEST", self.expect(OK, "seats", untimed).stdout)
        self.assertNotIn("NEWEST", self.expect(OK, "seats", self.timed(counts=(3,))).stdout)

    def test_list_stat_and_top_show_the_age_of_the_newest_value(self):
        name, empty, untimed = self.timed(counts=(20,)), self.timed(), self.create_filled(3)
        listed = {found["name"]: found for found in self.objects("list", code=OF_ALL)}
        self.assert_between(listed[name]["newest_time_ns"], self.now(name))
        self.assert_between(listed[name]["newest_age_ns"], (0, 3600 * SECOND))
        self.assertEqual(listed[name]["clock"], self.object(name)["clock"])
        for other in [empty, untimed]:
            self.assertEqual([listed[other][key] for key in ["newest_time_ns", "newest_age_ns"]], [None, None])
        self.assertRegex(self.row(name)[-2], r"^\d.*s$")
        self.assertEqual([self.row(empty)[-2], self.row(untimed)[-2]], ["-", "-"])
        lines = self.objects("stat", name, empty, untimed)
        self.assert_between(lines[0]["newest_age_ns"], (0, 3600 * SECOND))
        self.assertEqual([line["newest_age_ns"] for line in lines[1:]], [None, None])
        cells = [line.split()[-1] for line in self.expect(OK, "stat", name, empty, untimed).stdout.splitlines()]
        self.assertEqual([cells[0], *cells[2:]], ["NEWEST", "-", "-"])
        self.assertRegex(cells[1], r"^\d.*s$")
        self.assertRegex(self.expect(OK, "stat", name, "--format", "influx").stdout, r",newest_age_ns=\d+i ")
        self.assertNotIn("newest_age_ns", self.expect(OK, "stat", empty, "--format", "influx").stdout)
        laned = self.timed("--lanes", 3, counts=(20,))
        top = Terminal(self, laned)
        self.eventually(lambda: any(re.search(r" NEWEST  TAKEN", line) for line in top.lines()))

    def metrics(self, name):
        samples = parse(self.expect(OF_ALL, "metrics", stdin=b"").stdout.decode())
        return {key.removeprefix(PREFIX) + " " + dict(labels).get("lane", ""): value
                for (key, labels), value in samples.items() if ("arena", name) in labels and "newest" in key}

    def test_metrics_have_the_newest_times(self):
        for args in self.kinds():
            name = self.timed(*args)
            self.assertEqual(self.metrics(name), {})
            self.write_lanes(name, 20)
            found = self.metrics(name)
            bounds = [bound / SECOND for bound in self.now(name)]
            self.assert_between(found.pop("newest_value_timestamp_seconds "), bounds)
            self.assert_between(found.pop("newest_value_age_seconds "), (0, 3600))
            if "--lanes" in args:
                self.assert_between(found.pop("lane_newest_value_timestamp_seconds 0"), bounds)
            self.assertEqual(found, {})
        self.assertEqual(self.metrics(self.laned(counts=(20, 3))), {})

    def test_a_time_field_says_what_is_the_newest_values_age(self):
        path = self.directory() / "schema"
        path.write_text('{"names":["ts"],"formats":["<i8"],"offsets":[0],"itemsize":8,"metadata":{"time":"ts"}}')
        name = self.name()
        self.expect(OK, "create", name, "--slots", 8, "--schema", path, "--time")
        aged = lambda: [self.objects("stat", name)[0]["newest_age_ns"], self.object(name)["newest_age_ns"]]
        self.expect(OK, "write", name, stdin=f"ts\n{self.object(name)['created_ns']}\n")
        for age in aged():
            self.assertGreater(age, self.metrics(name)["newest_value_age_seconds "] - 3600)
        self.expect(OK, "write", name, stdin="ts\n1\n")  # of another clock
        self.assertEqual(aged(), [None, None])
        self.assertEqual(list(self.metrics(name)), ["newest_value_timestamp_seconds "])

    # doctor

    def clock_line(self, kernels, available):
        directory = self.directory()
        for name, text in [("current", kernels), ("available", available)]:
            (directory / name).write_text(text + "\n")
        done = self.in_namespace(f"mount --bind {directory}/current {CLOCKS}/current_clocksource\n"
                                 f"mount --bind {directory}/available {CLOCKS}/available_clocksource", "doctor")
        (line,) = re.findall(r"(?m)^\w+ +clock .*$", done.stdout)
        return line

    def test_doctor_tells_the_clock_of_a_new_arena(self):
        (found,) = [found for found in self.objects("doctor") if found["what"] == "clock"]
        clock = self.object(self.timed())["clock"]
        self.assertRegex(found["found"], f"^{clock}[,;]")
        self.assertEqual([found["state"], found["remedy"] is None],
                         ["note", False] if clock == "boottime" else ["ok", True])
        self.assertRegex(self.clock_line("kvm-clock", "kvm-clock tsc"),
                         r"^note +clock +boottime; the kernel keeps time with kvm-clock; a value's time takes 30 ns "
                         rf"instead of 10; echo tsc > {CLOCKS}/current_clocksource, or clocksource=tsc on ")
        self.assertRegex(self.clock_line("hpet", "hpet acpi_pm"),
                         r"^note +clock +boottime; the kernel keeps time with hpet; .* knows no counter here")

    # snapshot

    def test_a_snapshot_keeps_what_its_times_mean(self):
        for args in self.kinds():
            name = self.timed(*args, counts=(20,))
            image = self.directory() / "saved.arena"
            self.expect(OK, "snapshot", name, "-o", image)
            header, original = image.read_bytes()[:HEADER_BYTES], (SHM / name).read_bytes()[:HEADER_BYTES]
            ticks, boottime, realtime = struct.unpack_from("<Qqq", header, SAVED)
            self.assert_between(realtime, self.now(name))
            self.assertGreater(ticks, self.time_of(SHM / name, 3))
            self.assertGreater(boottime, struct.unpack_from("<q", header, CREATED + 8)[0])
            self.assertEqual(header[:CHECKSUM] + header[CHECKSUM + 8 : SAVED] + header[SAVED + 24 :],
                             original[:CHECKSUM] + original[CHECKSUM + 8 : SAVED] + original[SAVED + 24 :])
            self.assertRegex(self.check(OK, "--file", image), r"^ok: .*times \(by")
            # As after another boot: the clock of that kernel says nothing of these times.
            made = self.object(name)["newest_time_ns"]
            self.edit_header(image, BOOT_ID, bytes(range(16)))
            self.assertAlmostEqual(self.object("--file", image)["newest_time_ns"], made, delta=SECOND // 10)

    def test_a_copy_of_a_copy_keeps_its_moment(self):
        name, again = self.timed(counts=(3,)), self.name()
        directory = self.directory()
        self.expect(OK, "snapshot", name, "-o", directory / "first.arena")
        shutil.copy(directory / "first.arena", SHM / again)
        self.expect(OK, "snapshot", again, "-o", directory / "second.arena")
        first, second = ((directory / f"{which}.arena").read_bytes() for which in ["first", "second"])
        self.assertEqual(first[:PAGE], second[:PAGE])

    def test_a_copy_without_times_has_the_same_header(self):
        name, image = self.create_filled(3), self.directory() / "saved.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        self.assertEqual(image.read_bytes()[:PAGE], (SHM / name).read_bytes()[:PAGE])

    def test_another_boots_segment_gets_no_moment_of_this_one(self):
        name, image = self.timed(counts=(3,)), self.directory() / "saved.arena"
        self.edit_header(SHM / name, BOOT_ID, bytes(range(16)))
        self.expect(OK, "snapshot", name, "-o", image)
        self.assertEqual(image.read_bytes()[:PAGE], (SHM / name).read_bytes()[:PAGE])
        self.assertRegex(self.check(OK, name), r"(?m)^ok: .*times \(by \w+\)")


if __name__ == "__main__":
    unittest.main()
