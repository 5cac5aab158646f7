"""The tool as a whole: help, version, what it says of a wrong command line."""

import os
import pty
import subprocess
import unittest

from arena_cli import ABSENT, OK, TOOL, USAGE, CliTest

VERBS = [
    "create",
    "list",
    "inspect",
    "tail",
    "write",
    "record",
    "snapshot",
    "export",
    "replay",
    "seats",
    "stat",
    "metrics",
    "top",
    "check",
    "rm",
    "gc",
    "doctor",
    "bench",
    "completion",
]


class UsageTest(CliTest):
    def test_version(self):
        self.assertRegex(self.expect(OK, "--version").stdout, r"^arena-shm \d+\.\d+\.\d+\n$")

    def test_help_names_every_verb_and_the_exit_codes(self):
        text = self.expect(OK, "--help").stdout
        for verb in VERBS:
            self.assertIn(f"\n  {verb} ", text)
        self.assertIn("4 no such arena", text)

    def test_every_verb_has_help_with_an_example(self):
        for verb in VERBS:
            text = self.expect(OK, verb, "--help").stdout
            self.assertIn("Example", text)
            self.assertIn(f"arena-shm {verb}", text)

    def test_wrong_command_lines_are_usage_errors(self):
        for args, says in [
            ([], "subcommand is required"),
            (["lst"], "did you mean 'list'?"),
            (["nonsense"], "see arena-shm --help"),
            (["--nonsense"], "see arena-shm --help"),
            (["tail"], "see arena-shm tail --help"),
            (["tail", "x", "--format", "xml"], "xml"),
            (["tail", "x", "--from", "yesterday"], "oldest, newest or a sequence number"),
            (["tail", "x", "-n", "-1"], "whole number"),
            (["write", "x", "--rate", "0"], "--rate"),
            (["list", "--format", "influx"], "influx"),
            (["inspect", "x", "--format", "csv"], "csv"),
            (["check", "x", "--format", "csv"], "csv"),
            (["inspect"], "--file"),
            (["stat", "-i", "0"], "seconds from 0.01"),
            (["stat", "-i", "nan"], "seconds from 0.01"),
            (["stat", "-c", "-1"], "whole number"),
            (["metrics", "--listen", "70000"], "port up to 65535"),
            (["metrics", "--listen", "::1:9464"], "[ADDR]:PORT"),
            (["metrics", "--listen", ":9464"], "ADDR:PORT"),
            (["rm"], "NAME"),
        ]:
            with self.subTest(args=args):
                done = self.expect(USAGE, *args, says=says)
                self.assertEqual(done.stdout, "")
                self.assertTrue(done.stderr.startswith("arena-shm: "))

    def test_a_misspelt_arena_suggests_the_near_one(self):
        name = self.create()
        for verb in ["tail", "inspect", "seats", "write", "stat", "rm"]:
            with self.subTest(verb=verb):
                self.expect(ABSENT, verb, name + "x", says=f"did you mean '{name}'?")

    def test_names_that_cannot_be_are_usage_errors(self):
        for name in ["a/b", "..", "x" * 300, ""]:
            with self.subTest(name=name):
                self.expect(USAGE, "create", name, "--slots", 1, "--size", 8)

    def on_terminal(self, *args, **env):
        """What a verb prints on a terminal."""
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | env
        subprocess.run(
            [TOOL, *args], stdout=follower, stderr=subprocess.DEVNULL, env=environment, check=True, timeout=60
        )
        os.close(follower)
        text = b""
        while True:
            try:
                block = os.read(leader, 4096)
            except OSError:  # a terminal without a follower
                return text
            if not block:
                return text
            text += block

    def test_escape_codes_only_on_a_terminal_and_not_with_no_color(self):
        self.create()
        self.assertNotIn("\x1b", self.expect(OK, "list").stdout)
        self.assertIn(b"\x1b[", self.on_terminal("list"))
        self.assertNotIn(b"\x1b", self.on_terminal("list", NO_COLOR="1"))
        self.assertNotIn(b"\x1b", self.on_terminal("list", TERM="dumb"))


if __name__ == "__main__":
    unittest.main()
