"""Random sequences of calls, with good and bad arguments, closed handles, and threads: errors, but never a crash."""

import random
import sys
import time

import numpy as np
import pytest
from conftest import LONG, TICK, finish, start

import arena_shm

SECONDS = 120 if LONG else 4

FUZZ = """
import random, threading, time, gc
from test_fuzz import Fuzzer
Fuzzer(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])).run()
print("done")
"""


class Fuzzer:
    """Everything that it makes is kept in one list, and used for what it is not, too."""

    def __init__(self, name, seed, seconds):
        self.random, self.seconds, self.count = random.Random(seed), seconds, 0
        self.names = [f"{name}.{i}" for i in range(3)]
        self.kept = [None]

    def value(self):
        """Good for something, perhaps."""
        pick = self.random.choice
        return pick(
            [
                lambda: pick(self.kept),
                lambda: pick(self.names),
                lambda: (1, 2.5, b"x"),
                lambda: np.zeros(pick([0, 1, 7, 3000]), TICK),
                lambda: np.zeros(1, TICK)[0],
                lambda: {"ts_ns": 1, "px": 2, "sym": "a"},
                lambda: pick([0, 1, -1, 5, 63, 2**31, 2**63, 2**64]),
                lambda: pick([0.0, 0.001, -1.0, float("nan"), float("inf"), 1e300]),
                lambda: pick(["oldest", "newest", "", "px", "wait"]),
                lambda: [pick([0, 1, 2**63])] * pick([0, 1, 3]),
                lambda: [(1, 2, "x")] * pick([1, 9]),
                lambda: slice(None, None, pick([1, -1])),
                lambda: TICK,
                lambda: "f8",
                lambda: b"bytes",
                lambda: object(),
                lambda: np.float64(0.5),
            ]
        )()

    def make(self):
        pick = self.random.choice
        return pick([arena_shm.create, arena_shm.open_or_create])(
            pick(self.names),
            pick([TICK, TICK, TICK, "f8", "V9"]),
            pick([1, 2, 8, 64, 100]),
            **{
                key: value
                for key, value in {
                    "writers": pick(["shared", "exclusive", "laned"]),
                    "full": pick(["overwrite", "wait"]),
                    "time": pick([True, False]),
                    "patience": 0.001,
                    "seats": pick([1, 2, 4]),
                    "consumers": 3,
                }.items()
                if self.random.random() < 0.6
            },
        )

    def call(self):
        """One of the methods of something, with whatever arguments; no wait is a long one."""
        one = self.random.choice(self.kept)
        if one is None:
            return self.random.choice(
                [
                    self.make,
                    lambda: arena_shm.open(self.value()),
                    lambda: arena_shm.view(self.value()),
                    lambda: arena_shm.WaitSet(),
                    lambda: arena_shm.remove(self.random.choice(self.names)),
                ]
            )()
        if isinstance(one, (np.ndarray, np.void)):  # numpy has calls that take for ever
            return one[self.value()]
        name = self.random.choice(
            [
                name
                for name in dir(type(one))
                if not name.startswith("_")
                or name in ("__len__", "__getitem__", "__next__", "__reduce__", "__repr__", "__exit__", "__iter__")
            ]
        )
        if name in ("alloc", "alloc_many", "alloc_for") and self.waits_for_ever(one):
            name = "try_alloc"
        attribute = getattr(one, name)
        if not callable(attribute):
            return attribute
        if name in ("wait", "follow", "batches"):
            return attribute(**{"timeout": self.random.choice([0, 0.0005, -1, float("nan")])})
        return attribute(*[self.value() for _ in range(self.random.choice([0, 1, 1, 1, 2]))])

    @staticmethod
    def waits_for_ever(one):
        ring = getattr(one, "_ring", one)
        return getattr(getattr(ring, "info", None), "full", "") == "wait" and not ring.info.patience

    def run(self):
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            self.count += 1
            try:
                made = self.call()
            except (
                arena_shm.Error,
                TypeError,
                ValueError,
                LookupError,
                AttributeError,
                StopIteration,
                OverflowError,
                MemoryError,
            ):
                continue
            if isinstance(
                made,
                (
                    arena_shm.View,
                    arena_shm.Writer,
                    arena_shm.Reader,
                    arena_shm.Consumer,
                    arena_shm.WaitSet,
                    arena_shm.Follow,
                    np.ndarray,
                    np.void,
                ),
            ):
                self.kept.append(made)
            if isinstance(made, (np.ndarray, np.void)):
                repr(made[:3] if isinstance(made, np.ndarray) and made.ndim else made)
            while len(self.kept) > 30:
                self.kept.pop(self.random.randrange(1, len(self.kept)))


THREADED = FUZZ.replace(
    "Fuzzer(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])).run()",
    """
fuzzers = [Fuzzer(sys.argv[1], int(sys.argv[2]) + i, float(sys.argv[3])) for i in range(4)]
for one in fuzzers: one.kept = fuzzers[0].kept
threads = [threading.Thread(target=one.run) for one in fuzzers]
for one in threads: one.start()
for one in threads: one.join()
""",
)


@pytest.mark.parametrize("code", [FUZZ, THREADED], ids=["one thread", "several threads"])
def test_random_calls_crash_nothing(names, code):
    seed = random.SystemRandom().randrange(2**31) if LONG else 7
    base = names()
    path = __file__.rpartition("/")[0]
    process = start(
        f"import faulthandler; faulthandler.enable(); sys.path.insert(0, {path!r})\n" + code,
        base,
        str(seed),
        str(SECONDS / 2),
    )
    try:
        outcome = finish(process, SECONDS + 60)
        assert outcome == (0, "done\n"), f"seed {seed}"
    finally:
        for i in range(3):
            arena_shm.remove(f"{base}.{i}")


if __name__ == "__main__":
    Fuzzer("arena-test.fuzz", int(sys.argv[1]), 60).run()
