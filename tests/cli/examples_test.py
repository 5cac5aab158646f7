"""The examples of each verb's help run, and end as they should. Names of arenas are replaced by the test's own."""

import functools
import os
import pathlib
import re
import socket
import subprocess
import unittest

import nats_server
from arena_cli import FAILED, OF_ALL, OK, SHM, TOOL, CliTest
from lossless import PARTY

NAMES = ["ticks", "imu", "old", "new", "copy", "orders"]
MADE_BY_THE_EXAMPLE = {"create": ["ticks", "orders"], "replay": ["copy"], "mirror": ["copy"]}
GOES_ON = re.compile(  # until it is interrupted
    r"arena-shm (record|capture|stat|top|serve|plot (?!.*-o)|metrics --listen|forward|mirror|(tail|latest) .*(-f|-F|--follow))\b"
)
PLAIN = "u64 ts, f64 px"
RICH = ["capture", "latest", "plot", "tail"]  # whose examples ask for more of it
INTERRUPTED_SOON = "timeout --foreground --preserve-status --signal TERM 2 "  # foreground: one signal, for a second one kills
LOOKS_AT_ALL = ["list", "stat", "top", "metrics", "inspect", "seats", "consumers", "check", "gc"]


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
            is_needed = re.search(rf"\b{word}\b", command) or (verb == "mirror" and word == "ticks")
            if word not in MADE_BY_THE_EXAMPLE.get(verb, []) and is_needed:
                lossless = ["--lossless"] if word == "orders" else []
                is_rich = verb in RICH and not lossless
                fields = PLAIN + ", u32 qty, s4 sym, s4 venue" if is_rich and word == "ticks" else PLAIN
                times = ["--time"] if is_rich else []
                self.expect(OK, "create", name, "--slots", 64, "--fields", fields, *lossless, *times)
                if lossless:  # with a consumer, and a group, that are away
                    for who in [["risk"], ["workers", "share"]]:
                        subprocess.run([PARTY, "consume", name, *who, "durable"], stdin=subprocess.DEVNULL, check=True,
                                       stdout=subprocess.DEVNULL)
                more, rest = (",qty,sym,venue", ",3,ES,X") if fields != PLAIN else ("", "")
                lines = "".join(f"{i},{i / 2}{rest}\n" for i in range(10))
                self.expect(OK, "write", name, stdin=f"ts,px{more}\n" + lines)
        if verb == "trigger":
            capture = self.start("capture", self.names["ticks"], "-o", self.sandbox / "t.csv", "--before", 1, "--after", 1)
            while "watching" not in capture.stderr.readline():
                pass
        if verb == "mirror":
            self.run_example("arena-shm forward ticks --to nats://hub")
            (SHM / self.names["ticks"]).unlink()
        if "saved.img" in command:
            source = self.name("saved")
            self.expect(OK, "create", source, "--slots", 4, "--size", 8)
            (self.sandbox / "saved.img").write_bytes((SHM / source).read_bytes())
        if "--save-dir captures" in command:
            (self.sandbox / "captures").mkdir()
        for output in self.sandbox.glob("*.*"):
            if output.is_file() and output.name != "saved.img":
                output.unlink()
        # Files that it reads; -o names those that it makes.
        read = re.sub(r"-o \S+", "", command)
        for file, make in [("ticks.npy", "snapshot"), ("ticks.csv", "snapshot"), ("crash.arena", "snapshot")]:
            if file in read and f"-o {file}" not in command:
                (SHM / self.names["ticks"]).unlink(missing_ok=True)
                self.expect(OK, "create", self.names["ticks"], "--slots", 64, "--fields", "u64 ts, f64 px")
                self.expect(OK, "write", self.names["ticks"], stdin="ts,px\n" + "".join(f"{i},1\n" for i in range(10)))
                self.expect(OK, make, self.names["ticks"], "-o", self.sandbox / file)

    @functools.cache
    def server(self):
        return nats_server.Server(self)

    def run_example(self, command):
        for word, name in self.names.items():
            command = re.sub(rf"(?<=[ =]){word}\b(?!['.])", name, command)
        command = re.sub(r"\| jq .*", "| cat", command)
        command = command.replace("9464", "0")  # any port
        command = re.sub(r"nats://\S+", lambda _: self.server().url, command.replace("9465", "0"))
        command = re.sub("--creds [a-z]+.creds", "", command).replace("--replicas 3", "--replicas 1")  # it is one, for all
        command = re.sub(r"arena-shm serve\b(?!.*--listen)", "arena-shm serve --listen 0", command)
        command = re.sub("bench --quick$", "bench --quick --only W8", command)
        if GOES_ON.match(command):
            command = INTERRUPTED_SOON + command
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

    def test_every_example_runs_of_verbs_up_to_m(self):
        self.run_all([verb for verb in self.verbs() if verb < "m"])

    def test_every_example_runs_of_verbs_from_m_on(self):
        self.run_all([verb for verb in self.verbs() if verb >= "m"])

    def run_all(self, verbs):
        self.assertGreater(len(verbs), 9)
        for verb in verbs:
            examples = self.examples(verb)
            self.assertGreater(len(examples), 0)
            for command in examples:
                with self.subTest(command=command):
                    self.assertRegex(command, rf"arena-shm {verb}\b|^python3 ")
                    if command.startswith("python3") and not self.has_numpy():
                        continue
                    if verb == "bench" and not pathlib.Path(TOOL).with_name("arena-bench").exists():
                        continue
                    if verb in ["forward", "mirror"] and nats_server.PROGRAM is None:
                        continue
                    if "[::1]" in command and not self.has_ipv6():
                        continue
                    self.prepare(verb, command)
                    done = self.run_example(command)
                    looks_at_all = not any(re.search(rf"\b{word}\b", command) for word in self.names)
                    codes = OF_ALL if looks_at_all and verb in LOOKS_AT_ALL else (OK,)
                    self.assertIn(done.returncode, codes, done.stdout + done.stderr)

    def has_numpy(self):
        return subprocess.run(["python3", "-c", "import numpy"], capture_output=True, check=False).returncode == 0

    @staticmethod
    def has_ipv6():
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
            return True
        except OSError:
            return False

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
