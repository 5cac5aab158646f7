"""Waits: woken, timed, interrupted, closed, from threads."""

import signal
import threading
import time

import pytest
from conftest import TICK, finish, run, start, ticks

import arena_shm


def in_thread(call):
    """Starts it; `.result()` is what became of it."""
    outcome = []

    def work():
        try:
            outcome.append(call())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def result():
        thread.join(20)
        assert not thread.is_alive()
        return outcome[0]

    thread.result = result
    return thread


def eventually(condition):
    for _ in range(20_000):
        if condition():
            return True
        time.sleep(0.001)
    return False


def is_inside(reader):
    """Does another thread wait in it?"""
    try:
        reader.gaps()
    except arena_shm.Reentered:
        return True
    return False


def test_a_wait_is_timed(ring):
    reader = ring.reader()
    for timeout in (0, -1, 0.01, -float("inf")):
        assert reader.wait(timeout) is False
    ring.alloc((1, 2, b""))
    for timeout in (0, 1, None, float("inf"), 1e300, 10**20):
        assert reader.wait(timeout) is True
    for wrong in (float("nan"), "1", [], 10**400):
        with pytest.raises(arena_shm.InvalidArgument):
            reader.wait(wrong)


@pytest.mark.parametrize("manner", ["latency", "throughput"])
def test_a_value_wakes_who_waits(ring, manner):
    reader = ring.reader(manner=manner)
    waits = in_thread(lambda: reader.wait(20))
    assert eventually(lambda: is_inside(reader))
    ring.alloc((1, 2, b""))
    assert waits.result() is True


def test_the_lock_is_free_while_one_waits(ring):
    reader = ring.reader()
    waits = in_thread(lambda: reader.wait(None))
    assert eventually(lambda: is_inside(reader))
    before = reader.read_count
    assert sum(range(100_000)) == 4999950000 and before == 0
    with pytest.raises(arena_shm.Reentered) as caught:
        reader.next()
    assert isinstance(caught.value, RuntimeError) and "another thread" in caught.value.found
    ring.alloc((1, 2, b""))
    assert waits.result() is True


def test_close_ends_a_wait_in_another_thread(ring):
    reader = ring.reader()
    waits = in_thread(lambda: reader.wait(None))
    follows = in_thread(lambda: list(ring.follow()))
    assert eventually(lambda: is_inside(reader))
    reader.close()
    assert isinstance(waits.result(), arena_shm.Closed)
    ring.close()
    assert follows.is_alive()  # a reader of its own


def test_close_ends_a_writers_wait_for_room(lossless):
    consumer = lossless.consumer("slow")
    writer = lossless.writer()
    many = in_thread(lambda: writer.alloc_many(ticks(100)))
    one = in_thread(lambda: [lossless.alloc((i, 0, b"")) for i in range(100)])
    assert eventually(lambda: lossless.count >= 8)  # who waits has a number already
    writer.close()
    assert isinstance(many.result(), arena_shm.Closed)
    lossless.close()
    assert isinstance(one.result(), arena_shm.Closed)
    consumer.close()


INTERRUPTED = """
import os, signal, threading, time
ring = arena_shm.open(sys.argv[1])
{setup}
started = threading.Event()
def tell():
    print("inside", flush=True)
threading.Timer(0.05, tell).start()
begin = time.monotonic()
try:
    {wait}
except KeyboardInterrupt:
    print("interrupted")
"""
WAITS = {
    "reader": ("reader = ring.reader()", "reader.wait()"),
    "follow": ("", "list(ring.follow())"),
    "set": ("waits = arena_shm.WaitSet(ring.reader(), ring.reader())", "waits.wait()"),
    "consumer": ("consumer = arena_shm.open(sys.argv[2]).consumer('b')", "consumer.wait()"),
    "writer": (
        "full = arena_shm.open(sys.argv[2]); c = full.consumer('a'); w = full.writer()",
        "w.alloc_many(np.zeros(100, full.dtype))",
    ),
    "alloc": (
        "full = arena_shm.open(sys.argv[2]); c = full.consumer('a')",
        "[full.alloc((1, 2, b'')) for i in range(99)]",
    ),
    "alloc_for": (
        "full = arena_shm.open(sys.argv[2]); c = full.consumer('a'); w = full.writer(); "
        "[w.alloc((1, 2, b'')) for i in range(8)]",
        "w.alloc_for(1000, (1, 2, b''))",
    ),
    "thread": ("r = ring.reader(); t = threading.Thread(target=r.wait, daemon=True); t.start()", "t.join()"),
    "asyncio": ("import asyncio\nasync def all():\n  async for b in ring.follow_async(): pass", "asyncio.run(all())"),
}


@pytest.mark.parametrize("what", WAITS)
def test_keyboard_interrupt_ends_a_wait(ring, names, what):
    other = names()
    with arena_shm.create(other, TICK, slots=8, full="wait"):
        setup, wait = WAITS[what]
        if what in ("writer", "alloc", "alloc_for"):
            setup += "; threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()"  # else would_deadlock
        process = start(INTERRUPTED.format(setup=setup, wait=wait), ring.name, other)
        assert process.stdout.readline() == "inside\n"
        process.send_signal(signal.SIGINT)
        assert finish(process) == (0, "interrupted\n")


def test_a_wait_goes_on_after_a_signal_that_is_handled(ring):
    process = start(
        """
import signal
seen = []
signal.signal(signal.SIGUSR1, lambda *_: (seen.append(1), print("handled", flush=True)))
reader = arena_shm.view(sys.argv[1]).reader()
print("inside", flush=True)
print(reader.wait(60), len(seen))
""",
        ring.name,
    )
    assert process.stdout.readline() == "inside\n"
    for _ in range(3):
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.readline() == "handled\n"
    ring.alloc((1, 2, b""))
    assert finish(process) == (0, "True 3\n")


def test_a_signal_handler_that_uses_what_waits_is_refused(ring):
    assert (
        run(
            """
import signal
reader = arena_shm.view(sys.argv[1]).reader()
def handler(*_):
    try:
        reader.next()
    except arena_shm.Reentered as error:
        print("refused")
        arena_shm.open(sys.argv[1]).alloc((1, 2, b""))
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
print(reader.wait(60), reader.next().seq)
""",
            ring.name,
        )
        == (0, "refused\nTrue 0\n")
    )


def test_an_exception_in_a_signal_handler_ends_a_wait(ring):
    assert (
        run(
            """
import signal
def handler(*_): raise LookupError("mine")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
reader = arena_shm.view(sys.argv[1]).reader()
try:
    reader.wait()
except LookupError as error:
    print(error, reader.wait(0))
""",
            ring.name,
        )
        == (0, "mine False\n")
    )


def test_many_threads_wait_and_write(name):
    with arena_shm.create(name, TICK, slots=4096) as ring:

        def follow():
            total = 0
            for batch in ring.follow(timeout=10):
                total += len(batch) + sum(gap.count for gap in batch.gaps)
                if total == 2000:
                    return total

        def append():
            with ring.writer() as writer:
                for i in range(500):
                    writer.alloc((i, 0, b""))

        followers = [in_thread(follow) for _ in range(3)]
        writers = [in_thread(append) for _ in range(4)]
        assert [one.result() for one in writers] == [None] * 4
        assert [one.result() for one in followers] == [2000] * 3
