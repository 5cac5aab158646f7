"""check: a laned arena is verified lane by lane."""

import shutil
import signal
import struct
import time
import unittest

from arena_cli import FAILED, OK, SHM, CliTest
from hostile_image import HEADER_BYTES, fnv1a
from laned import Laned
from segment_pokes import busy, done

CLAIM, HEAD, VALUES = 0, 1, 4  # words of a seat


class CheckLanedTest(Laned, CliTest):
    def check(self, code, *args):
        return self.expect(code, "check", *args).stdout

    def test_a_sound_arena_is_ok(self):
        self.assertIn("12 slots in 3 lanes (0 published, 0 being written, 0 holes)", self.check(OK, self.laned(3, 4)))
        name = self.laned(counts=(20, 3))
        text = self.check(OK, name)
        self.assertRegex(text, r"^ok: .*head \(77\), .*4 seats, 32 slots in 4 lanes \(11 published, 0 being written, 0")
        image = self.directory() / "saved.img"
        shutil.copy(SHM / name, image)
        self.assertRegex(self.check(OK, "--file", image), r"^ok: .*\(11 published, ")

    def test_each_damaged_place_is_named_with_its_lane(self):
        sound = (SHM / self.laned(counts=(20, 3))).read_bytes()
        image = self.directory() / "saved.img"
        image.write_bytes(sound)
        control, stride = self.offset(image, 80), self.offset(image, 136)
        gap = self.lane_offset(image, 1) + 8 * stride
        seat = lambda index, word, value: self.poke_seat(image, index, word, value)
        for says, damage in [
            # 19 is a number of lane 0, which has had 20 values, and not of lane 1, which has had 3.
            ("warning: slot 3 of lane 1: expected a value below the lane's head, 13, found value 77; ",
             lambda: self.poke_lane_stamp(image, 1, 3, done(19))),
            ("warning: slot 5 of lane 0: expected a value below the lane's head, 80, found value 84; ",
             lambda: self.poke_lane_stamp(image, 0, 5, done(21))),
            ("warning: slot 1 of lane 3: expected a value below the lane's head, 3, found value 7; ",
             lambda: self.poke_lane_stamp(image, 3, 1, busy(1))),
            ("error: slot 2 of lane 0: .* found the stamp of value 76, which belongs to slot 3 of lane 0; ",
             lambda: self.poke_lane_stamp(image, 0, 2, done(19))),
            ("error: slot 2 of lane 3: expected a valid stamp, found 0x1000000000000002; ",
             lambda: self.poke_lane_stamp(image, 3, 2, done(2**59))),
            ("warning: slot 3 of lane 0: expected a value below the lane's head, 40, found value 76; ",
             lambda: seat(0, HEAD, 10)),
            ("error: head of lane 2: expected a number below ", lambda: seat(2, HEAD, 2**59)),
            ("error: seat 1 claim kind: expected the number where the only writer of this lane began, ",
             lambda: self.poke_claim(image, 1, "writing", 2)),
            ("warning: seat 1 counters: expected at most 3 values", lambda: seat(1, VALUES, 4)),
            ("warning: padding: .* found 0x78 at byte %d; " % (gap + 5), lambda: self.poke(image, gap + 5, b"x")),
            ("warning: padding: .* at byte %d; " % control, lambda: self.poke(image, control, b"x")),
            ("error: mutex: expected an owner among 4 seats", lambda: self.poke_control(image, mutex=99)),
        ]:
            with self.subTest(says=says):
                image.write_bytes(sound)
                damage()
                text = self.check(FAILED, "--file", image)
                self.assertRegex(text, "(?m)^" + says)
                self.assertNotIn("ok:", text)

    def test_a_claim_beyond_the_head_is_of_who_leaves_numbers_out(self):
        name = self.laned(counts=(20, 3))
        image = self.directory() / "saved.img"
        shutil.copy(SHM / name, image)
        self.poke_claim(image, 1, "idle", 4)
        self.assertRegex(
            self.check(OK, "--file", image),
            "(?m)^note: seat 1 claim: expected a number not beyond the lane's head, 13, found 'since 17': its writer is ")
        self.poke_claim(image, 1, "idle", 2**60)
        self.assertRegex(self.check(FAILED, "--file", image), "(?m)^[a-z]+: seat 1 claim: expected ")

    def test_a_header_that_is_no_longer_laned_is_refused(self):
        name = self.laned(counts=(20, 3))
        for flags in [0, 1, 3, 6]:
            header = bytearray((SHM / name).read_bytes()[:HEADER_BYTES])
            struct.pack_into("<I", header, 20, flags)
            header[24:32] = bytes(8)
            header[24:32] = struct.pack("<Q", fnv1a(header))
            self.poke(SHM / name, 0, header)
            self.assertRegex(self.run_tool("check", name).stdout, "(?m)^error: header: expected ")

    def test_stray_bytes_in_many_gaps_are_counted(self):
        name = self.laned(lanes=9, slots=8)
        for lane in range(9):
            self.poke(SHM / name, self.lane_offset(SHM / name, lane) + 4095, b"x")
        text = self.check(FAILED, name)
        self.assertEqual(text.count("warning: padding: expected zeros from byte "), 5)
        self.assertIn("warning: paddings: 4 more problems like these", text)

    def test_a_dead_batch_is_holes_of_its_lane(self):
        name = self.laned(counts=(20, 3))
        writer = self.halt(name, signal.SIGKILL, 5)
        text = self.check(OK, name)
        self.assertRegex(text, rf"(?m)^note: seat 0 holder: .* found pid {writer.pid}, which died; ")
        self.assertIn("found 5 without a value, from 80 of lane 0 on;", text)
        self.assertIn("32 slots in 4 lanes (6 published, 0 being written, 5 holes)", text)
        self.write_lanes(name, 0)  # the next holder's: what stood before it stays holes
        text = self.check(OK, name)
        self.assertIn("(6 published, 0 being written, 5 holes)", text)
        self.assertNotIn("holder", text)
        self.halt(name, signal.SIGKILL, 0, "lane_claimed")
        self.assertIn("found 6 without a value, from 80 of lane 0 on;", self.check(OK, name))

    def test_the_first_hole_of_all_lanes_is_the_lowest(self):
        name = self.laned(counts=(9, 3, 5))
        for lane, slot in [(2, 4), (1, 2), (0, 7)]:
            self.poke_lane_stamp(SHM / name, lane, slot, 0)
        self.assertIn("found 3 without a value, from 9 of lane 1 on;", self.check(OK, name))

    def test_a_batch_of_a_stopped_writer_is_being_written(self):
        name = self.laned(counts=(20, 3))
        writer = self.halt(name, signal.SIGSTOP, 5)
        text = self.check(FAILED, name)
        self.assertRegex(text, rf"^warning: seat 0 holder: .* found pid {writer.pid} stopped with 5 values claimed and "
                               rf"not published; .*kill -CONT {writer.pid}\n")
        self.assertNotIn("without a value", text)
        (summary,) = [line for line in self.objects("check", name, code=FAILED) if "is_ok" in line]
        self.assertIn("32 slots in 4 lanes (6 published, 5 being written, 0 holes)", summary["verified"])
        writer.send_signal(signal.SIGCONT)
        self.assertEqual(writer.wait(), 0)
        self.assertRegex(self.check(OK, name), r"^ok: .*\(11 published, 0 being written, 0 holes\)")

    def test_an_exclusive_batch_is_being_written_as_a_whole(self):
        name = self.laned(lanes=0)
        writer = self.halt(name, signal.SIGSTOP, 5)
        text = self.check(FAILED, name)
        self.assertRegex(text, rf"^warning: seat 0 holder: .* pid {writer.pid} stopped with 5 values claimed")
        self.assertNotIn("without a value", text)
        writer.kill()
        writer.wait()
        text = self.check(OK, name)
        self.assertIn("found 5 without a value, from 0 on;", text)

    def test_a_long_batch_of_a_living_writer_is_not_of_holes(self):
        name = self.laned(lanes=2, slots=200000)
        self.halt(name, signal.SIGSTOP, 150000)
        (summary,) = [line for line in self.objects("check", name, code=FAILED) if "is_ok" in line]
        self.assertIn("400000 slots in 2 lanes (0 published, 150000 being written, 0 holes)", summary["verified"])

    def test_thousands_of_lanes(self):
        name = self.laned(lanes=4096, slots=1, counts=(2, 1))
        self.assertIn("4096 slots in 4096 lanes (2 published, 0 being written, 0 holes)", self.check(OK, name))

    def test_hot_writers_raise_no_alarm(self):
        name = self.laned(lanes=2, slots=500)
        with self.hot_writers(name, "ts\n", "1\n" * 20000):
            self.eventually(lambda: self.written(name) > 1000)
            end = time.monotonic() + 2
            while time.monotonic() < end:
                self.assertRegex(self.check(OK, name), "(?m)^ok: ")
        self.assertRegex(self.check(OK, name), "(?m)^ok: .* 0 being written, 0 holes")


if __name__ == "__main__":
    unittest.main()
