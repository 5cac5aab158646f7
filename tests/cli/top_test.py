"""top: the whole screen, on a terminal of its own that a terminal emulator reads."""

import signal
import termios
import time
import unittest

from arena_cli import ABSENT, OF_ALL, OK, CliTest
from emulated_terminal import Terminal

DOWN, UP = b"\x1bOB", b"\x1bOA"


class TopTest(CliTest):
    def setUp(self):
        self.prefix = self.name("")

    def create_named(self, hint):
        """Others may be on this host, as many as fill the screen: `prefix*` is those of this test."""
        name = f"{self.prefix}{hint}"
        self.addCleanup(self.run_tool, "rm", name)
        self.expect(OK, "create", name, "--slots", 8, "--fields", "u64 ts, f64 px, s4 sym")
        return name

    def select(self, terminal, name):
        """From one that comes before it."""
        terminal.await_text(name)
        before = None
        while (selected := self.another_than(before, terminal)) != name:
            terminal.press(DOWN)
            before = selected

    def another_than(self, before, terminal):
        """What is selected, once it is. While the screen is drawn, nothing may be."""
        found = []
        self.eventually(lambda: found.append(terminal.selected()) or found[-1] not in (before, None))
        return found[-1]

    def test_shows_arenas_and_the_seats_of_the_selected_one(self):
        first, second = self.create_named("a"), self.create_named("b")
        writer = self.start_writer(second)
        terminal = Terminal(self, f"{self.prefix}*", "-i", 0.05)
        terminal.await_text("q quit")
        terminal.await_text("sorted by name")
        self.select(terminal, first)
        terminal.await_text(f"{first}: 8 slots for records of 24 bytes")
        terminal.await_text("seats: 64 never used")
        self.select(terminal, second)
        terminal.await_text("seats: 1 alive, 63 never used")
        terminal.await_text(f"0  alive   {writer.pid}")
        writer.kill()
        terminal.await_text("seats: 1 dead, 63 never used")
        dead = [y for y, line in enumerate(terminal.lines()) if line.startswith("   0  dead")]
        self.assertEqual(terminal.screen.buffer[dead[0]][0].fg, "red")

    def test_follows_a_living_writer(self):
        name = self.create_named("a")
        writer = self.start_writer(name)
        terminal = Terminal(self, f"{self.prefix}*", "-i", 0.05)

        def row():
            rows = [line.split() for line in terminal.lines() if line.startswith(name + " ")]
            return rows[0] if rows else [name, ""]

        self.eventually(lambda: row()[1] == "1")
        writer.stdin.write("2,2,B\n3,3,C\n")
        writer.stdin.flush()
        self.eventually(lambda: row()[1] == "3")
        self.expect(OK, "rm", name)
        terminal.await_text(f"'{name}' is gone")

    def test_keys_select_sort_and_reverse(self):
        first, second = self.create_named("a"), self.create_named("b")
        self.expect(OK, "write", second, stdin="ts,px,sym\n1,1,A\n")
        terminal = Terminal(self, f"{self.prefix}*", "-i", 3600)
        self.select(terminal, first)

        def comes_first():
            names = [line.split()[0] for line in terminal.lines() if line.startswith(self.prefix)]
            return names[0] if names else None

        for keys, name in [(b"j", second), (b"k", first), (DOWN, second), (UP, first)]:
            terminal.press(keys)
            self.eventually(lambda: terminal.selected() == name)
        self.assertEqual(comes_first(), first)
        terminal.press(b"ss")
        terminal.await_text("sorted by written")
        self.eventually(lambda: comes_first() == second)
        self.assertEqual(terminal.selected(), first)
        terminal.press(b"r")
        terminal.await_text("reversed")
        self.eventually(lambda: comes_first() == first)

    def shown(self, terminal):
        """The arenas of this test that are on the screen, without what the seats are of."""
        names = [line.split()[0] for line in terminal.lines() if line.startswith(self.prefix)]
        return [name.removeprefix(self.prefix) for name in names if not name.endswith(":")]

    def test_a_question_mark_shows_the_keys_until_the_next_one(self):
        name = self.create_named("a")
        terminal = Terminal(self, f"{self.prefix}*", "-i", 0.05)
        for key in [b"x", b"?", b"\x1b", b"\r"]:
            terminal.await_text(name)
            terminal.press(b"?")
            terminal.await_text("press any key to go back")
            terminal.await_text("Enter keeps it, Esc clears it")
            self.assertEqual(self.shown(terminal), [])
            terminal.press(key)
        terminal.await_text(name)
        terminal.press(b"?")
        terminal.await_text("press any key to go back")
        terminal.resize(24, 80)
        self.eventually(lambda: "press any key to go back" in terminal.lines()[23])
        terminal.press(b"q")
        terminal.await_text(name)
        terminal.press(b"q")
        self.assertEqual(terminal.wait(), OK)

    def test_a_filter_is_typed_kept_and_cleared(self):
        for hint in ["abc-one", "abc-two", "xq"]:
            self.create_named(hint)
        terminal = Terminal(self, f"{self.prefix}*", "-i", 3600)
        self.eventually(lambda: self.shown(terminal) == ["abc-one", "abc-two", "xq"])
        terminal.press(b"/")
        terminal.await_text("Enter keeps, Esc clears")
        terminal.press(self.prefix.encode() + b"ABC")
        self.eventually(lambda: self.shown(terminal) == ["abc-one", "abc-two"])
        terminal.press(b"-tq")
        self.eventually(lambda: self.shown(terminal) == [])
        terminal.press(b"\x7f")
        self.eventually(lambda: self.shown(terminal) == ["abc-two"])
        terminal.press(b"\r")
        terminal.await_text(f"filter: {self.prefix}ABC-t")
        terminal.await_text("1 of ")
        terminal.press(b"\x1b")
        self.eventually(lambda: self.shown(terminal) == ["abc-one", "abc-two", "xq"])
        terminal.press(b"/" + self.prefix.encode() + b"*[wq]*")
        self.eventually(lambda: self.shown(terminal) == ["abc-two", "xq"])
        terminal.press(b"\x1b")
        self.eventually(lambda: self.shown(terminal) == ["abc-one", "abc-two", "xq"])
        terminal.press(b"q")
        self.assertEqual(terminal.wait(), OK)

    def test_names_and_patterns_choose(self):
        for hint in ["abc-one", "abc-two", "xq"]:
            self.create_named(hint)
        terminal = Terminal(self, f"{self.prefix}xq", f"{self.prefix}*-t?o", "-i", 0.05)
        self.eventually(lambda: self.shown(terminal) == ["abc-two", "xq"])
        self.create_named("z-too")
        self.eventually(lambda: self.shown(terminal) == ["abc-two", "xq", "z-too"])
        self.assertEqual(self.expect(OK, "stat", f"{self.prefix}abc*", "-n", 1).stdout.count(self.prefix), 2)
        for name in ["none", "none*"]:
            self.expect(ABSENT, "stat", self.prefix + name, "-n", 1, says=self.prefix + name)
            terminal = Terminal(self, self.prefix + name)
            self.assertEqual(terminal.wait(), ABSENT)
            self.assertIn(self.prefix + name, terminal.process.stderr.read().decode())

    def test_a_resize_is_followed(self):
        name = self.create_named("a")
        terminal = Terminal(self, f"{self.prefix}*", "-i", 3600, rows=40)
        terminal.await_text(name)
        self.assertIn("q quit", terminal.lines()[39])
        terminal.resize(20, 30)
        self.eventually(lambda: "q quit" in terminal.lines()[19])
        for rows, columns in [(1, 1), (2, 5), (3, 300), (25, 100)]:
            terminal.resize(rows, columns)
            time.sleep(0.05)  # any of these may be passed over; none may kill it
            terminal.read()
        self.eventually(lambda: "q quit" in terminal.lines()[24])
        terminal.press(b"q")
        self.assertEqual(terminal.wait(), OK)

    def test_q_restores_the_terminal(self):
        terminal = Terminal(self)
        terminal.await_text("q quit")
        self.assertNotEqual(termios.tcgetattr(terminal.follower), terminal.before)
        terminal.press(b"q")
        self.assertEqual(terminal.wait(), OK)
        terminal.expect_restored()
        self.assertEqual(terminal.process.stderr.read(), b"")

    def test_signals_restore_the_terminal(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            terminal = Terminal(self, "-i", 3600)
            terminal.await_text("q quit")
            terminal.process.send_signal(number)
            self.assertEqual(terminal.wait(), OK)
            terminal.expect_restored()

    def test_the_interrupt_key_restores_the_terminal(self):
        terminal = Terminal(self)
        terminal.await_text("q quit")
        terminal.press(b"\x03")
        self.assertEqual(terminal.wait(), OK)
        terminal.expect_restored()

    def test_no_colours_with_no_color(self):
        name = self.create_named("a")
        writer = self.start_writer(name)
        writer.kill()
        writer.wait()
        terminal = Terminal(self, f"{self.prefix}*", NO_COLOR="1")
        self.select(terminal, name)
        terminal.await_text("seats: 1 dead")
        self.assertNotRegex(terminal.raw, rb"\x1b\[(\d+;)*3[0-7]m")

    def test_what_is_no_terminal_gets_the_lines_of_stat(self):
        name = self.create_filled(20)
        watch = self.start("top", name, "-i", 0.05)  # other columns, where others are lossless
        self.assertEqual(watch.stdout.readline().split()[:2], ["NAME", "WRITTEN"])
        lines = [""]
        while not lines[-1].startswith(name + " ") or not lines[-1].split()[-2].startswith(">"):
            lines.append(watch.stdout.readline())
        self.assertEqual(lines[-1].split()[1:3], ["20", "0"])
        watch.send_signal(signal.SIGINT)
        _, err = watch.communicate(timeout=30)
        self.assertIn(watch.returncode, OF_ALL)
        self.assertNotIn(name, err)  # of the arenas of other tests there may be something to say

    def test_a_terminal_that_cannot_be_drawn_on_gets_the_lines_of_stat(self):
        name = self.create_filled(20)
        for term in ["dumb", "no-such-terminal"]:
            terminal = Terminal(self, "-i", 3600, term=term)
            terminal.await_text(name)
            self.assertTrue(any(line.startswith("NAME ") for line in terminal.lines()))
            self.assertNotIn(b"\x1b[?1049h", terminal.raw)
            terminal.process.send_signal(signal.SIGTERM)
            self.assertIn(terminal.wait(), OF_ALL)
            self.assertEqual(termios.tcgetattr(terminal.follower), terminal.before)


if __name__ == "__main__":
    unittest.main()
