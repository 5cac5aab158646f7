"""A terminal that is emulated, for verbs that draw on one."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

import pyte

from arena_cli import TOOL


class Emulator(pyte.Screen):
    """With what curses says to a terminal of this kind and pyte does not know."""

    def _scroll(self, line, move, count):
        at = self.cursor.y
        for _ in range(count or 1):
            self.cursor.y = line
            move()
        self.cursor.y = at

    def scroll_up(self, count=None):
        self._scroll(self.margins.bottom if self.margins else self.lines - 1, self.index, count)

    def scroll_down(self, count=None):
        self._scroll(self.margins.top if self.margins else 0, self.reverse_index, count)

    def back_tab(self, count=None):
        for _ in range(count or 1):
            self.cursor.x = max((stop for stop in self.tabstops if stop < self.cursor.x), default=0)


class EmulatorStream(pyte.ByteStream):
    csi = pyte.ByteStream.csi | {"S": "scroll_up", "T": "scroll_down", "Z": "back_tab"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down", "back_tab"}


class Terminal:
    """A top, or another verb, on a terminal, and what that shows."""

    def __init__(self, test, *args, rows=40, columns=160, term="screen-256color", verb="top", **env):
        self.test = test
        self.leader, self.follower = pty.openpty()
        self.screen = Emulator(columns, rows)
        self.stream = EmulatorStream(self.screen)
        self.raw = b""
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.follower)
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LINES", "COLUMNS")}
        self.process = subprocess.Popen(
            [TOOL, verb, *map(str, args)],
            stdin=self.follower,
            stdout=self.follower,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=environment | {"TERM": term, "LC_ALL": "C.UTF-8"} | env,
        )
        os.set_blocking(self.leader, False)
        watchdog = threading.Timer(60, self.process.kill)
        watchdog.start()

        def end():
            watchdog.cancel()
            self.process.kill()
            self.process.communicate()
            for descriptor in (self.leader, self.follower):
                os.close(descriptor)

        test.addCleanup(end)

    def resize(self, rows, columns):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def read(self):
        try:
            while block := os.read(self.leader, 65536):
                self.raw += block
                self.stream.feed(block)
        except BlockingIOError:
            pass

    def lines(self):
        self.read()
        return [line.rstrip() for line in self.screen.display]

    def press(self, keys):
        os.write(self.leader, keys)

    def await_text(self, text):
        self.test.eventually(lambda: any(text in line for line in self.lines()))

    def selected(self):
        """The name in the line that is shown in reverse."""
        rows = [y for y in range(self.screen.lines) if self.screen.buffer[y][0].reverse]
        return self.lines()[rows[0]].split()[0] if rows else None

    def wait(self):
        """Its exit code."""

        def has_ended():
            self.read()  # or it waits for room
            return self.process.poll() is not None

        self.test.eventually(has_ended)
        self.read()
        return self.process.returncode

    def expect_restored(self):
        self.test.assertEqual(termios.tcgetattr(self.follower), self.before)
        self.test.assertIn(b"\x1b[?1049h", self.raw)
        self.test.assertGreater(self.raw.rfind(b"\x1b[?1049l"), self.raw.rfind(b"\x1b[?1049h"))
        self.test.assertGreater(self.raw.rfind(b"\x1b[?25h"), self.raw.rfind(b"\x1b[?25l"))
