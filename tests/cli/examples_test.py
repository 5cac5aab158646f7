"""The examples of each verb's help run, and end as they should. Names of arenas are replaced by the test's own."""

import os
import re
import subprocess
import unittest

from arena_cli import FAILED, OK, SHM, TOOL, CliTest

NAMES = ["ticks", "imu", "old", "new"]
GOES_ON = re.compile(r" (-f|--follow)\b")  # until it is interrupted


def verbs_of(text):
    lines = text.split("Subcommands:\n")[1].split("\n\n")[0].splitlines()
    return [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")]


class ExamplesTest(CliTest):
    def setUp(self):
        super().setUp()
        self.sandbox = self.directory()
        self.names = {name: self.name(name) for name in NAMES}
        tools = self.sandbox / "bin"
        tools.mkdir()
        (tools / "arena-shm").symlink_to(TOOL)
        self.environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(self.sandbox)}
        for directory in [".local/share/bash-completion/completions", ".config/fish/completions"]:
            (self.sandbox / directory).mkdir(parents=True)

    def examples(self, verb):
        text = self.expect(OK, verb, "--help").stdout
        lines = text[text.index("Example:\n") + len("Example:\n") :].splitlines()
        return [line.strip() for line in lines if line.strip()]

    def prepare(self, verb, command):
        """The arenas and files that the example takes for granted."""
        for word, name in self.names.items():
            (SHM / name).unlink(missing_ok=True)
            if verb != "create" and re.search(rf"\b{word}\b", command):
                self.expect(OK, "create", name, "--slots", 64, "--fields", "u64 ts, f64 px")
                lines = "".join(f"{i},{i / 2}\n" for i in range(10))
                self.expect(OK, "write", name, stdin="ts,px\n" + lines)
        if "saved.img" in command:
            source = self.name("saved")
            self.expect(OK, "create", source, "--slots", 4, "--size", 8)
            (self.sandbox / "saved.img").write_bytes((SHM / source).read_bytes())

    def run_example(self, command):
        for word, name in self.names.items():
            command = re.sub(rf"(?<=[ =]){word}\b(?!['.])", name, command)
        command = re.sub(r"\| jq \S+", "| cat", command)
        command = GOES_ON.sub("", command)
        if re.search(r"arena-shm (rm|gc)\b", command) and "--dry-run" not in command:
            self.assertTrue(any(name in command for name in self.names.values()), "this would touch others' arenas")
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self.sandbox,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    def test_every_example_runs(self):
        verbs = verbs_of(self.expect(OK, "--help").stdout)
        self.assertIn("tail", verbs)
        for verb in verbs:
            examples = self.examples(verb)
            self.assertGreater(len(examples), 0)
            for command in examples:
                with self.subTest(command=command):
                    self.assertIn(f"arena-shm {verb}", command)
                    self.prepare(verb, command)
                    done = self.run_example(command)
                    self.assertEqual(done.returncode, OK, done.stdout + done.stderr)

    def test_examples_do_what_they_show(self):
        for verb, command in [("create", self.examples("create")[0]), ("rm", self.examples("rm")[0])]:
            self.prepare(verb, command)
            self.assertEqual(self.run_example(command).returncode, OK)
            self.assertEqual((SHM / self.names["ticks"]).exists(), verb == "create")
        command = "printf 'ts,px\\n1,2.5\\n2,2.75\\n' | arena-shm write ticks"
        self.assertIn(command, self.examples("write"))
        self.prepare("write", command)
        self.run_example(command)
        self.assertEqual(self.written(self.names["ticks"]), 12)

    def test_an_example_that_fails_is_seen(self):
        self.prepare("tail", "")
        self.assertNotEqual(self.run_example("arena-shm tail ticks").returncode, OK)
        self.assertEqual(self.run_example("arena-shm create ticks --slots 1 --size 8").returncode, OK)
        self.assertEqual(self.run_example("arena-shm create ticks --slots 1 --size 8 | cat").returncode, FAILED)


if __name__ == "__main__":
    unittest.main()
