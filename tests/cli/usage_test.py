"""The tool as a whole: help, version, what it says of a wrong command line."""

import os
import pathlib
import pty
import socket
import subprocess
import unittest

from arena_cli import ABSENT, OF_ALL, OK, SHM, TOOL, USAGE, CliTest

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
    "consumers",
    "stat",
    "metrics",
    "serve",
    "top",
    "check",
    "rm",
    "gc",
    "doctor",
    "bench",
    "help",
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
            ([""], "see arena-shm --help"),
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
            (["inspect", "a", "--file", "b"], "--file"),
            (["stat", "-i", "0"], "a time from 10ms to 1d"),
            (["stat", "-i", "nan"], "a time from 10ms to 1d"),
            (["stat", "-c", "-1"], "whole number"),
            (["metrics", "--listen", "70000"], "port up to 65535"),
            (["metrics", "--listen", "::1:9464"], "[ADDR]:PORT"),
            (["metrics", "--listen", ":9464"], "ADDR:PORT"),
            (["rm"], "NAME"),
            (["-v5"], "no such option: '-v5'"),
            (["tail", "x", "--ever", "2"], "did you mean '--every'?"),
            (["tail", "x", "--follow=no"], "--follow: expected no value"),
            (["tail", "x", "-n", "1", "-n", "2"], "expected once"),
            (["tail", "x", "-n"], "expected a value"),
            (["replay", "x", "y", "z"], "expected nothing more, found 'z'"),
            (["create", "x", "--slots", "1"], "expected one of --as, --fields, --schema, --size, found none"),
        ]:
            with self.subTest(args=args):
                done = self.expect(USAGE, *args, says=says)
                self.assertEqual(done.stdout, "")
                self.assertTrue(done.stderr.startswith("arena-shm: "))

    def test_a_word_for_a_verb_suggests_the_verb(self):
        for word, verb in {
            "stats": "stat", "ls": "list", "cat": "tail", "show": "inspect' or 'tail", "lsit": "list", "LIST": "list",
            "snap": "snapshot", "delete": "rm", "new": "create", "ps": "seats", "put": "write", "load": "replay",
            "convert": "export", "verify": "check", "versions": "version", "hepl": "help",
        }.items():
            with self.subTest(word=word):
                self.expect(USAGE, word, says=f"did you mean '{verb}'")
                self.expect(USAGE, "help", word, says=f"did you mean '{verb}'")

    def test_without_a_verb_they_are_shown_by_purpose(self):
        page = self.expect(OK, "--help").stdout
        self.assertLess(page.index("\nWatch arenas:\n"), page.index("\n  top "))
        self.assertLess(page.index("\n  top "), page.index("\nKeep values in files:\n"))
        for args in [[], ["help"], ["-h"]]:
            with self.subTest(args=args):
                self.assertEqual(self.expect(OK, *args).stdout, page)

    def test_help_of_a_verb(self):
        for verb in VERBS:
            self.assertEqual(self.expect(OK, "help", verb).stdout, self.expect(OK, verb, "--help").stdout)
        self.assertEqual(self.expect(OK, "version").stdout, self.expect(OK, "-V").stdout)

    def test_a_misspelt_arena_suggests_the_near_one(self):
        name = self.create()
        for verb in ["tail", "inspect", "seats", "write", "stat", "rm"]:
            with self.subTest(verb=verb):
                self.expect(ABSENT, verb, name + "x", says=f"did you mean '{name}'?")

    def test_names_that_cannot_be_are_usage_errors(self):
        for name, found in [("a/b", "'/' at position 2"), ("..", "'.' at position 1"), ("x" * 300, "300 characters"),
                            ("", "an empty name"), ("/", "an empty name"), ("/a b", "a space at position 3"),
                            ("//a", "'/' at position 2"), ("mär", "'ä' at position 2"), ("a\n", "a control character at position 2"),
                            ("x\x7fy z", "a control character at position 2"), ("y" * 250 + "\u20ac", "'€' at position 251"),
                            ("ab\udcffc", r"'\xff' at position 3")]:
            with self.subTest(name=name):
                self.expect(USAGE, "create", name, "--slots", 1, "--size", 8, says=f", found {found}; choose another name")
                self.expect(USAGE, "rm", name, says=f", found {found}; choose another name")

    def test_what_to_do_about_an_absent_arena_fits_the_verb(self):
        name = self.name()
        for verb in ["rm", "gc", "inspect", "seats", "check", "stat", "tail", "record -o -", "snapshot -o x.npy"]:
            done = self.expect(ABSENT, *verb.split(), name, says="to list the arenas: arena-shm list")
            self.assertNotIn("create it", done.stderr)
        self.expect(ABSENT, "tail", name, says="; wait for it with --wait; to list the arenas")
        self.expect(ABSENT, "record", "-o", "-", name, says="; wait for it with --wait; to list the arenas")
        self.expect(ABSENT, "write", name, says="create it first; to list the arenas: arena-shm list")

    def test_with_standard_descriptors_closed_nothing_is_printed_into_a_file(self):
        """As a shell closes them: `arena-shm list >&-`. What is said then is lost, and goes nowhere else."""
        name = self.create_filled(20)
        segment = (SHM / name).read_bytes()
        for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"]:
            for verb in ["list", "inspect", "tail", "seats", "stat", "check", "doctor"]:
                with self.subTest(verb=verb, closed=closed):
                    self.closed(closed, verb, *([] if verb in ["list", "doctor"] else [name]))
                    self.assertEqual((SHM / name).read_bytes(), segment)
            with self.subTest(verb="record", closed=closed):
                file = self.directory() / "t.csv"  # while it is open, a gap is told on standard error
                self.closed(closed, "record", name, "--from", 0, "-o", file, "--max-count", 3)
                self.assertEqual(file.read_text(), "_seq,ts,px,sym\n12,12,6.0,S2\n13,13,6.5,S3\n14,14,7.0,S4\n")
            with self.subTest(verb="write", closed=closed):
                other = self.create()
                before = (SHM / other).read_bytes()[:4096]
                self.closed(closed, "write", other, stdin="ts,px,sym\n1,1,A\nx,2,B\n")
                self.assertEqual((SHM / other).read_bytes()[:4096], before)

    def test_a_server_talks_into_no_socket(self):
        """Started with a descriptor closed, it would answer there who comes first, and tell its troubles to him."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        command = ["sh", "-c", 'exec "$0" "$@" <&- 2>&-', TOOL, "metrics", "--listen", f"127.0.0.1:{port}"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        listening = f":{port:04X} 00000000:0000 0A"
        self.eventually(lambda: listening in pathlib.Path(f"/proc/{server.pid}/net/tcp").read_text())
        for fd in [0, 2]:
            self.assertEqual(os.readlink(f"/proc/{server.pid}/fd/{fd}"), "/")

    def closed(self, closed, *args, stdin=""):
        subprocess.run(
            ["sh", "-c", f'exec "$0" "$@" {closed}', TOOL, *map(str, args)],
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

    def on_terminal(self, *args, **env):
        """What a verb prints on a terminal."""
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | env
        done = subprocess.run([TOOL, *args], stdout=follower, stderr=subprocess.DEVNULL, env=environment, timeout=60)
        self.assertIn(done.returncode, OF_ALL)
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
        self.assertNotIn("\x1b", self.expect(OF_ALL, "list").stdout)
        self.assertIn(b"\x1b[", self.on_terminal("list"))
        self.assertNotIn(b"\x1b", self.on_terminal("list", NO_COLOR="1"))
        self.assertNotIn(b"\x1b", self.on_terminal("list", TERM="dumb"))


if __name__ == "__main__":
    unittest.main()
