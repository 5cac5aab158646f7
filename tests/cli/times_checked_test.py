"""What check says of the times of values."""

import struct
import time
import unittest

from arena_cli import FAILED, OK, SHM
from times import RATE, CREATED, SAVED, CLOCKS, SECOND, TimesTest


class TimesCheckedTest(TimesTest):
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
        self.assertRegex(self.check(OK, name), "(?m)^ok: .* 1 hole\\b")
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


if __name__ == "__main__":
    unittest.main()
