"""How fast forward and mirror are, beside the least that a publisher can do, and what a writer notices of them.

    python3 tests/bench/forward_cost.py TOOL LOOP WRITER [--values 1000000] [--rounds 9] [--seconds 1]

LOOP is arena-nats-loop, WRITER arena-full-speed-writer; the server is a nats-server of its own, with its streams in a
file. What is compared is measured in turns; of the ratios the median and the quartiles are printed. Asserts nothing but
that it runs and that no value is lost.
"""

import argparse
import datetime
import os
import pathlib
import re
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
from serve_cost import Writer  # noqa: E402

RECORD = 64


class Bench:
    """What a Server of the tests wants of a test; and the commands."""

    def __init__(self, options):
        self.options = options
        self.ends = []
        self.server = Server(self)
        self.client = self.server.client()
        self.ring = f"forward-cost-{os.getpid()}"

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

    def until(self, condition):
        while not condition():
            time.sleep(0.02)

    def stored_ns(self, stream, seq):
        text = self.client.api(f"STREAM.MSG.GET.{stream}", {"seq": seq})["message"]["time"].rstrip("Z")
        seconds, _, fraction = text.partition(".")
        day = datetime.datetime.fromisoformat(f"{seconds}+00:00")
        return int(day.timestamp()) * 10**9 + int(fraction.ljust(9, "0"))

    def seconds(self, stream):
        """From the first to the last message, by the server's clock."""
        state = self.client.state(stream)
        return (self.stored_ns(stream, state["last_seq"]) - self.stored_ns(stream, state["first_seq"])) / 1e9

    def fill(self, *more):
        self.run("create", self.ring, "--slots", self.options.values, "--size", RECORD, *more)
        self.addCleanup(self.run, "rm", self.ring)
        self.run("write", self.ring, "--format", "raw", input=b"abcdefgh" * (RECORD // 8 * self.options.values))

    def forward(self, ring, stream, *more):
        return self.start("forward", ring, "--to", self.server.url, "--stream", stream, "--subject", f"cost.{stream}", *more)


def told(ratios):
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return f"{middle:.3f} [{low:.3f} {high:.3f}]"


def beside_a_loop(bench):
    values = bench.options.values
    ratios, rates = [], []
    for _ in range(bench.options.rounds):
        bench.make_stream("F")
        forward = bench.forward(bench.ring, "F")
        bench.until(lambda: bench.position("F") == values)
        bench.end(forward)
        taken = bench.seconds("F")
        state = bench.client.state("F")
        bench.delete_stream("F")
        bench.make_stream("L")
        size = state["bytes"] // state["messages"]
        subprocess.run([bench.options.loop, bench.server.url, "cost.L", str(state["messages"]), str(size)], check=True)
        ratios.append(bench.seconds("L") / taken)
        rates.append(values / taken)
        bench.delete_stream("L")
    print(f"forward: {statistics.median(rates) / 1e6:.2f} M values/s of {RECORD} bytes; "
          f"of a loop that publishes as many messages of {size} bytes: {told(ratios)}")


def to_a_mirror(bench):
    rates = []
    copy = f"{bench.ring}-copy"
    for _ in range(bench.options.rounds):
        begin = time.monotonic()
        forward = bench.forward(bench.ring, "M")
        mirror = bench.start("mirror", "--from", bench.server.url, "--stream", "M", copy, "--wait")

        def head():
            done = subprocess.run([bench.options.tool, "inspect", copy, "--format", "json"], capture_output=True, text=True)
            found = re.search(r'"head": ?"?(\d+)', done.stdout)
            return found is not None and int(found[1]) == bench.options.values

        bench.until(head)
        rates.append(bench.options.values / (time.monotonic() - begin))
        bench.end(mirror)
        bench.end(forward)
        bench.run("rm", copy)
        bench.delete_stream("M")
    print(f"forward and mirror, from one ring to the other: {statistics.median(rates) / 1e6:.2f} M values/s")


def what_a_writer_notices(bench):
    ratios = []
    name = f"{bench.ring}-fast"
    writer = Writer(bench.options.writer, name, 1 << 20)
    writer.count()
    for _ in range(bench.options.rounds):
        alone = writer.rate(bench.options.seconds)
        bench.make_stream("W")
        forward = bench.forward(name, "W")
        bench.until(lambda: bench.position("W") > 0)
        beside = writer.rate(bench.options.seconds)
        forward.kill()
        forward.communicate()
        bench.delete_stream("W")
        ratios.append(beside / ((alone + writer.rate(bench.options.seconds)) / 2))
    writer.close()
    print(f"a writer at full speed beside forward and its server: {told(ratios)} of its rate without them")


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
    parser.add_argument("--values", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1)
    options = parser.parse_args()
    if PROGRAM is None:
        print("OK (skipped=1): nats-server is not installed")
        return
    bench = Bench(options)
    try:
        bench.fill()
        beside_a_loop(bench)
        to_a_mirror(bench)
        what_a_writer_notices(bench)
        latency(bench)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
