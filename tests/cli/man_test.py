"""The manual pages, which are made of the command line itself."""

import re
import shutil
import subprocess
import unittest

from arena_cli import OK, CliTest


class ManTest(CliTest):
    def pages(self):
        directory = self.directory() / "man1"
        self.expect(OK, "man", directory)
        return directory

    def shown(self, page):
        """The page as a reader sees it."""
        if shutil.which("man") is None:
            self.skipTest("man-db is not installed")
        done = subprocess.run(
            ["man", "--warnings", "--encoding=UTF-8", "--local-file", str(page)],
            env={"MANWIDTH": "100", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""), page)
        return re.sub("\x1b\\[[0-9;]*m|.\b", "", done.stdout)

    def test_there_is_one_for_the_tool_and_one_for_each_verb(self):
        names = sorted(path.name for path in self.pages().iterdir())
        self.assertIn("tail", self.verbs())
        self.assertEqual(names, sorted(["arena-shm.1", *(f"arena-shm-{verb}.1" for verb in self.verbs())]))

    def test_they_have_no_faults_and_every_option(self):
        for page in self.pages().iterdir():
            with self.subTest(page=page.name):
                text = self.shown(page)
                for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"]:
                    self.assertRegex(text, f"(?m)^{section}$")
                verb = page.stem.removeprefix("arena-shm").removeprefix("-")
                if not verb:
                    continue
                self.assertRegex(text, "(?m)^EXAMPLES$")
                help_lines = self.expect(OK, verb, "--help").stdout.splitlines()
                for line in help_lines:
                    if line.startswith("  -"):
                        self.assertIn(line.split()[0].split(",")[-1], text)
                example = help_lines[help_lines.index("Example:") + 1 :]
                for line in filter(None, example):
                    self.assertIn(line.strip().split()[0], text)

    def test_examples_are_shown_as_they_are(self):
        text = self.shown(self.pages() / "arena-shm-write.1")
        self.assertIn(r"printf 'ts,px\n1,2.5\n2,2.75\n' | arena-shm write ticks", text)

    def test_the_verb_that_writes_them_is_hidden(self):
        self.assertNotIn("man", self.verbs())
        self.assertNotIn("manual", self.expect(OK, "--help").stdout)


if __name__ == "__main__":
    unittest.main()
