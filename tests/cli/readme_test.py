"""The session with the tool that README.md shows: run again, and compared."""

import os
import pathlib
import re
import subprocess
import unittest

from arena_cli import TOOL, CliTest

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


class ReadmeTest(CliTest):
    def sessions(self):
        """The blocks of commands and what they print."""
        return re.findall(r"^```console\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)

    def test_the_session_is_true(self):
        blocks = self.sessions()
        self.assertEqual(len(blocks), 1)
        name = self.name("quotes")
        expected = blocks[0]
        commands = [line[2:] for line in expected.splitlines() if line.startswith("$ ")]
        self.assertGreater(len(commands), 5)
        script = "".join(f"echo {self.quoted('$ ' + command)}\n{command}\n" for command in commands)
        directory = self.directory()
        (directory / "arena-shm").symlink_to(TOOL)
        done = subprocess.run(
            ["bash", "-c", re.sub(r"\bquotes\b", name, script)],
            cwd=directory,  # where it leaves its files
            env={**os.environ, "PATH": f"{directory}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        self.assertEqual(self.comparable(done.stdout.replace(name, "quotes")), self.comparable(expected))

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
