"""Fork, spawn, forkserver, kills, and the end of the interpreter."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import TICK, finish, run, start, ticks
from test_waiting import in_thread

import arena_shm


def append(name, first, count):
    with arena_shm.open(name).writer() as writer:
        writer.alloc_many(ticks(count, first))


def append_by(ring, first, count):
    for value in ticks(count, first):
        ring.alloc(value)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_multiprocessing_write_one_ring(ring, method):
    context = multiprocessing.get_context(method)
    workers = [context.Process(target=append, args=(ring.name, 20 * i, 20)) for i in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)
        assert one.exitcode == 0
    assert sorted(ring.reader().next_batch()["ts_ns"].tolist()) == list(range(60))


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_ring_is_given_to_a_process(ring, method):
    context = multiprocessing.get_context(method)
    worker = context.Process(target=append_by, args=(ring, 5, 3))
    worker.start()
    worker.join(60)
    assert worker.exitcode == 0 and ring.count == 3


def in_child(work):
    """Its exit code: 0 if it returned true."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if work() else 1)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_handles_of_the_parent_are_refused_in_a_child(ring, names):
    ring.alloc((1, 2, b"x"))
    other = arena_shm.create(names(), TICK, slots=8, full="wait")
    handles = view, reader, writer, consumer, waits = (
        arena_shm.view(ring.name),
        ring.reader(),
        ring.writer(),
        other.consumer("c"),
        arena_shm.WaitSet(),
    )
    set_reader = ring.reader()
    waits.add(set_reader)
    waits.fileno()
    writer.alloc((2, 3, b"y"))
    calls = [
        lambda: ring.alloc((1, 2, b"")),
        lambda: view.read(0),
        view.latest,
        view.peek,
        lambda: view[0],
        view.reader,
        ring.writer,
        reader.next,
        reader.next_batch,
        reader.wait,
        lambda: reader.seek(0),
        lambda: writer.alloc((1, 2, b"")),
        lambda: writer.alloc_many(ticks(3)),
        lambda: writer.alloc_for(1, (1, 2, b"")),
        consumer.next,
        consumer.wait,
        consumer.release,
        lambda: waits.wait(1),
        lambda: list(view.follow(timeout=1)),
    ]

    def child():
        for call in calls:
            try:
                call()
            except arena_shm.Forked:
                continue
            except arena_shm.Error as error:
                os.write(2, f"{call}: {error!r}\n".encode())
            return False
        view.head, view.count, reader.read_count, reader.lag, reader.position, repr(handles), writer.seat, writer.time
        for one in (*handles, ring, set_reader):
            one.close()
        with arena_shm.open(ring.name) as own:
            own.alloc((3, 4, b"z"))
        return True

    assert in_child(child) == 0
    assert ring.latest().value["ts_ns"] == 3
    writer.alloc((4, 5, b"w"))
    assert reader.next().seq == 0 and len(waits.wait(0)) == 1
    other.close()


def test_a_child_that_is_forked_while_a_thread_waits_is_refused(ring):
    assert (
        run(
            """
import os, threading, time
ring = arena_shm.open(sys.argv[1])
reader = ring.reader()
threading.Thread(target=reader.wait, daemon=True).start()
while True:
    try:
        reader.gaps()
    except arena_shm.Reentered:
        break
pid = os.fork()
if pid == 0:
    try:
        reader.next()
    except arena_shm.Forked:
        sys.stdout.write("forked\\n")
    sys.stdout.flush()
    os._exit(0)
os.waitpid(pid, 0)
""",
            ring.name,
        )
        == (0, "forked\n")
    )


ENDS = {
    "in daemon threads": """
reader = ring.reader(); waits = arena_shm.WaitSet(ring.reader()); full = arena_shm.open(sys.argv[2])
c = full.consumer("c"); w = full.writer()
for call in (lambda: reader.wait(), lambda: waits.wait(), lambda: list(ring.follow()),
             lambda: w.alloc_many(np.zeros(99, full.dtype)),
             lambda: [full.alloc((1, 2, b"")) for _ in range(99)], c.wait):
    threading.Thread(target=call, daemon=True).start()
time.sleep(0.3)
""",
    "in daemon threads that come back all the time": """
def work():
    reader = ring.reader()
    while True:
        reader.wait(0.0001)
        ring.alloc((1, 2, b""))
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
""",
    "with everything open": """
keep = [ring.reader(), ring.writer(), ring.peek(), ring[0], arena_shm.WaitSet(ring.reader()), ring.follow()]
keep[-2].fileno()
sys.keep = keep
""",
    "with cycles": """
for _ in range(3):
    cycle = [ring.reader(), ring.writer(), ring.follow(), arena_shm.WaitSet(ring.reader())]
    cycle.append(cycle); cycle[2].__class__
""",
    "with a view that outlives everything": """
class Keeper:
    def __del__(self): self.peek["ts_ns"].sum(); self.ring.latest()
keeper = Keeper(); keeper.peek = ring.peek(); keeper.ring = ring
sys.keeper = keeper; import builtins; builtins.keeper = keeper
del ring
""",
    "by sys.exit in a thread that waits": """
import _thread
threading.Timer(0.1, _thread.interrupt_main).start()
try: ring.reader().wait()
except KeyboardInterrupt: pass
""",
    "in asyncio": """
import asyncio
async def one():
    async for batch in ring.follow_async():
        break
async def main():
    ring.alloc((1, 2, b""))
    await one()
    task = asyncio.ensure_future(one()); await asyncio.sleep(0.05)
asyncio.run(main())
""",
}


@pytest.mark.parametrize("how", ENDS)
def test_the_interpreter_ends(ring, names, how):
    other = names()
    with arena_shm.create(other, TICK, slots=8, full="wait"):
        code = "import threading, time\nring = arena_shm.open(sys.argv[1])\n" + ENDS[how] + "\nprint('end')"
        for _ in range(3):
            process = start(code, ring.name, other)
            code_and_text = finish(process)
            assert code_and_text == (0, "end\n")
    ring.alloc((1, 2, b""))


def test_a_process_that_is_killed_costs_nobody_anything(ring):
    process = start(
        """
ring = arena_shm.open(sys.argv[1])
writer = ring.writer()
print("ready", flush=True)
while True:
    ring.alloc((1, 2, b"a"))
    writer.alloc((1, 2, b"a"))
""",
        ring.name,
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.kill()
    process.wait()
    with ring.writer() as writer:
        seq = writer.alloc((3, 4, b"b"))
    assert ring.alloc((5, 6, b"c")) > seq
    assert ring.latest().value["ts_ns"] == 5
    reader = ring.reader(0)
    batch = reader.next_batch()
    assert len(batch) + sum(gap.count for gap in batch.gaps) == reader.cursor == ring.head


def test_who_waits_for_a_stopped_process_inside_of_alloc_leaves_the_lock(name):
    """The process holds the ring's mutex then. It is stopped until it is found there."""
    with arena_shm.create(name, TICK, slots=64) as ring:
        process = start(
            """
ring = arena_shm.open(sys.argv[1])
print("ready", flush=True)
while True:
    ring.alloc((1, 2, b"a"))
""",
            name,
        )
        assert process.stdout.readline() == "ready\n"
        found = False
        for _ in range(500):
            process.send_signal(signal.SIGSTOP)
            waits = in_thread(lambda: ring.alloc((1, 2, b"b")))
            waits.join(0.02)
            found = waits.is_alive()  # and this thread goes on
            if found:
                with ring.writer() as writer:
                    assert ring.read(writer.alloc((3, 4, b"c"))).value["ts_ns"] == 3
            process.send_signal(signal.SIGCONT)
            assert isinstance(waits.result(), int)
            if found:
                break
        process.kill()
        process.wait()
        if not found:
            pytest.skip("it was never stopped inside of alloc")


def test_subinterpreters_are_refused():
    script = (
        "import _xxsubinterpreters as s, arena_shm\n"
        "i = s.create()\n"
        "try:\n  s.run_string(i, 'import arena_shm')\nexcept s.RunFailedError as e:\n  print('ImportError' in str(e))\n"
    )
    for text in (script, script.replace(", arena_shm", "")):
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
