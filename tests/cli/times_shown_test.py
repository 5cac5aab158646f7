"""Arenas whose values have times: how they are made, checked, shown and saved."""

import re
import shutil
import struct
import time
import unittest

from arena_cli import FAILED, OK, SHM, CliTest
from hostile_image import fnv1a
from laned import Laned
from metrics_test import PREFIX, parse
from segment_pokes import PAGE
from top_test import Terminal

# Offsets in the header; include/arena_shm/core/layout.hpp.
CHECKSUM, SLOTS, STRIDE, BOOT_ID, CLOCK, RATE, CREATED, SAVED = 24, 112, 136, 208, 224, 232, 248, 272
HEADER_BYTES = 512
CLOCKS = "/sys/devices/system/clocksource/clocksource0"
SECOND = 10**9


class TimesShownTest(Laned, CliTest):
    def timed(self, *args, slots=8, counts=(), fields="u64 ts"):
        """`counts`: so many values of as many writers, one after the other."""
        name = self.create("--time", *args, fields=fields, slots=slots)
        if counts:
            self.write_lanes(name, *counts)
        return name

    def kinds(self):
        """The arguments for arenas of each kind of writers."""
        return [(), ("--exclusive",), ("--lanes", 3)]

    def saved(self, name):
        image = self.directory() / "saved.arena"
        shutil.copy(SHM / name, image)
        return image

    def slot_at(self, path, slot, lane=0):
        laned = path.read_bytes()[20] == 2
        begin = self.lane_offset(path, lane) if laned else self.offset(path, SLOTS)
        return begin + slot * self.offset(path, STRIDE)

    def time_of(self, path, slot, lane=0):
        return self.offset(path, self.slot_at(path, slot, lane) + 8)

    def poke_time(self, path, slot, ticks, lane=0):
        self.poke(path, self.slot_at(path, slot, lane) + 8, struct.pack("<Q", ticks))

    def edit_header(self, path, at, data):
        header = bytearray(path.read_bytes()[:HEADER_BYTES])
        header[at : at + len(data)] = data
        header[CHECKSUM : CHECKSUM + 8] = bytes(8)
        header[CHECKSUM : CHECKSUM + 8] = struct.pack("<Q", fnv1a(header))
        self.poke(path, 0, header)

    def object(self, *args):
        (found,) = self.objects("inspect", *args)
        return found

    def now(self, name):
        """Between when the arena was made and now, with some room for steps of the system's clock."""
        return (self.object(name)["created_ns"] - SECOND, time.time_ns() + SECOND)

    def assert_between(self, value, bounds):
        self.assertTrue(bounds[0] <= value <= bounds[1], (value, bounds))

    # create

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

    # check

    def check(self, code, *args):
        return self.expect(code, "check", *args).stdout

    def test_sound_times_are_ok(self):
        for args, in_order in zip(self.kinds(), ["", ", in order within each lane", ", in order within each lane"]):
            for counts in [(), (3,), (20,), (20, 3)] if "--exclusive" not in args else [(), (3,), (20,)]:
                name = self.timed(*args, counts=counts)
                says = rf"^ok: .*, times \(by {self.object(name)['clock']}{in_order}"
                self.assertRegex(self.check(OK, name), says + r", none in the future\)\n$")
                self.assertRegex(self.check(OK, "--file", self.saved(name)), says + r"\)\n$")
        self.assertNotIn("times", self.check(OK, self.create_filled(3)))

    def test_what_stands_behind_the_time_is_padding(self):
        for args in [("--size", 64, "--align", 64), ("--size", 8192, "--align", 64)]:
            for time, first in [(("--time",), 16), ((), 8)]:
                name = self.name()
                self.expect(OK, "create", name, "--slots", 4, *args, *time)
                self.expect(OK, "write", name, "--format", "raw", stdin=bytes(args[1] * 3))
                self.check(OK, name)
                self.poke(SHM / name, self.slot_at(SHM / name, 1) + first, b"x")
                self.assertIn("warning: slot 1: expected zeros around the payload, ", self.check(FAILED, name))

    def test_a_time_that_goes_back_in_a_lane_is_named(self):
        for args, of_lane, seqs in [(("--exclusive",), "", (19, 18)), (("--lanes", 3), " of lane 0", (57, 54))]:
            name = self.timed(*args, counts=(20,))
            rate = self.offset(SHM / name, RATE)
            # Value 19 is in slot 3; the oldest is 12, in slot 4; value 16, in slot 0, comes after 15 in the last one.
            self.poke_time(SHM / name, 3, self.time_of(SHM / name, 2) - 5 * rate)
            says = (rf"warning: time of slot 3{of_lane}: expected value {seqs[0]} to be no older than value {seqs[1]}, "
                    r"found that it is 5s older; the memory was overwritten: ")
            for where in [(name,), ("--file", self.saved(name))]:
                text = self.check(FAILED, *where)
                self.assertRegex(text, "^" + says + r".*\n$")
            (finding, _) = self.objects("check", name, code=FAILED)
            self.assertEqual([finding["where"], finding["severity"]], [f"time of slot 3{of_lane}", "warning"])

    def test_times_go_on_from_one_lap_to_the_next(self):
        name = self.timed("--exclusive", counts=(20,))
        sound = (SHM / name).read_bytes()
        for slot, seqs in [(0, (16, 15)), (7, (15, 14)), (5, (13, 12))]:
            self.poke(SHM / name, 0, sound)
            self.poke_time(SHM / name, slot, 0)
            says = f"warning: time of slot {slot}: expected value {seqs[0]} to be no older than value {seqs[1]}, "
            self.assertRegex(self.check(FAILED, name), rf"^{says}.*\n$")
        self.poke(SHM / name, 0, sound)
        self.poke_time(SHM / name, 4, 0)  # of the oldest, which may be older than all
        self.check(OK, name)

    def test_values_that_are_not_there_are_passed_over(self):
        name = self.timed("--exclusive", counts=(20,))
        self.poke_time(SHM / name, 1, 0)
        self.poke_stamp(SHM / name, 1, 0)
        self.assertRegex(self.check(OK, name), "(?m)^ok: .* 1 holes")
        self.poke_time(SHM / name, 2, self.time_of(SHM / name, 0) - 1)
        self.assertIn("expected value 18 to be no older than value 16, ", self.check(FAILED, name))

    def test_lanes_have_an_order_of_their_own(self):
        name = self.timed("--lanes", 3, counts=(20, 3))
        for slot in range(8):
            self.poke_time(SHM / name, slot, 1000 + (slot - 4) % 8)  # all before those of lane 1, and in order
        self.check(OK, name)

    def test_shared_writers_may_take_times_in_another_order_than_numbers(self):
        name = self.timed(counts=(20,))
        self.poke_time(SHM / name, 3, self.time_of(SHM / name, 2) - 5)
        self.check(OK, name)

    def test_a_time_in_the_future_is_named(self):
        for args in self.kinds():
            name = self.timed(*args, counts=(20,))
            image = SHM / name
            self.poke_time(image, 3, self.time_of(image, 3) + 100 * 86400 * self.offset(image, RATE))
            self.assertRegex(self.check(FAILED, name),
                             r"^warning: time of slot 3( of lane 0)?: expected a time in the past, found one that is "
                             r"100d ahead of the clock; the memory was overwritten: .*\n$")
            self.check(OK, "--file", self.saved(name))  # of whose clock nothing is known; and it is the newest value
            self.assertIn("which is in the future", self.expect(OK, "inspect", name).stdout)
            self.assertEqual(self.object(name)["newest_age_ns"], None)
            self.poke_time(image, 3, 2**64 - 1)
            self.assertIn("warning: time of slot 3", self.check(FAILED, name))

    def test_many_wrong_times_are_counted(self):
        name = self.timed(counts=(8,))
        for slot in range(8):
            self.poke_time(SHM / name, slot, 2**63)
        text = self.check(FAILED, name)
        self.assertEqual(text.count("warning: time of slot "), 5)
        self.assertIn("warning: times: 3 more problems like these", text)

    def test_a_clock_that_began_anew_is_no_damage(self):
        name = self.timed("--exclusive", counts=(20,))
        ticks, boottime, realtime = struct.unpack_from("<Qqq", (SHM / name).read_bytes(), CREATED)
        image = self.saved(name)
        for path, at in [(SHM / name, (name,)), (image, ("--file", image))]:
            self.poke_time(path, 3, 0)
            self.check(FAILED, *at)
            # As if it had been created an hour of the system's clock, and ten hours of this one, ago.
            hour = 3600 * self.offset(path, RATE)
            created = struct.pack("<Qqq", (ticks - 10 * hour) % 2**64, boottime - 3600 * SECOND, realtime)
            self.edit_header(path, CREATED, created)
            if path == image:
                self.edit_header(path, SAVED, struct.pack("<Qqq", ticks, boottime, realtime))
            clock = self.object(*at)["clock"]
            self.assertRegex(self.check(OK, *at),
                             rf"^note: times: expected the clock {clock} to have gone on since the arena was created, "
                             rf"found that it began anew, .*\nok: .*times \(by {clock}\)")

    def test_a_clock_that_the_kernel_has_given_up_is_named(self):
        name = self.timed(counts=(3,))
        if self.object(name)["clock"] == "boottime":
            self.skipTest("the kernel does not keep time with a counter")
        directory = self.directory()
        (directory / "current").write_text("hpet\n")
        done = self.in_namespace(f"mount --bind {directory}/current {CLOCKS}/current_clocksource", "check", name)
        self.assertEqual(done.returncode, FAILED, done.stdout + done.stderr)
        self.assertRegex(done.stdout,
                         r"^warning: times: expected that the kernel keeps time with \w+, found that it now does with "
                         r"hpet; .*\n$")

    def test_hot_writers_raise_no_alarm(self):
        large = {"slots": 3, "fields": "u64 ts, 5000x"}  # slots that are read one by one
        for args, kind in [((), {"slots": 500}), (("--lanes", 2), {"slots": 500}), (("--lanes", 2), large)]:
            name = self.timed(*args, **kind)
            with self.hot_writers(name, "ts\n", "1\n" * 20000):
                self.eventually(lambda: self.written(name) > 1000)
                end = time.monotonic() + 2
                while time.monotonic() < end:
                    self.assertRegex(self.check(OK, name), r"(?m)^ok: .*times \(by")
            self.check(OK, name)

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
        listed = {found["name"]: found for found in self.objects("list")}
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
        samples = parse(self.expect(OK, "metrics", stdin=b"").stdout.decode())
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
