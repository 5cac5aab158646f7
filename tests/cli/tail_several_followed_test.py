"""tail of several arenas that are written to, come and go meanwhile."""

import fcntl
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import termios
import unittest

from arena_cli import INCOMPATIBLE, LOST, OK, SHM
from several_rings import SeveralRings

WRITER = os.environ["ARENA_SHM_FULL_SPEED_WRITER"]
MOST_GONE = 16
# Nothing matches it, and who looks at each value is slower than the writer, and never done, whoever has the processors.
NEVER = " || ".join(["number == 0", *(f"rest[{i % 6}] * {i + 2} > px + 1e30" for i in range(60))])
OFFSET_OF_LAYOUT = 8


class TailSeveralFollowedTest(SeveralRings):
    def numbers(self, run, count):
        return [json.loads(run.stdout.readline())["n"] for _ in range(count)]

    def test_nothing_is_lost_between_what_is_there_and_what_comes(self):
        first, second = (self.make_of_own_times(self.name(), slots=4096) for _ in range(2))
        self.write_times(first, *range(1, 2001))
        self.write_times(second, 1)
        tail, notes = self.notes_of(first, second, "-f", "--last", "1800s", "--format", "ndjson")
        # The pipe is full: it has looked at what is there, and not at what comes.
        self.eventually(lambda: struct.unpack("i", fcntl.ioctl(tail.stdout, termios.FIONREAD, b"    "))[0] > 60_000)
        self.write_times(first, *range(2001, 2011), *range(9001, 9011))
        self.assertEqual(self.numbers(tail, 1821), [*range(200, 2011), *range(9001, 9011)])
        self.assertEqual(self.stop(tail), "")
        self.assertIn("read 1821 values of 2 arenas\n", notes.read_text())

    def at_full_speed(self, slots=1 << 18):
        """Returns: the name of an arena that is written to meanwhile; and who says how many values it has by now."""
        name = self.name()
        writer = subprocess.Popen([WRITER, name, str(slots)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(writer.communicate)

        def written():
            writer.stdin.write("\n")
            writer.stdin.flush()
            return int(writer.stdout.readline())

        written()
        return name, written

    def test_a_stop_is_seen_beside_a_writer_at_full_speed(self):
        name, _ = self.at_full_speed()
        silent = self.make(self.name(), fields="u64 number, f64 px, f64[6] rest")
        tail, notes = self.notes_of(name, silent, "-f", "--order", "arrival", "--where", NEVER, "--format", "ndjson")
        self.eventually(lambda: notes.read_text().count("gap: ") >= 5)  # what was there has been looked at
        self.assertEqual(self.stop(tail, LOST), "")

    def test_what_is_there_comes_to_an_end_beside_a_writer_at_full_speed(self):
        name, _ = self.at_full_speed()
        silent = self.make(self.name(), fields="u64 number, f64 px, f64[6] rest")
        for args, count in ((["-n", 3], 3), (["--where", NEVER], 0)):
            done = self.expect((OK, LOST), "tail", name, silent, "--order", "arrival", "--format", "ndjson", *args)
            self.assertLessEqual(len(done.stdout.splitlines()), count)

    def test_lost_values_are_told_beside_a_writer_at_full_speed(self):
        name, written = self.at_full_speed()
        folder = self.directory()
        for verb in (["tail", name, "-F", "--format", "ndjson"], ["record", name, "-o", folder / "t.csv"]):
            with self.subTest(verb=verb[0]):
                notes = folder / "notes"
                with notes.open("w") as file:
                    run = self.start(*verb, "--where", NEVER, stderr=file)
                self.eventually(lambda: name in pathlib.Path(f"/proc/{run.pid}/maps").read_text())
                run.send_signal(signal.SIGSTOP)
                before = written()
                self.eventually(lambda: written() > before + (1 << 19))
                run.send_signal(signal.SIGCONT)
                self.eventually(lambda: "gap: " in notes.read_text())
                self.stop(run, LOST)

    def test_what_was_read_before_an_error_is_printed(self):
        names = self.pair()
        tail, notes = self.notes_of(*names, "-F", "--format", "ndjson")
        self.write(names[1], 7)
        self.assertEqual(self.numbers(tail, 1), [7])
        tail.send_signal(signal.SIGSTOP)
        self.write(names[0], 1, 2, 3)
        self.expect(OK, "rm", names[0])
        self.make(names[0], fields="f32 w")
        tail.send_signal(signal.SIGCONT)
        out, _ = tail.communicate(timeout=30)
        self.assertEqual(tail.returncode, INCOMPATIBLE, notes.read_text())
        self.assertEqual([json.loads(line)["n"] for line in out.splitlines()], [1, 2, 3])
        self.assertIn("cannot go on with the new", notes.read_text())

    def test_a_stranger_that_matches_the_pattern_is_left_out(self):
        for by in ("-f", "-F"):
            base = self.name()
            first = self.make(f"{base}.a")
            tail, notes = self.notes_of(f"{base}.*", by, "--format", "csv")
            self.write(first, 1)
            self.assertTrue(tail.stdout.readline().startswith("_arena,"))
            self.assertTrue(tail.stdout.readline().endswith(",1\n"))
            for name, args in ((f"{base}.b", {"fields": "f32 w"}), (f"{base}.c", {"time": ""})):
                self.make(name, **args)
                self.eventually(lambda: f"skipped '{name}'" in notes.read_text())
            self.write(first, 2)
            self.assertTrue(tail.stdout.readline().endswith(",2\n"))
            self.assertEqual(self.stop(tail), "")
            self.assertEqual(notes.read_text().count("skipped"), 2)

    def test_one_that_was_waited_for_and_does_not_fit_ends_it(self):
        names = [self.name(), self.name()]
        tail, notes = self.notes_of(*names, "-F")
        self.eventually(lambda: "waiting for" in notes.read_text())
        self.make(names[0], time="")
        tail.communicate(timeout=30)
        self.assertNotEqual(tail.returncode, OK)
        self.assertIn(names[0], notes.read_text())

    def test_one_that_cannot_be_opened_yet_joins_later(self):
        base = self.name()
        first, second = self.make(f"{base}.a"), self.make(f"{base}.b")
        self.write(second, 5)
        whole = (SHM / second).read_bytes()
        damaged = bytearray(whole)
        damaged[OFFSET_OF_LAYOUT] ^= 0x40
        (SHM / second).write_bytes(damaged)
        tail, notes = self.notes_of(f"{base}.*", "-f", "--format", "ndjson")
        self.eventually(lambda: f"skipped '{second}'" in notes.read_text())
        self.write(first, 1)
        self.assertEqual(self.numbers(tail, 1), [1])
        (SHM / second).write_bytes(whole)
        self.assertEqual(self.numbers(tail, 1), [5])
        self.stop(tail)

    def test_of_arenas_that_are_gone_only_the_last_ones_are_kept(self):
        base = self.name()
        tail, notes = self.notes_of(f"{base}.*", "-F", "--format", "ndjson")
        last = self.make(f"{base}.last")
        self.write(last, 1)
        self.assertEqual(self.numbers(tail, 1), [1])
        model = self.make(self.name())
        self.write(model, *range(21))
        names = [f"{base}.{i}" for i in range(MOST_GONE + 4)]
        for name in names:
            self.addCleanup((SHM / name).unlink, missing_ok=True)
            shutil.copy(SHM / model, SHM / f"{model}.copy")
            (SHM / f"{model}.copy").rename(SHM / name)
        self.assertEqual(len(self.numbers(tail, len(names) * 21)), len(names) * 21)
        for name in names:
            (SHM / name).unlink()

        def mapped():
            text = pathlib.Path(f"/proc/{tail.pid}/maps").read_text()
            return sum(f"/{name} " in text for name in names)

        self.eventually(lambda: mapped() == MOST_GONE)
        self.write(last, 99)
        self.assertEqual(self.numbers(tail, 1), [99])
        self.stop(tail)
        self.assertIn(f"of {len(names) + 1} arenas\n", notes.read_text())


if __name__ == "__main__":
    unittest.main()
