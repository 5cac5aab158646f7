"""check and doctor, of lossless arenas: sound, damaged, held up."""

import os
import struct
import unittest

from arena_cli import FAILED, OK, SHM
from lossless import EPOCH, EVICTED, GROUP, JOINED, KEPT, MEMBER, RELEASED, WORD, LosslessTest


class CheckLosslessTest(LosslessTest):
    def check(self, code, *args):
        return self.expect(code, "check", *args).stdout

    def test_a_sound_one_is_ok(self):
        for args in [[], ["--exclusive"], ["--lanes", 3], ["--time"]]:
            with self.subTest(args=args):
                name = self.lossless("--consumers", 5, *args)
                self.assertRegex(self.check(OK, name), r"^ok: header \(version 6, .* in 6 regions\), .* 5 consumers, ")
                risk = self.join(name)
                self.write(name, 5)
                risk.ask(2)
                self.join(name, "store", durable=True).leave()
                self.assertRegex(self.check(OK, name), r"^ok: ")
                risk.leave()
                self.assertRegex(self.check(OK, name), r"^ok: ")
        self.assertIn("in 5 regions", self.check(OK, self.create()))

    def test_one_in_use_is_ok(self):
        for args in [[], ["--lanes", 2]]:
            name = self.lossless(*args, slots=64)
            risk = self.join(name)
            self.hot_writer(name, 30000)
            risk.tell(30000)
            for _ in range(5):
                self.assertRegex(self.check(OK, name), r"^ok: ")
            self.assertEqual(risk.process.stdout.readline(), "took 30000\n")

    def test_a_copy_of_one_in_use_is_ok(self):
        for args, slots in [([], 64), (["--lanes", 64], 1024)]:
            with self.subTest(args=args):
                name = self.lossless(*args, slots=slots)
                self.hot_writer(name, 10**9)
                self.join(name).tell(10**9)
                self.eventually(lambda: self.consumers(name)["risk"]["position"] > 0)
                for _ in range(5):
                    image = self.directory() / "copy.arena"
                    self.expect(OK, "snapshot", name, "-o", image)
                    text = self.run_tool("check", "--file", image).stdout
                    self.assertNotRegex(text, r"(?m)^\w+: consumer")

    def damaged(self, *args):
        """A saved one, with two consumers, of which the first is durable."""
        name = self.lossless(*(args or ["--seats", 4]))
        self.join(name, durable=True)
        self.join(name, "store")
        self.write(name, 6)
        return self.saved(name)

    def test_each_damaged_place_is_named(self):
        image = self.damaged()
        sound = image.read_bytes()
        region = self.offset(image, 296)
        line = self.line_offset(image, 0)
        for says, damage in [
            ("warning: consumers padding", lambda: self.poke(image, region + 4, b"x")),
            ("warning: consumers padding", lambda: self.poke(image, region + 63, b"x")),
            ("warning: consumer 0 padding", lambda: self.poke_consumer(image, 0, GROUP, 1)),
            ("warning: consumer 0 padding", lambda: self.poke_consumer(image, 0, WORD + 1, 17)),
            ("warning: consumer 0 padding", lambda: self.poke(image, line + 40, b"x")),
            ("warning: consumer 7 padding", lambda: self.poke(image, line + 7 * 64 + 63, b"x")),
            ("warning: padding: expected zeros from byte", lambda: self.poke(image, line + 8 * 64, b"x")),
            ("warning: consumer 0 position: .* the head, 6, found 7;", lambda: self.poke_consumer(image, 0, RELEASED, 7)),
            ("warning: consumer 5 position", lambda: self.poke_consumer(image, 5, RELEASED, 2**64 - 1)),
            ("error: consumer 0 state: .* of an epoch from 1 on", lambda: self.poke_consumer(image, 0, 0, KEPT)),
            ("error: consumer 0 state: ", lambda: self.poke_consumer(image, 0, 0, EPOCH | 3 << 2 | KEPT)),
            ("error: consumer 0 state: ", lambda: self.poke_consumer(image, 0, 0, EPOCH | 1 << 4 | KEPT)),
            ("error: consumer 0 state: ", lambda: self.poke_consumer(image, 0, 0, EPOCH | MEMBER | KEPT)),
            ("warning: consumer 4 state: .* nobody has", lambda: self.poke_consumer(image, 4, 0, EPOCH | JOINED)),
            ("warning: consumer 4 state: .* nobody has", lambda: self.poke_consumer(image, 4, 0, EPOCH | EVICTED)),
            ("error: consumer 0 name: .* found nothing", lambda: self.poke_consumer_seat(image, 0, 96, bytes(32))),
            ("error: consumer 0 name: .* without control", lambda: self.poke_consumer_seat(image, 0, 96, b"\n")),
            ("error: consumer 1 name: .* no other consumer has, found 'risk'",
             lambda: self.poke_consumer_seat(image, 1, 96, b"risk\0")),
            ("warning: consumer 0 session: .* found 1 begun and 9 ended",
             lambda: self.poke_consumer_seat(image, 0, 56, struct.pack("<Q", 9))),
            ("warning: consumer 0 seat", lambda: self.poke_consumer_seat(image, 0, 0, b"x")),
            ("warning: consumer 1 seat", lambda: self.poke_consumer_seat(image, 1, 32, b"x")),
            ("warning: consumer 2 seat", lambda: self.poke_consumer_seat(image, 2, 144, b"x")),
            ("warning: consumer 3 seat", lambda: self.poke_consumer_seat(image, 3, 160, b"x")),
            ("error: seat 1 waiting: .* of 8 consumers, or for one, found consumer 8;",
             lambda: self.poke_seat(image, 1, 18, 9)),
        ]:
            with self.subTest(says=says):
                image.write_bytes(sound)
                self.assertRegex(self.check(OK, "--file", image), "ok: ")
                damage()
                text = self.check(FAILED, "--file", image)
                self.assertRegex(text, "(?m)^" + says)
                self.assertNotIn("ok:", text)

    def test_of_lanes_the_lane_is_named(self):
        image = self.damaged("--lanes", 4)  # its seats are its lanes
        self.poke_consumer(image, 0, RELEASED + 2, 2)
        self.assertRegex(self.check(FAILED, "--file", image), r"consumer 0 position: .* the lane 2's head, 2, found 10;")

    def test_one_that_is_away_and_in_the_way(self):
        name = self.lossless()
        self.join(name, durable=True).leave()
        self.write(name, 7)
        self.check(OK, name)
        self.write(name, 1)
        self.assertRegex(
            self.check(FAILED, name),
            rf"^warning: consumer 0 holder: .* found 'risk', durable and away, .*; "
            rf"start it again, or: arena-shm consumers {name} --remove risk\n")

    def test_one_that_is_stopped_and_in_the_way(self):
        name = self.lossless()
        risk = self.join(name, "the risk")
        risk.tell("stop")
        self.eventually(lambda: "stopped" in self.expect(OK, "consumers", name).stdout)
        self.write(name, 7)
        self.check(OK, name)
        self.write(name, 1)
        self.assertRegex(self.check(FAILED, name),
                         rf"^warning: consumer 0 holder: .* found pid {risk.pid}, 'the risk', stopped, .*; to continue it: "
                         rf"kill -CONT {risk.pid}; to go on without it: arena-shm consumers {name} --evict 'the risk'\n")

    def test_deaths_and_evictions_are_notes(self):
        name = self.lossless()
        risk = self.join(name)
        risk.end()
        self.assertRegex(self.check(OK, name), rf"note: consumer 0 holder: .* pid {risk.pid}, which died as 'risk'")
        name = self.lossless()
        self.join(name)
        self.expect(OK, "consumers", name, "--evict", "risk")
        self.assertRegex(self.check(OK, name), "note: consumer 0 holder: .* found 'risk' evicted")


class HostileConsumersTest(LosslessTest):
    def looks(self, *args):
        """All that looks at one arena, or at a saved one: each ends, and none of them crashes."""
        for verb in ["inspect", "consumers", "check", "seats"]:
            for form in [[], ["--format", "ndjson"]]:
                if verb == "seats" and "--file" in args:
                    continue
                done = self.run_tool(verb, *args, *form)
                self.assertIn(done.returncode, [OK, FAILED], (verb, args, done.stderr))
        return self.objects("consumers", *args)

    def test_any_words(self):
        for args in [[], ["--lanes", 3], ["--time", "--exclusive"]]:
            name = self.lossless("--consumers", 3, *args)
            self.join(name, durable=True).leave()
            image = self.saved(name)
            words = [0, 1, 2**31, 2**62 - 1, 2**62, 2**63, 2**64 - 1]
            for word in words:
                with self.subTest(args=args, word=word):
                    for consumer in range(3):
                        for i in range(8):
                            self.poke_consumer(image, consumer, i, word)
                    self.looks("--file", image)
                    for offset in range(0, 192, 8):
                        self.poke_consumer_seat(image, 1, offset, struct.pack("<Q", word))
                    for found in self.looks("--file", image):
                        self.assertLessEqual(found["lag"], 2**62)

    def test_a_live_one_that_lies(self):
        for args in [[], ["--lanes", 2], ["--time"]]:
            with self.subTest(args=args):
                name = self.lossless("--consumers", 2, *args)
                self.join(name, durable=True)
                self.write(name, 5)
                for word in [0, 6, 2**61, 2**64 - 1]:
                    self.poke_consumer(SHM / name, 0, RELEASED, word)
                    found = self.looks(name)[0]
                    self.assertLessEqual(found["lag"], 5)
                    for verb in ["list", "metrics"]:
                        self.run_tool(verb)
                    self.expect(OK, "stat", name)

    def test_waiting_for_nobody_that_there_is(self):
        name = self.lossless()
        self.start_writer(name)
        for waits_for, since in [(9, 0), (2**64 - 1, 0), (3, -(2**63)), (3, 2**63 - 1)]:
            self.poke_seat(SHM / name, 0, 18, waits_for)
            self.poke(SHM / name, self.offset(SHM / name, 96) + 152, struct.pack("<q", since))
            self.looks(name)
            (seat,) = self.objects("seats", name)
            if waits_for != 3:
                self.assertIsNone(seat["waits_for"])
            else:
                self.assertEqual(seat["waits_for"], "")
                self.assertGreaterEqual(seat["waits_ns"], 0)

    def test_a_file_that_ends_within_the_consumers(self):
        name = self.lossless("--consumers", 64)
        image = self.saved(name)
        for size in [self.offset(image, 296), self.offset(image, 296) + 70, self.offset(image, 296) + 64 * 10]:
            os.truncate(image, size)
            for verb in ["inspect", "check"]:
                self.assertEqual(self.run_tool(verb, "--file", image).returncode, FAILED)
            self.run_tool("consumers", "--file", image)

    def test_names_are_printable(self):
        name = self.lossless()
        self.join(name)
        self.write(name, 8)
        self.poke_consumer_seat(SHM / name, 0, 96, b"\x1b[2J\n\xff" + b"x" * 24)
        for verb in [["consumers", name], ["inspect", name], ["list"], ["stat", name], ["check", name], ["doctor"]]:
            done = self.run_tool(*verb)
            self.assertNotIn("\x1b[2J", done.stdout + done.stderr, verb)


class GcConsumersTest(LosslessTest):
    def test_who_is_to_come_back_for_values_keeps_the_arena(self):
        name = self.lossless()
        self.join(name, durable=True).leave()
        self.expect(OK, "gc", name, "--force", "--dry-run", says="would remove 1 arena")
        self.write(name, 2)
        self.expect(OK, "gc", name, "--force",
                    says="durable consumer 'risk' has 2 values yet to get; to forget it: arena-shm consumers")
        self.expect(OK, "consumers", name, "--remove", "risk")
        self.expect(OK, "gc", name, "--force", says="removed 1 arena")

    def test_who_lives_keeps_it_and_who_died_does_not(self):
        name = self.lossless()
        risk = self.join(name)
        self.expect(OK, "gc", name, "--force", says="consumer 'risk' is alive")
        risk.end()
        self.expect(OK, "gc", name, "--force", says="removed 1 arena")


class DoctorConsumersTest(LosslessTest):
    def lines(self, name):
        return [line for line in self.expect(OK, "doctor").stdout.splitlines()
                if line[9:24].strip() == "consumers" and f"'{name}'" in line]

    def test_a_writer_that_waits(self):
        name = self.lossless()
        self.join(name)
        self.assertEqual(self.lines(name), [])
        self.blocked_writer(name)
        (line,) = self.lines(name)
        self.assertRegex(line, rf"^warning .* is full because of 'risk'; a writer is waiting for it, for [\d.]+[mu]?s; "
                               rf"to look at it: arena-shm consumers {name}; .*: arena-shm consumers {name} --evict risk$")

    def test_a_durable_one_that_is_away(self):
        name = self.lossless()
        self.join(name, durable=True).leave()
        self.write(name, 7)
        self.assertEqual(self.lines(name), [])
        self.write(name, 1)
        (line,) = self.lines(name)
        self.assertRegex(line, rf"'risk', which is durable and away; start it again, or: arena-shm consumers {name} --remove")

    def test_one_that_is_stopped(self):
        name = self.lossless()
        risk = self.join(name)
        self.write(name, 8)
        self.assertEqual(self.lines(name), [])  # it may be about to read
        risk.tell("stop")
        self.eventually(lambda: self.lines(name))
        self.assertRegex(self.lines(name)[0], rf"pid {risk.pid}, which is stopped; to continue it: kill -CONT {risk.pid}; ")


if __name__ == "__main__":
    unittest.main()
