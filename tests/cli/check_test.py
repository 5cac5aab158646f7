"""check: verifies an arena, sound, damaged, or in use."""

import hashlib
import os
import shlex
import shutil
import signal
import struct
import time
import unittest

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, OK, SHM, USAGE, CliTest
from segment_pokes import PAGE, Pokes, busy, done


class CheckTest(Pokes, CliTest):
    def check(self, code, *args, **kwargs):
        return self.expect(code, "check", *args, **kwargs).stdout

    def dead_writer(self, name):
        writer = self.start_writer(name)
        writer.kill()
        writer.wait()
        return writer.pid

    def test_a_sound_arena_is_ok(self):
        name = self.create_filled(20)
        text = self.check(OK, name)
        self.assertRegex(text, r"^ok: header \(version 6, .*schema .*head \(20\), mutex \(free\), doorbell")
        self.assertIn("8 slots (8 published, 0 being written, 0 holes)", text)
        self.assertIn("4 slots (0 published,", self.check(OK, self.create(slots=4)))

    def test_a_saved_segment_is_ok(self):
        image = self.directory() / "saved.img"
        shutil.copy(SHM / self.create_filled(20), image)
        self.assertRegex(self.check(OK, "--file", image), r"^ok: ")

    def test_each_damaged_place_is_named(self):
        name = self.create_filled(20)
        sound = (SHM / name).read_bytes()
        image = self.directory() / "saved.img"
        seats, slots, stride = (struct.unpack_from("<Q", sound, at)[0] for at in (96, 112, 136))
        control, doorbell, schema = (struct.unpack_from("<Q", sound, at)[0] for at in (80, 64, 48))
        newest = 3  # the slot of 19
        for says, damage in [
            ("error: header: expected header checksum", lambda: self.poke(image, 130, b"\1")),
            ("error: schema: expected", lambda: self.poke(image, schema + 12, b"x")),
            ("warning: padding: expected zeros from byte 576", lambda: self.poke(image, 600, b"x")),
            ("warning: padding: .* found 0x78 at byte", lambda: self.poke(image, doorbell + 99, b"x")),
            ("error: head: expected a number below", lambda: self.poke_control(image, head=2**61)),
            ("error: mutex: expected an owner among 64", lambda: self.poke_control(image, mutex=99)),
            ("error: mutex: expected a free mutex or an owner", lambda: self.poke_control(image, mutex=2**13)),
            ("warning: mutex: .* up to number 1 of seat 0, found", lambda: self.poke_control(image, mutex=9 * 2**16 + 1)),
            ("warning: mutex: .* below number 0 of seat 0", lambda: self.poke_control(image, mutex=5 * 2**16 + 2**14 + 1)),
            ("warning: padding", lambda: self.poke(image, control + 72, b"x")),
            ("warning: slot 3: expected a value below the head, 19", lambda: self.poke_control(image, head=19)),
            ("error: seat 0 claim: .* found 0x53", lambda: self.poke_claim(image, 0, "invalid", 20)),
            ("warning: seat 0 claim: .* found 'claiming 21'", lambda: self.poke_claim(image, 0, "claiming", 21)),
            ("warning: seat 0 claim: .* found 'writing 20'", lambda: self.poke_claim(image, 0, "writing", 20)),
            ("warning: seat 63 hi: .* found 21", lambda: self.poke_seat(image, 63, 1, 21)),
            ("warning: seat 0 counters: expected at most 20", lambda: self.poke_seat(image, 0, 4, 21)),
            ("warning: seat 0 counters", lambda: self.poke_seat(image, 0, 5, 2**64 - 1)),
            ("error: seat 1 reservations", lambda: self.poke_seat(image, 1, 16, 2**49)),
            ("error: seat 1 waiting: .* found consumer 0;", lambda: self.poke_seat(image, 1, 18, 1)),
            ("error: seat 1 waiting: .* found the time of one", lambda: self.poke_seat(image, 1, 19, 1)),
            ("warning: seat 1 padding", lambda: self.poke_seat(image, 1, 20, 1)),
            ("warning: seat 0 second claim: .* found 'claiming 21'",
             lambda: self.poke_seat(image, 0, 2, 21 << 2 | 1)),
            ("warning: seat 0 second hi: .* found 21", lambda: self.poke_seat(image, 0, 3, 21)),
            ("warning: seat 0 session: .* found 1 begun and 2 ended", lambda: self.poke_seat(image, 0, 7, 2)),
            ("error: slot 2: .* the stamp of value 19, which belongs to slot 3", lambda: self.poke_stamp(image, 2, done(19))),
            ("error: slot 2: .* the stamp of value 19, which belongs to slot 3", lambda: self.poke_stamp(image, 2, busy(19))),
            ("error: slot 2: .* found 0x1;", lambda: self.poke_stamp(image, 2, 1)),
            ("warning: slot 3: .* found value 27", lambda: self.poke_stamp(image, newest, done(27))),
            ("error: header: .* found 16384 bytes; .*: arena-shm export PATH", lambda: os.truncate(image, 16384)),
        ]:
            with self.subTest(says=says):
                image.write_bytes(sound)
                damage()
                text = self.check(FAILED, "--file", image)
                self.assertRegex(text, "(?m)^" + says)
                self.assertNotIn("ok:", text)
        self.assertEqual(len(sound), slots + -(-8 * stride // PAGE) * PAGE)
        self.assertLess(seats, slots)

    def test_bytes_around_a_payload_are_named(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 5000, "--size", 12, "--align", 64)  # stride 128, payload at 64
        self.expect(OK, "write", name, "--format", "raw", stdin=b"Hello, world")
        self.check(OK, name)
        slots = self.offset(SHM / name, 112)
        for at in [slots + 8, slots + 64 + 16, slots + 4999 * 128 + 127]:
            self.poke(SHM / name, at, b"x")
            slot = (at - slots) // 128
            self.assertIn(f"warning: slot {slot}: expected zeros around", self.check(FAILED, name))
            self.poke(SHM / name, at, b"\0")

    def test_large_records_are_checked_without_reading_them(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 3, "--size", 20000)
        self.expect(OK, "write", name, "--format", "raw", stdin=b"x" * 40000)
        self.assertIn("3 slots (2 published, 0 being written, 0 holes)", self.check(OK, name))
        self.poke_stamp(SHM / name, 2, done(1))
        self.assertIn("error: slot 2:", self.check(FAILED, name))

    def test_many_of_a_kind_are_counted(self):
        name = self.create_filled(20, slots=100)
        self.poke_control(SHM / name, head=0)
        text = self.check(FAILED, name)
        self.assertIn("error: slot 4: expected a value below the head, 0", text)
        self.assertIn("error: slots: 15 more problems like these", text)

    def test_another_layout_version_is_incompatible(self):
        name = self.create()
        self.poke(SHM / name, 8, struct.pack("<I", 7))
        self.assertIn("error: header: expected layout version 6", self.check(INCOMPATIBLE, name))

    def test_a_dead_writer_is_mentioned_until_its_seat_is_repaired(self):
        name = self.create()
        pid = self.dead_writer(name)
        text = self.check(OK, name)
        hint = f"arena-shm seats {name} --clear-stale"
        self.assertRegex(text, rf"^note: seat 0 holder: .* found pid {pid}, which died while idle; .*{hint}\nok: ")
        self.expect(OK, *hint.split()[1:])
        self.assertRegex(self.check(OK, name), "^ok: ")

    def test_a_mutex_that_died_with_its_owner_is_mentioned(self):
        name = self.create()
        self.dead_writer(name)
        self.poke_control(SHM / name, mutex=1)
        text = self.check(OK, name)
        self.assertRegex(text, rf"note: mutex: expected a living owner, found seat 0, whose .* seats {name} --clear")

    def test_its_hints_are_quoted_for_the_shell(self):
        name, plain = self.name("it's;odd$"), self.create()
        (SHM / plain).rename(SHM / name)
        self.dead_writer(name)
        self.poke_control(SHM / name, mutex=1)
        commands = [line.partition("now: ")[2] for line in self.check(OK, name).splitlines()[:2]]
        self.assertEqual([shlex.split(command) for command in commands], [["arena-shm", "seats", name, "--clear-stale"]] * 2)

    def test_what_a_writer_died_in_is_a_hole(self):
        name = self.create_filled(3)
        self.dead_writer(name)  # wrote 3
        self.poke_claim(SHM / name, 0, "writing", 4)
        self.poke_control(SHM / name, head=5)
        self.poke_stamp(SHM / name, 4, busy(4))
        text = self.check(OK, name)
        self.assertRegex(text, "note: seat 0 holder: .* died while writing 4;")
        self.assertIn("note: slots: expected a value for each sequence number, found 1 without a value, from 4 on;", text)

    def test_what_a_living_writer_is_in_is_no_hole(self):
        name = self.create_filled(3)
        self.start_writer(name)
        self.poke_claim(SHM / name, 0, "writing", 4)
        self.poke_control(SHM / name, head=5)
        self.poke_stamp(SHM / name, 4, busy(4))
        self.assertRegex(self.check(OK, name), r"^ok: .*4 published, 1 being written, 0 holes")

    def test_a_long_run_that_was_never_published_is_counted_whole(self):
        name = self.create(slots=200000)
        self.start_writer(name)  # wrote 0
        self.poke_claim(SHM / name, 0, "writing", 100000)
        self.poke_seat(SHM / name, 0, 1, 100050)
        self.poke_control(SHM / name, head=350000)
        text = self.check(OK, name)
        self.assertIn("slots: expected a value for each sequence number, found 200000 without a value, from 150000 on;", text)
        self.poke_control(SHM / name, head=150000)
        text = self.check(OK, name)
        self.assertIn("found 149949 without a value, from 1 on;", text)
        self.assertIn("(1 published, 50 being written, 149949 holes)", text)

    def test_a_writer_that_is_stopped_inside_of_a_value_is_a_warning(self):
        name = self.create_filled(3)
        writer = self.start_writer(name)
        writer.send_signal(signal.SIGSTOP)
        self.eventually(lambda: "stopped" in self.expect(OK, "seats", name).stdout)
        self.check(OK, name)
        self.poke_claim(SHM / name, 0, "writing", 4)
        self.poke_control(SHM / name, head=5, mutex=2 << 16 | 1)
        text = self.check(FAILED, name)
        self.assertRegex(text, rf"warning: seat 0 holder: .* pid {writer.pid} stopped while writing 4;")
        self.assertRegex(text, rf"warning: mutex: .* pid {writer.pid} stopped;")

    def test_an_exclusive_arena_has_no_claims(self):
        name = self.create("--exclusive")
        self.expect(OK, "write", name, stdin="ts,px,sym\n1,1,A\n")
        self.check(OK, name)
        self.poke_claim(SHM / name, 0, "writing", 0)
        self.assertIn("seat 0 claim kind: expected the number where the only writer of this arena began", self.check(FAILED, name))

    def test_changes_nothing_and_needs_read_permission_only(self):
        name = self.create_filled(20)
        os.chmod(SHM / name, 0o444)
        before = hashlib.sha256((SHM / name).read_bytes()).hexdigest()
        self.assertRegex(self.check(OK, name, **self.as_nobody()), "^ok: ")
        self.assertEqual(hashlib.sha256((SHM / name).read_bytes()).hexdigest(), before)

    def test_several_are_checked_and_the_first_fault_is_the_exit_code(self):
        good, bad = self.create(), self.create()
        self.poke_control(SHM / bad, mutex=99)
        text = self.check(FAILED, good, bad)
        self.assertRegex(text, rf"(?m)^{good}: ok: ")
        self.assertRegex(text, rf"(?m)^{bad}: error: mutex: ")
        self.assertRegex(self.expect(ABSENT, "check", good + "-", good, says="found no arena").stdout, f"^{good}: ok")
        found = self.objects("check", good, bad, code=FAILED)
        self.assertEqual([line["name"] for line in found], [good, bad, bad])
        every = self.run_tool("check").stdout
        self.assertRegex(every, rf"(?m)^{good}: ok: ")
        self.assertRegex(every, rf"(?m)^{bad}: error: ")

    def test_an_arena_or_a_file(self):
        self.expect(USAGE, "check", "a", "--file", "b", says="--file")

    def test_hot_writers_raise_no_alarm(self):
        for slots in [3, 500, 50000]:
            name = self.create(slots=slots)
            lines = "".join(f"{i},1,A\n" for i in range(20000))
            with self.hot_writers(name, "ts,px,sym\n", lines):
                self.eventually(lambda: self.written(name) > slots)
                before = self.written(name)
                end = time.monotonic() + 2
                while time.monotonic() < end:
                    self.assertRegex(self.check(OK, name), "(?m)^ok: ")
                self.assertGreater(self.written(name), before)
            self.assertRegex(self.check(OK, name), "(?m)^ok: ")


    def test_objects_have_the_findings_of_the_text(self):
        name = self.create()
        self.dead_writer(name)
        self.poke_control(SHM / name, head=2**61, mutex=99)
        self.poke(SHM / name, 600, b"x")
        *findings, summary = self.objects("check", name, code=FAILED)
        text = "".join(f"{found['severity']}: {found['where']}: {found['text']}\n" for found in findings)
        self.assertEqual(text, self.check(FAILED, name))
        self.assertEqual({found["severity"] for found in findings}, {"error", "warning", "note"})
        self.assertIn("mutex", [found["where"] for found in findings])
        self.assertEqual([summary[key] for key in ["name", "is_ok", "findings"]], [name, False, len(findings)])

    def test_the_summary_of_a_sound_arena(self):
        name = self.create_filled(20)
        (summary,) = self.objects("check", name)
        self.assertEqual([summary[key] for key in ["name", "is_ok", "findings"]], [name, True, 0])
        self.assertEqual(f"ok: {', '.join(summary['verified'])}\n", self.check(OK, name))

    def test_objects_of_a_header_that_cannot_be_used(self):
        name = self.create()
        self.poke(SHM / name, 8, struct.pack("<I", 7))
        finding, summary = self.objects("check", name, code=INCOMPATIBLE)
        self.assertEqual([finding["severity"], finding["where"]], ["error", "header"])
        self.assertEqual([summary["is_ok"], summary["verified"]], [False, []])


if __name__ == "__main__":
    unittest.main()
