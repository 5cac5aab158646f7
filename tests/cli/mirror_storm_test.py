"""forward and mirror in a storm: both, and the server, are killed, stopped and cut off from each other at random, the
stream is emptied, the ring is made anew, others publish too, and the ring goes on meanwhile. Who follows the mirror's
ring by its name gets each number of each ring once, as a value or in a gap; and what is a gap has its account.

Long: ARENA_SHM_LONG=1. Where network namespaces are allowed, all of it runs in one of its own."""

import fcntl
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

from arena_cli import OK, TOOL, CliTest
from followed_ring import Followed, runs_of
from nats_server import Server, numbers, valid

LONG = os.environ.get("ARENA_SHM_LONG") == "1"
FAULTS = int(os.environ.get("ARENA_SHM_FAULTS", 250 if LONG else 10))
A_FAULT = int(os.environ.get("ARENA_SHM_VALUES", 4000 if LONG else 500))  # values, about
OF_A_RING = 1 << 40  # n of a ring's first value is its number of this; so each value says where it belongs
ALONE = "ARENA_SHM_HAS_A_NETWORK_OF_ITS_OWN"


def set_loopback(up):
    """Of this network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, 0x8913, struct.pack("16sh14x", b"lo", 0)))[1]
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", flags | 1 if up else flags & ~1))


class MirrorStormTest(CliTest):
    def setUp(self):
        if "mirror" not in self.verbs():
            self.skipTest("was built without libnats")
        self.server = Server(self)
        self.seed = int(os.environ.get("ARENA_SHM_SEED", time.time_ns() % 10**6))
        self.random = random.Random(self.seed)
        self.ring, self.copy = self.name("ring"), self.name("copy")
        self.running = {}
        self.ends = []  # of each ring that there was: how many values it has got
        self.writer = None
        self.emptied = set()  # rings that were there when the stream was emptied

    def run_verb(self, what, *args):
        notes = open(f"{self.notes}/{what}", "a")
        self.addCleanup(notes.close)
        self.running[what] = process = subprocess.Popen([TOOL, *map(str, args)], stderr=notes)
        self.addCleanup(process.wait)
        self.addCleanup(process.send_signal, signal.SIGCONT)
        self.addCleanup(process.kill)

    def start_forward(self, what="forward"):
        self.run_verb(what, "forward", self.ring, "--to", self.server.url, "--wait", "--max-delay", "5ms",
                      "--batch", self.random.choice([16, 64, 256]))

    def start_mirror(self):
        self.run_verb("mirror", "mirror", "--from", self.server.url, "--stream", self.ring, self.copy, "--wait",
                      "--slots", 1 << 21 if LONG else 1 << 14)

    def said(self):
        notes = (pathlib.Path(self.notes) / what for what in ("forward", "second", "mirror"))
        return "\n".join(f"{path.name} said:\n{path.read_text()[-3000:]}" for path in notes if path.exists())

    def begin_ring(self, *args):
        if self.ends:
            self.expect(OK, "rm", self.ring)
        self.expect(OK, "create", self.ring, "--fields", "u64 n, u64 twice", *args)
        self.writer = subprocess.Popen([TOOL, "write", self.ring], text=True, stdin=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
        self.addCleanup(self.writer.wait)
        self.addCleanup(self.writer.kill)
        self.writer.stdin.write("n,twice\n")
        self.ends.append(0)

    def write(self, count):
        first = (len(self.ends) - 1) * OF_A_RING + self.ends[-1]
        self.writer.stdin.write("".join(f"{n},{2 * n}\n" for n in range(first, first + count)))
        self.writer.stdin.flush()
        self.ends[-1] += count

    def end_writer(self):
        self.writer.communicate(timeout=60)

    def stop_for_a_moment(self, process):
        process.send_signal(signal.SIGSTOP)
        time.sleep(self.random.random() / 2)
        process.send_signal(signal.SIGCONT)

    def fault(self, kind):
        if kind in ("kill forward", "kill mirror"):
            what = kind.split()[1]
            self.running[what].kill()
            self.running[what].wait()
            time.sleep(self.random.random() / 4)
            self.start_forward() if what == "forward" else self.start_mirror()
        elif kind == "second forward":
            if "second" in self.running:
                self.running["second"].kill()
                self.running.pop("second").wait()
            else:
                self.start_forward("second")
        elif kind in ("stop forward", "stop mirror"):
            self.stop_for_a_moment(self.running[kind.split()[1]])
        elif kind == "stop server":
            self.stop_for_a_moment(self.server.process)
        elif kind == "kill server":
            self.server.kill()
            time.sleep(self.random.random() / 4)
            self.server.start()
        elif kind == "cut off":
            set_loopback(False)
            time.sleep(self.random.random())
            set_loopback(True)
        elif kind == "foreign":
            with self.server.client() as client:
                client.request(f"telemetry.{self.ring}", b"of somebody else")
        elif kind == "purge":
            with self.server.client() as client:
                state = client.state(self.ring)
                if state:
                    self.emptied.update(range(len(self.ends)))  # of all of them messages may be there
                    upto = self.random.choice([state["last_seq"] + 1, state["last_seq"] - 3])
                    client.api(f"STREAM.PURGE.{self.ring}", {"seq": max(upto, 1)})

    def storm(self, faults, *args):
        if ALONE in os.environ:
            faults = [*faults, "cut off"]
        self.notes = self.directory()
        self.begin_ring(*args)
        self.start_forward()
        self.eventually(self.has_stream)
        if "--lossless" in args:
            self.eventually(lambda: "forward" in self.expect(OK, "consumers", self.ring).stdout)
        followed = Followed(self, self.copy)
        self.start_mirror()
        for number in range(FAULTS):
            self.write(self.random.randrange(A_FAULT // 2, A_FAULT * 3 // 2))
            time.sleep(self.random.random() / 10)
            kind = faults[number % len(faults)] if number < len(faults) else self.random.choice(faults)
            if kind == "anew":
                self.end_writer()
                self.begin_ring(*args)
            else:
                self.fault(kind)
            if ended := [what for what, process in self.running.items() if process.poll() is not None]:
                self.fail(f"{ended} ended, seed {self.seed}:\n{self.said()}")
        self.write(100)  # also if the stream was just emptied
        self.end_writer()
        last = (len(self.ends) - 1) * OF_A_RING + self.ends[-1] - 1
        self.eventually(lambda: followed.newest() == last, 180)
        for process in self.running.values():
            process.kill()
        followed.end()
        self.expect(OK, "check", self.copy)
        self.judge(followed)
        return followed

    def has_stream(self):
        with self.server.client() as client:
            return client.state(self.ring)

    def eventually(self, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline:
                self.fail(f"it has not come to that, seed {self.seed}:\n{self.said()}")
            time.sleep(0.05)

    def judge(self, followed):
        seed = f"seed {self.seed}"
        with self.server.client() as client:
            told = self.told_by_the_stream(client.messages(self.ring))
        self.assertEqual(followed.others, [], seed)
        rings = [(next(iter(values.values()))[0] // OF_A_RING, values, gaps)
                 for values, gaps in followed.rings if values]
        order = [which for which, _, _ in rings]
        self.assertEqual(order, sorted(set(order)), f"a ring twice, or an older one after a newer one, {seed}")
        for which, values, gaps in rings:
            here = f"ring {which} of {len(self.ends)}, {seed}"
            wrong = {seq: row for seq, row in values.items() if row != (which * OF_A_RING + seq, 2 * row[0])}
            self.assertEqual(wrong, {}, here)
            lost = {seq for first, last in gaps for seq in range(first, last + 1)}
            count = len(values) + len(lost)
            self.assertEqual(runs_of({*values, *lost}), [(0, count - 1)], here)
            kept, counted, is_whole = told.get(which, (set(), set(), False))
            self.assertEqual(runs_of(kept - set(values)), [], f"in the stream and not there, {here}")
            if which not in self.emptied:
                self.assertEqual(runs_of(set(values) - kept), [], f"there and not in the stream, {here}")
                self.assertEqual(runs_of(lost), runs_of(counted), here)
            self.assertLessEqual(count, self.ends[which], here)
            if which == len(self.ends) - 1 or (is_whole and which not in self.emptied):
                self.assertEqual(count, self.ends[which], here)
        self.found = sum(len(values) for _, values, _ in rings)
        print(f"{seed}: {sum(self.ends)} values in {len(self.ends)} rings, {self.found} mirrored, {FAULTS} faults",
              file=sys.stderr)

    def told_by_the_stream(self, messages):
        """For each ring: the numbers of the values, those that were lost, and whether it was forwarded to its end."""
        told, which_of, whole = {}, {}, set()
        for message in valid(messages):
            count, epoch = message["Count"], message["Epoch"]
            if message["Kind"] == "values":
                body = count * message["Record"]
                seqs = numbers(message.data[body:body + 8 * count]) if message["Seqs"] else \
                    list(range(message["First"], message["First"] + count))
                which_of[epoch] = struct.unpack_from("<Q", message.data)[0] // OF_A_RING
                told.setdefault(epoch, (set(), set()))[0].update(seqs)
            elif message["Kind"] == "losses":
                for i in range(count):
                    first, last, _ = numbers(message.data[24 * i:24 * i + 24])
                    told.setdefault(epoch, (set(), set()))[1].update(range(first, last + 1))
            else:
                before = json.loads(message.data[:count])["before"]
                if before and before["complete"]:
                    whole.add(before["epoch"])
        return {which_of[epoch]: (values, lost, epoch in whole) for epoch, (values, lost) in told.items()
                if epoch in which_of}

    STOPPED = ["kill forward", "kill mirror", "stop forward", "stop mirror", "second forward", "kill server",
               "stop server", "foreign"]

    def test_a_ring_that_holds_all_is_the_same_there(self):
        self.storm(self.STOPPED, "--slots", 2 * FAULTS * A_FAULT)
        self.assertEqual(self.found, self.ends[0])

    def test_a_small_lossless_ring_is_the_same_there(self):
        self.storm(self.STOPPED, "--slots", 1000, "--lossless")
        self.assertEqual(self.found, self.ends[0])

    def test_small_rings_that_are_made_anew_are_accounted_for(self):
        self.storm(["anew", *self.STOPPED], "--slots", 2000)
        self.assertGreater(len(self.ends), 1)

    def test_a_stream_that_is_emptied_leaves_gaps_and_nothing_else(self):
        self.storm(["purge", *self.STOPPED, "anew"], "--slots", 2 * A_FAULT)


def may_have_a_network_of_its_own():
    return shutil.which("unshare") and subprocess.run(["unshare", "-rn", "true"], stderr=subprocess.DEVNULL,
                                                      check=False).returncode == 0


if __name__ == "__main__":
    if ALONE not in os.environ and may_have_a_network_of_its_own():
        os.environ[ALONE] = "1"
        os.execvp("unshare", ["unshare", "-rn", sys.executable, "-B", *sys.argv])
    if ALONE in os.environ:
        set_loopback(True)
    unittest.main()
