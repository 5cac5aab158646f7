"""capture and trigger: when somebody says so."""

import contextlib
import os
import pathlib
import pty
import signal
import subprocess
import sys
import time
import unittest

from arena_cli import ABSENT, OK, TOOL
from capturing import Capturing

# As a shell does it that controls jobs: the terminal is its own, and it starts a job in the background.
SHELL = """
import fcntl, os, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
job = subprocess.Popen(sys.argv[1:], preexec_fn=os.setpgrp)
print(job.pid, flush=True)
job.wait()
"""


class CaptureHandTest(Capturing):
    def test_who_triggers_while_a_file_is_written_gets_an_answer(self):
        name = self.ring(4096, "--time")
        run = self.capture(name, "--before", 3, "--after", 3)
        self.expect(OK, "trigger", name)
        self.eventually(lambda: pathlib.Path(f"{self.out}.1.csv").exists())
        self.assertEqual(self.expect(OK, "trigger", name).stdout, f"triggered process {run.pid}\n")
        self.says("triggered again: ")
        self.write(name, range(10))
        self.says("captured ")
        self.assertIn("captured 1 time, lost 0", self.ends(run, stop=True))

    def test_who_triggers_while_there_is_no_arena_gets_an_answer(self):
        name = self.name()
        run = self.capture(name, waits=True)
        self.assertEqual(self.expect(OK, "trigger", name).stdout, f"triggered process {run.pid}\n")
        self.says("there is no arena")
        self.assertIn("captured 0 times", self.ends(run, stop=True))

    def test_by_hand(self):
        name = self.ring(4096, "--time")
        self.write(name, range(100))
        run = self.capture(name, "--before", 20, "--after", 5)
        run.send_signal(signal.SIGUSR1)
        time.sleep(0.2)  # by now it has noticed, in all probability; else less is asked of the rows below
        self.write(name, range(100, 110))
        self.says("captured ")
        found = self.numbers(1)
        self.assertEqual(found, [*range(found[0], found[0] + len(found))])
        self.assertEqual(len(self.triggers(1)), 1)
        done = self.expect(OK, "trigger", name)
        self.assertEqual(done.stdout, f"triggered process {run.pid}\n")
        self.write(name, range(110, 120))
        self.says("captured ", 2)
        self.assertEqual(len(self.triggers(2)), 1)
        self.assertGreater(self.numbers(2)[0], found[-1])
        self.assertIn("captured 2 times, lost 0", self.ends(run, stop=True))

    def test_by_a_key(self):
        name = self.ring()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        run = self.capture(name, "--before", 20, "--after", 5, "-n", 1, stdin=slave)
        os.close(slave)
        self.says("press Enter to trigger")
        os.write(master, b"\n")
        for n in range(40):
            self.write(name, [n])
            if run.poll() is not None:
                break
        self.ends(run)
        self.assertEqual(len(self.triggers(1)), 1)

    def test_in_the_background_of_a_terminal_it_goes_on(self):
        name = self.ring()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        folder = self.directory()
        self.notes, self.out = folder / "notes", folder / "out"
        with self.notes.open("w") as notes:
            shell = subprocess.Popen([sys.executable, "-c", SHELL, TOOL, "capture", name, "-o", f"{self.out}.csv",
                                      "--when", "n == 5", "--before", "3", "--after", "2", "-n", "1"],
                                     stdin=slave, stdout=subprocess.PIPE, stderr=notes, text=True,
                                     start_new_session=True)
        os.close(slave)
        self.addCleanup(shell.communicate)
        job = int(shell.stdout.readline())

        def end():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(job, signal.SIGKILL)

        self.addCleanup(end)
        self.says("watching")
        os.write(master, b"typed for the shell\n")
        self.write(name, range(10))
        self.eventually(lambda: "captured 1 time" in self.notes.read_text())
        self.assertEqual(self.triggers(1), [5])

    def test_trigger_without_a_capture(self):
        name = self.ring()
        self.expect(ABSENT, "trigger", name, says="start one: arena-shm capture")

    def test_an_arena_with_a_long_name_can_be_triggered(self):
        name = self.make(self.name("x" * 150))
        run = self.capture(name, "--before", 3, "--after", 0, "-n", 1)
        self.assertEqual(self.expect(OK, "trigger", name).stdout, f"triggered process {run.pid}\n")
        self.expect(ABSENT, "trigger", name + "y")
        self.write(name, range(5))
        self.ends(run)
        self.assertEqual(len(self.triggers(1)), 1)

    def test_what_was_overwritten_before_it_began_is_not_lost(self):
        name = self.ring(8, "--time")
        self.write(name, range(100))
        time.sleep(0.2)
        run = self.capture(name, "--before", "1ms", "--after", "50ms", "-n", 2)
        for i in (1, 2):  # a moment in which nothing is written
            self.expect(OK, "trigger", name)
            self.says("captured ", i)
        self.assertIn("captured 2 times, lost 0", self.ends(run))


if __name__ == "__main__":
    unittest.main()
