"""The sessions with the tool that README.md shows: run again, and compared."""

import os
import pathlib
import re
import subprocess
import unittest

from arena_cli import OK, TOOL, CliTest
from nats_server import Server

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


class ReadmeTest(CliTest):
    def sessions(self):
        """The blocks of commands and what they print."""
        return re.findall(r"^```console\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)

    def expect_true(self, session, name, replaced=()):
        commands = [line[2:] for line in session.splitlines() if line.startswith("$ ")]
        script = "".join(f"echo {self.quoted('$ ' + command)}\n{command}\n" for command in commands)
        directory = self.directory()
        (directory / "arena-shm").symlink_to(TOOL)
        for shown, meant in replaced:
            script = "".join(line if line.startswith("echo") else line.replace(shown, meant)
                             for line in script.splitlines(keepends=True))
        done = subprocess.run(
            ["bash", "-c", re.sub(r"\bquotes\b", name, script) + "kill $(jobs -p) 2> /dev/null; wait"],
            cwd=directory,  # where it leaves its files
            env={**os.environ, "PATH": f"{directory}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        self.assertEqual(self.comparable(done.stdout.replace(name, "quotes")), self.comparable(session))

    def test_the_session_is_true(self):
        session, _ = self.sessions()
        self.assertGreater(session.count("\n$ "), 5)
        self.expect_true(session, self.name("quotes"))

    def test_the_session_with_another_host_is_true(self):
        _, session = self.sessions()
        self.assertEqual(session.count("arena-shm "), 3)
        server = Server(self)
        name, copy = self.name("quotes"), self.name("copy")
        self.expect(OK, "create", name, "--slots", 4, "--fields", "u64 ts_ns, f64 px")
        self.expect(OK, "write", name, stdin="ts_ns,px\n1,101.25\n2,101.5\n")
        self.expect_true(session, name, [("nats://hub:4222", server.url), ("copy", copy)])

    @staticmethod
    def quoted(text):
        return "'" + text.replace("'", "'\\''") + "'"

    @staticmethod
    def comparable(text):
        """Without what is another at each run: points in time, process ids, and the widths that follow from them."""
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
        return "\n".join(re.sub(r" +", " ", line).rstrip() for line in text.splitlines())


if __name__ == "__main__":
    unittest.main()
