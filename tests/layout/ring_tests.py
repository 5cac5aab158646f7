"""What the tests of programs without the library have in common."""

import importlib.util
import json
import os
import pathlib
import platform
import secrets
import subprocess
import sys
import threading
import time
import unittest

TOOL = os.environ.get("ARENA_SHM_TOOL", "")
RECORDS = os.environ.get("ARENA_SHM_LAYOUT_RECORDS", "")
READER = pathlib.Path(__file__).resolve().parents[2] / "tools/examples/read_without_library.py"
SHM = pathlib.Path("/dev/shm")


def load(path):
    """A program as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(writer, n):
    """A record as records.cpp makes it."""
    return {"writer": writer, "n": n, "words": [n * 31 + writer * 7 + i for i in range(24)],
            "text": str(n % 10_000_000), "quarter": n % 1000 / 4, "minus": -(n % 100), "odd": n % 2 == 1,
            "low": n % 256}


def flat(values):
    return [one for value in values for one in (flat(value) if isinstance(value, list) else [value])]


class RingTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        if platform.machine() != "x86_64":
            self.skipTest("another processor needs fences, which Python has not")

    def name(self):
        name = f"arena-test.layout-{os.getpid()}-{secrets.token_hex(4)}"
        self.addCleanup((SHM / name).unlink, missing_ok=True)
        return name

    def create(self, *kinds, slots=64):
        name = self.name()
        subprocess.run([RECORDS, "create", name, str(slots), *kinds], check=True)
        return name

    def run_tool(self, *args, code=0, stdin=""):
        done = subprocess.run([TOOL, *map(str, args)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60)
        self.assertIn(done.returncode, code if isinstance(code, tuple) else (code,), f"{args}\n{done.stderr}")
        return done

    def start(self, *command, **kwargs):
        """A process that is killed after a minute, and at the end of the test."""
        process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True, **kwargs)
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()

        def end():
            watchdog.cancel()
            process.kill()
            process.wait()
            for stream in filter(None, (process.stdin, process.stdout, process.stderr)):
                stream.close()

        self.addCleanup(end)
        return process

    def start_writer(self, name, writer, count=0, pause_us=0):
        process = self.start(RECORDS, "write", name, writer, count, pause_us)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def read(self, path, seconds=0.3):
        """What the program says of an arena in which nothing goes on."""
        command = [sys.executable, "-B", READER, path, str(seconds)]
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def tail(self, *where):
        """What the library says: {sequence number: fields}"""
        lines = self.run_tool("tail", *where, "--from", "0", "--format", "ndjson", code=(0, 3)).stdout.splitlines()
        rows = [{key: flat(value) if isinstance(value, list) else value for key, value in json.loads(line).items()}
                for line in lines]
        return {row.pop("_seq"): row for row in rows}

    def eventually(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, "waited in vain")
            time.sleep(0.01)
