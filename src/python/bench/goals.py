#!/usr/bin/env python3
"""The package against C++, multiprocessing.Queue, and a ring of numpy records under a lock, in one run.

    PYTHONPATH=build/default/python src/python/bench/goals.py [SLICES] [build/default/bin/arena-python-compare]

Slices of all contestants take turns, so that what else the machine does meets all of them. Of each ratio it prints the
median over the slices, and the quartiles; then the goal, and whether it is met. Exit code: 0 all are, 1 not.
"""

import multiprocessing
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from multiprocessing import shared_memory

import numpy as np

import arena_shm

RECORD = np.dtype([("ts_ns", "u8"), ("px", "f8"), ("rest", "S48")])
TICK = np.dtype([("ts_ns", "u8"), ("px", "f8"), ("sym", "S8")])
SLOTS, BATCH, ROUNDS, ALLOCS = 65536, 4096, 8, 20_000  # ROUNDS and BATCH as in compare.cpp
NAME = f"arena-bench.python.{os.getpid()}"


def each(count, work):
    """Nanoseconds for each of `count`, which `work` does: the second time, when the caches are its own."""
    work()
    begin = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - begin) / count


class Queue:
    """multiprocessing.Queue, with a process that takes what comes, for a queue that nobody reads is not one."""

    def __init__(self):
        self.queue = multiprocessing.Queue()
        self.told = multiprocessing.Queue()
        self.process = multiprocessing.Process(target=self.take, daemon=True)
        self.process.start()

    def take(self):
        get = self.queue.get
        while True:
            for _ in range(ALLOCS):
                get()
            self.told.put(None)

    def slice(self):
        """(put until it returns, put until all have been taken)"""
        put = self.queue.put
        begin = time.perf_counter_ns()
        for i in range(ALLOCS):
            put((i, 101.25, b"ES"))
        called = time.perf_counter_ns() - begin
        self.told.get()
        return called / ALLOCS, (time.perf_counter_ns() - begin) / ALLOCS


class NumpyRing:
    """What one writes without the package: a structured array in shared memory, its head, and a lock."""

    def __init__(self):
        self.memory = shared_memory.SharedMemory(create=True, size=64 + SLOTS * TICK.itemsize)
        self.head = np.ndarray((1,), "u8", self.memory.buf)
        self.slots = np.ndarray((SLOTS,), TICK, self.memory.buf, 64)
        self.lock = multiprocessing.Lock()

    def slice(self):
        head, slots, lock = self.head, self.slots, self.lock

        def work():
            for i in range(ALLOCS):
                with lock:
                    seq = int(head[0])
                    slots[seq % SLOTS] = (i, 101.25, b"ES")
                    head[0] = seq + 1

        return each(ALLOCS, work)

    def close(self):
        del self.head, self.slots
        self.memory.close()
        self.memory.unlink()


class Package:
    def __init__(self):
        self.full = arena_shm.create(NAME, RECORD, slots=SLOTS)
        self.ticks = arena_shm.create(f"{NAME}.ticks", TICK, slots=SLOTS)
        self.writer = self.full.writer()
        self.values = np.zeros(BATCH, RECORD)
        self.alloc_many()
        self.view = arena_shm.view(NAME)
        self.reader = self.view.reader()

    def alloc_many(self):
        append, values = self.writer.alloc_many, self.values

        def work():
            for _ in range(ROUNDS * SLOTS // BATCH):
                append(values)

        return each(ROUNDS * SLOTS, work)

    def follow(self):
        last = 0

        def work():
            nonlocal last
            for _ in range(ROUNDS):
                self.reader.seek("oldest")
                for batch in self.reader.batches(timeout=0, batch=BATCH):
                    last += len(batch)

        return each(ROUNDS * SLOTS, work)

    def alloc(self):
        alloc = self.ticks.alloc

        def work():
            for i in range(ALLOCS):
                alloc((i, 101.25, b"ES"))

        return each(ALLOCS, work)


class Compare:
    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, f"{NAME}.cpp", str(SLOTS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def slice(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def import_ms(what):
    begin = time.perf_counter_ns()
    subprocess.run([sys.executable, "-c", what], check=True)
    return (time.perf_counter_ns() - begin) / 1e6


def main():
    slices = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    folder = pathlib.Path(arena_shm.__file__).parents[2] / "bin"
    program = sys.argv[2] if len(sys.argv) > 2 else str(folder / "arena-python-compare")
    times = {}

    def note(name, value):
        times.setdefault(name, []).append(value)

    queue = Queue()
    ring = NumpyRing()
    try:
        package = Package()
        compare = Compare(program)
        for i in range(slices + 1):
            for what in ("follow", "alloc_many"):
                note(what, getattr(package, what)())
                note(f"C++ {what}", compare.slice(what))
            note("alloc", package.alloc())
            note("numpy ring", ring.slice())
            called, taken = queue.slice()
            note("Queue.put", taken)
            note("Queue.put, the call alone", called)
            note("import numpy", import_ms("import numpy"))
            note("import both", import_ms("import numpy, arena_shm"))
            if i == 0:
                times.clear()  # pages were mapped, and caches filled
        compare.process.stdin.close()
        compare.process.wait()
    finally:
        queue.process.terminate()
        queue.queue.cancel_join_thread()
        ring.close()
        for name in (NAME, f"{NAME}.ticks", f"{NAME}.cpp"):
            arena_shm.remove(name)
    sys.exit(0 if report(times) else 1)


def spread(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:9.2f}  ({low:.2f} to {high:.2f})"


def report(times):
    print(
        f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, numpy {np.__version__}, "
        f"arena_shm {arena_shm.__version__}; {len(times['alloc'])} slices, medians (quartiles)\n"
    )
    for name, values in times.items():
        print(f"{name:28} {spread(values)} {'ms' if 'import' in name else 'ns'}")
    print()

    def ratio(ours, theirs):
        return [their / our for our, their in zip(times[ours], times[theirs])]

    adds = [both - alone for both, alone in zip(times["import both"], times["import numpy"])]
    met = True
    for what, values, goal in (
        ("follow / C++ next(span)", ratio("follow", "C++ follow"), 0.8),
        ("alloc_many / C++ alloc(span)", ratio("alloc_many", "C++ alloc_many"), 0.8),
        ("alloc / Queue.put", ratio("alloc", "Queue.put"), 20),
        ("alloc / the call of Queue.put", ratio("alloc", "Queue.put, the call alone"), None),
        ("alloc / numpy ring", ratio("alloc", "numpy ring"), 5),
        ("import adds, ms", adds, -20),
    ):
        middle = statistics.median(values)
        is_met = goal is None or (middle >= goal if goal > 0 else middle <= -goal)
        met = met and is_met
        wanted = (
            ""
            if goal is None
            else f"goal: at {'least' if goal > 0 else 'most'} {abs(goal)}: {'met' if is_met else 'MISSED'}"
        )
        print(f"{what:30} {spread(values)}  {wanted}")
    return met


if __name__ == "__main__":
    main()
