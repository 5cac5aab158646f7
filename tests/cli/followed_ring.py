"""A ring that is followed by its name, and what has come from each ring that had it."""

import json
import signal
import subprocess
import threading

from arena_cli import TOOL


def runs_of(numbers_there):
    """The runs of numbers, as (first, last)."""
    runs = []
    for number in sorted(numbers_there):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


class Followed:
    """What comes from a ring that is followed by its name: for each ring that had it, values and gaps."""

    def __init__(self, test, name):
        self.rings = []  # (values by number, gaps as (first, last))
        self.others = []
        self.process = subprocess.Popen(
            [TOOL, "tail", "-F", name, "--from", "0", "--gaps", "inline", "--format", "ndjson"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        test.addCleanup(self.process.wait)
        test.addCleanup(self.process.kill)
        self.thread = threading.Thread(target=self.take, daemon=True)
        self.thread.start()

    def take(self):
        for line in self.process.stdout:
            row = json.loads(line)
            if "_restart" in row:
                self.rings.append(({}, []))
                continue
            if not self.rings:
                self.rings.append(({}, []))
            values, gaps = self.rings[-1]
            if "_gap" in row:
                gaps.append((int(row["_gap"]["first"]), int(row["_gap"]["last"])))
            elif int(row["_seq"]) in values:
                self.others.append(row)  # twice
            else:
                values[int(row["_seq"])] = int(row["n"]), int(row["twice"])

    def newest(self):
        return next(reversed(self.rings[-1][0].values()), (None,))[0] if self.rings else None

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.thread.join()
        return self.process.stderr.read()
