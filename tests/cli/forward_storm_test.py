"""forward in a storm: it, another one and the server are killed, stopped and started again at random, while the ring
goes on; each number is in the stream once, as a value or as a loss. Long: ARENA_SHM_LONG=1."""

import os
import random
import signal
import subprocess
import time
import unittest

from arena_cli import TOOL
from forwarding import ForwardCase

LONG = os.environ.get("ARENA_SHM_LONG") == "1"
FAULTS = int(os.environ.get("ARENA_SHM_FAULTS", 200 if LONG else 8))
A_FAULT = 500  # values


class ForwardStormTest(ForwardCase):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("ARENA_SHM_SEED", time.time_ns() % 10**6))
        self.random = random.Random(self.seed)
        self.runs = []

    def start_one(self):
        self.runs = [run for run in self.runs if run.poll() is None]
        self.runs.append(self.forward("--batch", str(self.random.choice([1, 16, 256]))))

    def fault(self, faults):
        """One of them; what is stopped goes on after a moment."""
        kind = self.random.choice(faults)
        if kind == "kill":
            self.runs[0].kill()
            self.runs[0].wait()
            self.start_one()
        elif kind == "second":
            if len(self.runs) < 3:
                self.start_one()
        elif kind == "stop":
            run = self.random.choice(self.runs)
            run.send_signal(signal.SIGSTOP)
            time.sleep(self.random.random() / 2)
            run.send_signal(signal.SIGCONT)
        elif kind == "server kill":
            self.server.restart()
        elif kind == "server stop":
            self.server.signal(signal.SIGSTOP)
            time.sleep(self.random.random() / 2)
            self.server.signal(signal.SIGCONT)
        elif kind == "foreign":
            with self.server.client() as client:
                client.request(f"telemetry.{self.ring}", b"of somebody else")

    def storm(self, faults):
        end = FAULTS * A_FAULT
        self.start_one()
        self.await_first()
        writer = subprocess.Popen([TOOL, "write", self.ring], text=True,
                                  stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(writer.wait)
        self.addCleanup(writer.kill)
        writer.stdin.write("n,twice\n")
        for first in range(0, end, A_FAULT):
            if all(run.poll() is not None for run in self.runs):
                self.start_one()  # a server that is away at its start ends it
            writer.stdin.write("".join(f"{n},{2 * n}\n" for n in range(first, first + A_FAULT)))
            writer.stdin.flush()
            time.sleep(self.random.random() / 10)
            self.fault(faults)
        writer.communicate(timeout=120)
        self.eventually(lambda: self.has_ended(end), 120)
        for run in self.runs:
            run.kill()
        account = self.account()
        self.assertEqual(sorted([*account.values, *account.lost]), list(range(end)), f"seed {self.seed}")
        self.expect_values(account, sorted(account.values))
        return account

    def await_first(self):
        with self.server.client() as client:
            self.eventually(lambda: client.state(self.stream))

    def has_ended(self, end):
        if all(run.poll() is not None for run in self.runs):
            self.start_one()
        return self.is_at(end)

    @unittest.skipUnless(LONG, "the small ring is enough: ARENA_SHM_LONG=1")
    def test_a_ring_that_holds_all_loses_nothing(self):
        self.make_ring(slots=FAULTS * A_FAULT)
        account = self.storm(["kill", "second", "stop", "server stop", "server kill", "foreign"])
        self.assertEqual(account.lost, {}, f"seed {self.seed}")

    def test_a_small_ring_counts_what_it_lost(self):
        self.make_ring(slots=1000)
        self.storm(["kill", "second", "stop", "server stop", "server kill", "foreign"])

    @unittest.skipUnless(LONG, "the small ring is enough: ARENA_SHM_LONG=1")
    def test_a_lossless_ring_loses_nothing(self):
        self.make_ring("--lossless", slots=1000)
        self.expect_consumer()
        account = self.storm(["kill", "second", "stop", "server stop", "server kill", "foreign"])
        self.assertEqual(account.lost, {}, f"seed {self.seed}")

    def expect_consumer(self):
        """Before the first value: a name that was not there begins with what comes."""
        self.start_one()
        self.eventually(lambda: "forward" in self.expect(0, "consumers", self.ring).stdout)


if __name__ == "__main__":
    unittest.main()
