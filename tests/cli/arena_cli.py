"""What the tests of the verbs have in common: each runs the built tool, with arenas of its own."""

import contextlib
import csv
import io
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import unittest

TOOL = os.environ["ARENA_SHM_TOOL"]
SHM = pathlib.Path("/dev/shm")
TICK = "u64 ts, f64 px, s4 sym"

OK, FAILED, USAGE, LOST, ABSENT, INCOMPATIBLE = range(6)
# Of a verb that looks at all arenas, where other tests have damaged ones.
DAMAGED = (FAILED, INCOMPATIBLE)
OF_ALL = (OK, *DAMAGED)


class CliTest(unittest.TestCase):
    maxDiff = None

    def name(self, hint="arena"):
        """A name that nobody else uses; the arena is removed after the test."""
        name = f"cli-{os.getpid()}-{secrets.token_hex(4)}-{hint}"
        self.addCleanup((SHM / name).unlink, missing_ok=True)
        return name

    def directory(self):
        path = tempfile.mkdtemp(prefix="arena-shm-cli-")
        self.addCleanup(shutil.rmtree, path)
        os.chmod(path, 0o755)
        return pathlib.Path(path)

    def run_tool(self, *args, stdin="", **kwargs):
        """Runs a verb to its end. Texts in, texts out; bytes in, bytes out."""
        kwargs.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(
            [TOOL, *map(str, args)],
            input=stdin,
            stderr=subprocess.PIPE,
            text=isinstance(stdin, str),
            timeout=60,
            **kwargs,
        )

    def expect(self, code, *args, says="", **kwargs):
        """Runs a verb that is to end with this code, or one of these, and to say something on standard error."""
        done = self.run_tool(*args, **kwargs)
        self.assertIn(done.returncode, code if isinstance(code, tuple) else (code,), f"{args}\n{done.stdout}\n{done.stderr}")
        if says:
            self.assertIn(says, done.stderr)
        return done

    def in_namespace(self, script, *args):
        """Runs a verb behind a script of the shell, with mounts of its own; the script has the tool as "$0"."""
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            self.skipTest("needs root and unshare")
        if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.PIPE).returncode != 0:
            self.skipTest("mount namespaces cannot be made here")
        return subprocess.run(["unshare", "--mount", "sh", "-ec", f'{script}\nexec "$0" "$@"', TOOL, *args],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)

    def verbs(self):
        """All that the help names, in its order."""
        return re.findall(r"(?m)^  ([a-z]\S*) ", self.expect(OK, "--help").stdout)

    def objects(self, *args, code=OK, **kwargs):
        """What a verb says with --format json: an object a line."""
        lines = self.expect(code, *args, "--format", "json", **kwargs).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def csv_rows(self, *args, code=OK, **kwargs):
        """What a verb says with --format csv: each line by the names in the heading."""
        return list(csv.DictReader(io.StringIO(self.expect(code, *args, "--format", "csv", **kwargs).stdout)))

    def create(self, *args, fields=TICK, slots=8):
        name = self.name()
        self.expect(OK, "create", name, "--slots", slots, "--fields", fields, *args)
        return name

    def create_filled(self, count, **kwargs):
        """An arena into which `count` ticks were written: ts 0, 1, 2, ..., px ts / 2, sym "S" and the last digit."""
        name = self.create(**kwargs)
        lines = "".join(f"{i},{i / 2},S{i % 10}\n" for i in range(count))
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + lines)
        return name

    def start(self, *args, **kwargs):
        """Starts a verb that goes on until it is ended, at the latest after a minute; with pipes to and from it."""
        for stream in ("stdin", "stdout", "stderr"):
            kwargs.setdefault(stream, subprocess.PIPE)
        process = subprocess.Popen([TOOL, *map(str, args)], text=True, **kwargs)

        watchdog = threading.Timer(60, process.kill)  # a test that reads in vain fails, and does not hang
        watchdog.start()

        def end():
            watchdog.cancel()
            process.kill()
            process.send_signal(signal.SIGCONT)
            process.communicate()

        self.addCleanup(end)
        return process

    def start_writer(self, name):
        """A living writer with one value in the ring."""
        writer = self.start("write", name)
        writer.stdin.write("ts,px,sym\n1,1,A\n")
        writer.stdin.flush()
        self.eventually(lambda: "alive" in self.expect(OK, "seats", name).stdout and self.written(name) > 0)
        return writer

    @contextlib.contextmanager
    def hot_writers(self, name, heading, lines):
        """Two writers that are fed these lines again and again; they have ended when this is over."""
        writers = [self.start("write", name, stderr=None) for _ in range(2)]
        stop = threading.Event()

        def feed(writer):
            writer.stdin.write(heading)
            while not stop.is_set():
                writer.stdin.write(lines)

        threads = [threading.Thread(target=feed, args=(writer,)) for writer in writers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            for writer in writers:
                writer.communicate()

    def written(self, name):
        return int(self.row(name)[5])

    def row(self, name):
        """The line of `list` for one arena, as cells."""
        lines = self.expect(OF_ALL, "list").stdout.splitlines()
        rows = [line for line in lines if line.split()[0] == name]
        self.assertEqual(len(rows), 1, lines)
        return rows[0].split()

    def eventually(self, condition, seconds=20):
        """Waits until the condition holds. No test depends on how long that takes."""
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, "waited in vain")
            time.sleep(0.02)

    def as_nobody(self):
        """Arguments of run_tool for an unprivileged user who can run the tool."""
        if os.geteuid() != 0:
            self.skipTest("only root can run something as another user")
        copy = self.directory() / "arena-shm"
        shutil.copy(TOOL, copy)
        os.chmod(copy, stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
        return {"executable": copy, "user": 65534, "group": 65534, "extra_groups": []}
