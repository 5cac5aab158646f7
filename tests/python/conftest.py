"""What the tests of the Python package share: names that no other program uses, and processes of their own."""

import itertools
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import arena_shm

TICK = np.dtype([("ts_ns", "u8"), ("px", "f8"), ("sym", "S8")])
LONG = os.environ.get("ARENA_SHM_LONG") == "1"
_numbers = itertools.count()


@pytest.fixture
def names():
    """Gives names, and removes what has them."""
    made = []

    def new():
        made.append(f"arena-test.{os.getpid()}.{next(_numbers)}")
        return made[-1]

    maker = os.getpid()
    yield new
    if os.getpid() == maker:
        for one in made:
            pathlib.Path("/dev/shm", one).unlink(missing_ok=True)


@pytest.fixture
def name(names):
    return names()


@pytest.fixture
def ring(name):
    with arena_shm.create(name, TICK, slots=64) as made:
        yield made


@pytest.fixture
def lossless(name):
    with arena_shm.create(name, TICK, slots=8, full="wait") as made:
        yield made


def ticks(count, first=0):
    values = np.zeros(count, TICK)
    values["ts_ns"] = np.arange(first, first + count)
    values["px"] = values["ts_ns"] / 4
    values["sym"] = b"ES"
    return values


def start(code, *arguments, **options):
    """A process that runs the code, with the arguments in `sys.argv[1:]`."""
    return subprocess.Popen(
        [sys.executable, "-c", "import sys, arena_shm, numpy as np\n" + code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(process, seconds=30):
    """(exit code, what it printed). Its complaints are shown, where pytest shows them."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        pytest.fail(f"still running after {seconds} s: {out} {err}")
    sys.stderr.write(err)
    return process.returncode, out


def run(code, *arguments, **options):
    return finish(start(code, *arguments, **options))
