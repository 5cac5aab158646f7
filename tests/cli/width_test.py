"""On a terminal no line of a table is wider than that; elsewhere nothing is cut."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import unicodedata
import unittest

from arena_cli import OF_ALL, OK, TOOL, CliTest

MARK = "…"
WIDE = ["東京", "ab", "e\u0301", "\N{GRINNING FACE}!", "서울특별시"]
LONG = "-".join(["a-name-that-somebody-has-chosen"] * 3)


def columns(text):
    """How many a terminal needs for it."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


class WidthTest(CliTest):
    def on_terminal(self, width, *args):
        """What it prints on a terminal of its own: the lines of standard output, and of standard error."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        process = subprocess.Popen(
            [TOOL, *map(str, args)],
            stdin=subprocess.DEVNULL,
            stdout=follower,
            stderr=subprocess.PIPE,
            env=os.environ | {"NO_COLOR": "1"},
        )
        os.close(follower)
        out = b""
        try:
            while block := os.read(leader, 65536):
                out += block
        except OSError:  # the last one has closed it
            pass
        os.close(leader)
        _, err = process.communicate(timeout=60)
        return out.decode().split("\r\n")[:-1], err.decode().splitlines()

    def create_wide(self):
        """A long name, many fields, texts, an array."""
        fields = ", ".join(["i64 ts", "s100 text", "i32 side", *[f"f64 field_number_{i}" for i in range(40)], "f32[50] samples"])
        name = self.name(LONG)
        self.expect(OK, "create", name, "--slots", 16, "--fields", fields)
        value = {"ts": 2**60, "text": "é" * 40, "side": 7, "samples": [i / 7 for i in range(50)]}
        value |= {f"field_number_{i}": 1 / (i + 3) for i in range(40)}
        self.expect(OK, "write", name, "--format", "ndjson", stdin=(json.dumps(value) + "\n") * 12)
        return name

    def create_undescribed(self):
        name = self.name("undescribed")
        self.expect(OK, "create", name, "--slots", 2, "--size", "1M")
        self.expect(OK, "write", name, "--format", "raw", stdin=os.urandom(1 << 20))
        return name

    def test_lines_fit_the_terminal(self):
        wide, undescribed = self.create_wide(), self.create_undescribed()
        for width in [50, 60, 80, 120]:
            for args in [
                ["list"],
                ["stat", wide, undescribed],
                ["seats", wide],
                ["seats", wide, undescribed],
                ["inspect", wide],
                ["inspect", undescribed],
                ["tail", wide],
                ["tail", wide, "--format", "hex"],
                ["tail", undescribed],
            ]:
                lines, _ = self.on_terminal(width, *args)
                self.assertEqual([line for line in lines if len(line) > width], [], (width, args))
                self.assertGreater(len(lines), 1, args)

    def test_where_there_is_no_terminal_nothing_is_cut(self):
        wide, undescribed = self.create_wide(), self.create_undescribed()
        for args in [["list"], ["stat", wide], ["seats", wide, undescribed], ["inspect", wide], ["tail", wide]]:
            self.assertIn(wide if args[0] != "tail" else "é" * 40, self.expect(OF_ALL, *args).stdout)
        done = self.expect(OK, "tail", wide)
        self.assertIn("field_number_39", done.stdout)
        self.assertNotIn("no room", done.stderr)
        self.assertRegex(self.expect(OK, "tail", undescribed, "-n", 1).stdout, r"000010(  ?[0-9a-f]{2}){8}")

    def test_columns_begin_below_each_other_whatever_the_script(self):
        name = self.create(fields="s20 sym, u64 n", slots=16)
        self.expect(OK, "write", name, stdin="sym,n\n" + "".join(f"{text},{i}\n" for i, text in enumerate(WIDE)))
        heading, *lines = self.expect(OK, "tail", name).stdout.splitlines()
        self.assertEqual([columns(line) for line in lines], [len(heading)] * len(WIDE))
        for i, line in enumerate(lines):
            self.assertEqual(line.split(), [f"{i}", WIDE[i], f"{i}"])

    def test_wide_texts_fit_the_terminal_and_stay_whole_characters(self):
        name = self.create(fields=", ".join(f"s80 s{i}" for i in range(6)), slots=16)
        self.expect(OK, "write", name, stdin="s0,s1,s2,s3,s4,s5\n" + "".join(",".join([text * 5] * 6) + "\n" for text in WIDE))
        for width in range(40, 60):
            lines, _ = self.on_terminal(width, "tail", name)
            self.assertEqual([line for line in lines if columns(line) > width or "\\x" in line], [], width)
            self.assertEqual(len(lines), 1 + len(WIDE))

    def test_what_is_cut_has_a_mark_and_what_is_left_out_is_said(self):
        wide = self.create_wide()
        lines, notes = self.on_terminal(80, "tail", wide)
        self.assertEqual(len(lines), 1 + 10)
        self.assertIn("é" + MARK, lines[1])
        self.assertNotIn("field_number_9", lines[0])
        self.assertRegex("\n".join(notes), r"no room for \d+ more fields; choose fields with --fields")
        lines, notes = self.on_terminal(80, "tail", wide, "--fields", "side,field_number_39")
        self.assertEqual(lines[0].split(), ["_seq", "side", "field_number_39"])
        self.assertEqual(notes, [])
        lines, _ = self.on_terminal(80, "list")
        (row,) = [line for line in lines if line.startswith(wide[:15])]
        self.assertIn(MARK, row)
        self.assertIn("WRITTEN", lines[0])
        self.assertIn("RATE/s", lines[0])
        lines, _ = self.on_terminal(40, "list")
        self.assertEqual(lines[0].split()[:3], ["NAME", "WRITTEN", "RATE/s"])

    def test_what_programs_read_is_never_cut(self):
        wide = self.create_wide()
        for args in [["list"], ["stat", wide], ["tail", wide, "-n", 1]]:
            lines, _ = self.on_terminal(60, *args, "--format", "json")
            self.assertIn(wide if args[0] != "tail" else 2**60, [value for one in map(json.loads, lines) for value in one.values()])


if __name__ == "__main__":
    unittest.main()
