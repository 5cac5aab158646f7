"""What pages that are open cost a writer at full speed: its rate with them, beside its rate without, in turns.

    python3 tests/bench/serve_cost.py TOOL WRITER [--pages 10] [--rounds 15] [--seconds 1] [--slots 65536]

Prints the ratio: median, quartiles, least. Each page asks for the next message as soon as it has one, as one that draws
does. Asserts nothing but that it runs.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time

os.environ.setdefault("ARENA_SHM_TOOL", sys.argv[1] if len(sys.argv) > 1 else "")
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "cli"))
from serving import PageSocket  # noqa: E402


class Writer:
    def __init__(self, program, name, slots):
        self.process = subprocess.Popen([program, name, str(slots)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)

    def count(self):
        self.process.stdin.write("\n")
        return int(self.process.stdout.readline()), time.monotonic()

    def rate(self, seconds):
        before, begin = self.count()
        time.sleep(seconds)
        after, end = self.count()
        return (after - before) / (end - begin)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class OpenPages:
    """Pages that draw nothing: they only ask for more, 10 times a second at most, as the server sends it."""

    def __init__(self, port, name, count):
        self.pages = [PageSocket("127.0.0.1", port) for _ in range(count)]
        self.messages = self.bytes = 0
        self.stop = False
        for page in self.pages:
            page.send(op="watch", ring=name, fields=["px", "number"], columns=1000, distributions=True)
        self.threads = [threading.Thread(target=self.follow, args=(page,)) for page in self.pages]
        for thread in self.threads:
            thread.start()

    def follow(self, page):
        while not self.stop:
            try:
                text = page.receive()
                if text is None:
                    return
                self.messages += 1
                self.bytes += len(text)
                page.send(op="next")
            except OSError:
                return  # close() has ended it

    def close(self):
        self.stop = True
        for page in self.pages:
            page.socket.shutdown(2)
        for thread in self.threads:
            thread.join()
        for page in self.pages:
            page.close()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("writer")
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--slots", type=int, default=65536)
    options = parser.parse_args()
    name = f"serve-cost-{os.getpid()}"
    writer = Writer(options.writer, name, options.slots)
    writer.count()
    server = subprocess.Popen([options.tool, "serve", name, "--listen", "0"], stderr=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)/", server.stderr.readline())[1])
    ratios, costs, rates = [], [], []
    try:
        for _ in range(options.rounds):
            alone = writer.rate(options.seconds)
            pages = OpenPages(port, name, options.pages)
            time.sleep(0.3)  # until all are served
            before, begin = cpu_seconds(server.pid), time.monotonic()
            beside = writer.rate(options.seconds)
            costs.append((cpu_seconds(server.pid) - before) / (time.monotonic() - begin))
            pages.close()
            time.sleep(0.3)
            alone = (alone + writer.rate(options.seconds)) / 2
            ratios.append(beside / alone)
            rates.append(alone)
    finally:
        server.terminate()
        server.wait()
        writer.close()
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    print(f"{options.pages} pages, {options.slots} slots: {middle:.3f} [{low:.3f} {high:.3f}] of "
          f"{statistics.median(rates) / 1e6:.1f} M values/s, least {min(ratios):.3f}; "
          f"the server took {100 * statistics.median(costs):.0f} % of one processor; {len(ratios)} rounds")


if __name__ == "__main__":
    main()
