"""How fast forward and mirror are, beside the least that a publisher can do, and what a writer notices of them.

    python3 tests/bench/forward_cost.py TOOL LOOP WRITER [--values 4000000] [--rounds 9] [--seconds 1]

LOOP is arena-nats-loop, WRITER arena-full-speed-writer; the server is a nats-server of its own, with its streams in a
file. What is compared is measured in turns; of the ratios the median and the quartiles are printed. Asserts nothing but
that it runs and that no value is lost.
"""

import argparse
import datetime
import os
import pathlib
import re
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("ARENA_SHM_TOOL", sys.argv[1] if len(sys.argv) > 1 else "")
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "cli"))
from nats_server import PROGRAM, Server  # noqa: E402
from serve_cost import Writer, cpu_seconds  # noqa: E402

RECORD = 64


class Bench:
    """What a Server of the tests wants of a test; and the commands."""

    def __init__(self, options):
        self.options = options
        self.ends = []
        self.server = Server(self)
        self.client = self.server.client()
        self.ring = f"forward-cost-{os.getpid()}"
        self.records = b"abcdefgh" * (RECORD // 8 * options.values)

    def directory(self):
        path = tempfile.mkdtemp(prefix="forward-cost-")
        self.addCleanup(shutil.rmtree, path)
        return path

    def addCleanup(self, call, *args):
        self.ends.append((call, args))

    def close(self):
        self.client.close()
        for call, args in reversed(self.ends):
            call(*args)

    def run(self, *args, **kwargs):
        subprocess.run([self.options.tool, *map(str, args)], check=True, stderr=subprocess.DEVNULL, **kwargs)

    def start(self, *args):
        return subprocess.Popen([self.options.tool, *map(str, args)], stderr=subprocess.PIPE, text=True)

    def end(self, process):
        process.terminate()
        notes = process.communicate()[1]
        if process.returncode != 0:
            raise SystemExit(f"{process.args} ended with {process.returncode}:\n{notes}")

    def make_stream(self, name):
        answer = self.client.api(f"STREAM.CREATE.{name}", {"name": name, "subjects": [f"cost.{name}"],
                                                           "storage": "file", "retention": "limits"})
        if "error" in answer:
            raise SystemExit(answer)

    def delete_stream(self, name):
        self.client.api(f"STREAM.DELETE.{name}")

    def position(self, stream):
        last = (self.client.state(stream) or {}).get("last_seq", 0)
        return struct.unpack("<Q", self.client.get(stream, last).data[-8:])[0] if last else 0

    def until_all(self, stream):
        """Until it has all values. To read a message of it costs the server much, so that comes last."""
        least = self.options.values // 256
        self.until(lambda: (self.client.state(stream) or {}).get("messages", 0) >= least)
        self.until(lambda: self.position(stream) == self.options.values)

    def until(self, condition):
        while not condition():
            time.sleep(0.02)

    def stored_ns(self, stream, seq):
        text = self.client.api(f"STREAM.MSG.GET.{stream}", {"seq": seq})["message"]["time"].rstrip("Z")
        seconds, _, fraction = text.partition(".")
        day = datetime.datetime.fromisoformat(f"{seconds}+00:00")
        return int(day.timestamp()) * 10**9 + int(fraction.ljust(9, "0"))

    def seconds(self, stream, from_seq=1):
        """From a message to the last one, by the server's clock."""
        return (self.stored_ns(stream, self.client.state(stream)["last_seq"]) - self.stored_ns(stream, from_seq)) / 1e9

    def fill(self, *more):
        self.run("create", self.ring, "--slots", self.options.values, "--size", RECORD, *more)
        self.addCleanup(self.run, "rm", self.ring)
        self.run("write", self.ring, "--format", "raw", input=self.records)

    def forward(self, ring, stream, *more):
        return self.start("forward", ring, "--to", self.server.url, "--stream", stream, "--subject", f"cost.{stream}", *more)


def told(ratios):
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return f"{middle:.3f} [{low:.3f} {high:.3f}]"


def forward_filled(bench, stream):
    """A ring that is full already. Its pages are mapped on the way, which takes much of the time."""
    forward = bench.forward(bench.ring, stream)
    bench.until_all(stream)
    return forward


def forward_live(bench, stream):
    """A lossless ring of 65536 slots that a writer keeps full."""
    name = f"{bench.ring}-live"
    bench.run("create", name, "--slots", 1 << 16, "--size", RECORD, "--lossless")
    forward = bench.forward(name, stream)
    bench.until(lambda: bench.client.state(stream)["messages"])  # its consumer is there
    bench.run("write", name, "--format", "raw", input=bench.records)
    bench.until_all(stream)
    bench.run("rm", name)
    return forward


def beside_a_loop(bench, run):
    values = bench.options.values
    ratios, rates, own_us, loop_us = [], [], [], []
    for _ in range(bench.options.rounds):
        bench.make_stream("F")
        forward = run(bench, "F")
        own = cpu_seconds(forward.pid)
        bench.end(forward)
        state = bench.client.state("F")
        taken = bench.seconds("F", from_seq=2)  # the first one has the schema
        bench.delete_stream("F")
        bench.make_stream("L")
        size = state["bytes"] // state["messages"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([bench.options.loop, bench.server.url, "cost.L", str(state["messages"]), str(size)], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        ratios.append(bench.seconds("L") / taken)
        rates.append(values / taken)
        own_us.append(1e6 * own / state["messages"])
        loop_us.append(1e6 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / state["messages"])
        bench.delete_stream("L")
    print(f"{run.__name__}: {statistics.median(rates) / 1e6:.2f} M values/s of {RECORD} bytes; "
          f"of a loop that publishes as many messages of {size} bytes: {told(ratios)}; "
          f"CPU a message: {statistics.median(own_us):.0f} us, of the loop {statistics.median(loop_us):.0f} us")


def to_a_mirror(bench):
    rates = []
    copy = f"{bench.ring}-copy"
    for _ in range(bench.options.rounds):
        begin = time.monotonic()
        forward = bench.forward(bench.ring, "M")
        mirror = bench.start("mirror", "--from", bench.server.url, "--stream", "M", copy, "--wait")

        bench.until(lambda: head_of(bench, copy) == bench.options.values)
        rates.append(bench.options.values / (time.monotonic() - begin))
        bench.end(mirror)
        bench.end(forward)
        bench.run("rm", copy)
        bench.delete_stream("M")
    print(f"forward and mirror, from one ring to the other: {statistics.median(rates) / 1e6:.2f} M values/s")


def at_a_million_a_second(bench):
    """A writer at that rate, for as many seconds as there are millions of values; the ring has room for half a second."""
    name, copy = f"{bench.ring}-paced", f"{bench.ring}-paced-copy"
    bench.run("create", name, "--slots", 1 << 19, "--size", RECORD)
    forward = bench.forward(name, "P")
    mirror = bench.start("mirror", "--from", bench.server.url, "--stream", "P", copy, "--wait")
    bench.until(lambda: bench.client.state("P"))
    begin = time.monotonic()
    bench.run("write", name, "--format", "raw", "--rate", 1_000_000, input=bench.records)
    took = time.monotonic() - begin
    bench.until(lambda: head_of(bench, copy) == bench.options.values)
    behind = time.monotonic() - begin - took
    notes = []
    for process in (mirror, forward):
        process.terminate()
        notes.append(re.search(r"lost (?:none|\d+)", process.communicate()[1])[0])
    for ring in (name, copy):
        bench.run("rm", ring)
    bench.delete_stream("P")
    print(f"a ring written at {bench.options.values / took / 1e6:.2f} M values/s: mirror {notes[0]}, forward {notes[1]}; "
          f"{1e3 * behind:.0f} ms after the writer's end all is in the other ring")


def head_of(bench, ring):
    done = subprocess.run([bench.options.tool, "inspect", ring, "--format", "json"], capture_output=True, text=True)
    found = re.search(r'"head": ?"?(\d+)', done.stdout)
    return int(found[1]) if found else -1


def pin(process, cpus):
    """All its threads, and those that they start."""
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        os.sched_setaffinity(int(thread), cpus)


def what_a_writer_notices(bench, has_own_cpu):
    ratios = []
    name = f"{bench.ring}-fast"
    writer = Writer(bench.options.writer, name, 1 << 20)
    writer.count()
    cpus = os.sched_getaffinity(0)
    others = cpus - {min(cpus)}
    if has_own_cpu and others:
        pin(writer.process, {min(cpus)})
        pin(bench.server.process, others)
    for _ in range(bench.options.rounds):
        alone = writer.rate(bench.options.seconds)
        bench.make_stream("W")
        forward = bench.forward(name, "W")
        bench.until(lambda: bench.position("W") > 0)
        if has_own_cpu and others:
            pin(forward, others)
        beside = writer.rate(bench.options.seconds)
        forward.kill()
        forward.communicate()
        bench.delete_stream("W")
        ratios.append(beside / ((alone + writer.rate(bench.options.seconds)) / 2))
    writer.close()
    pin(bench.server.process, cpus)
    print(f"a writer at full speed{', on a CPU of its own,' if has_own_cpu else ''} beside forward and its server: "
          f"{told(ratios)} of its rate without them")


def latency(bench):
    """From the append of a value to its message in the stream, on one host."""
    name, stream = f"{bench.ring}-timed", "T"
    bench.run("create", name, "--slots", 4096, "--size", RECORD, "--time")
    forward = bench.forward(name, stream, "--max-delay", "0ms")
    writer = subprocess.Popen([bench.options.tool, "write", name, "--format", "raw"], stdin=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    count = 100 * bench.options.rounds
    bench.until(lambda: bench.client.state(stream))
    for _ in range(count):
        writer.stdin.write(bytes(RECORD))
        writer.stdin.flush()
        time.sleep(0.003)
    bench.until(lambda: bench.position(stream) == count)
    writer.communicate()
    bench.end(forward)
    took = []
    for seq in range(1, bench.client.state(stream)["last_seq"] + 1):
        message = bench.client.get(stream, seq)
        if message["Kind"] == "values":
            times = message.data[RECORD * message["Count"]:][:8 * message["Count"]]
            took += [bench.stored_ns(stream, seq) - then for (then,) in struct.iter_unpack("<q", times)]
    bench.run("rm", name)
    bench.delete_stream(stream)
    took.sort()
    print(f"from the append of a value to its message in the stream: median {took[len(took) // 2] / 1e3:.0f} us, "
          f"99 of 100 within {took[len(took) * 99 // 100] / 1e3:.0f} us; {len(took)} values, 3 ms apart")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("loop")
    parser.add_argument("writer")
    parser.add_argument("--values", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1)
    options = parser.parse_args()
    if PROGRAM is None:
        print("OK (skipped=1): nats-server is not installed")
        return
    bench = Bench(options)
    try:
        bench.fill()
        beside_a_loop(bench, forward_live)
        beside_a_loop(bench, forward_filled)
        to_a_mirror(bench)
        at_a_million_a_second(bench)
        what_a_writer_notices(bench, has_own_cpu=False)
        what_a_writer_notices(bench, has_own_cpu=True)
        latency(bench)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
