"""What the tests of forward have in common: a ring, a server, and a look at the stream."""

import contextlib
import signal
import struct
import time

from arena_cli import OK, CliTest
from nats_server import Account, Server

TICK = "u64 n, u64 twice"


class ForwardCase(CliTest):
    def setUp(self):
        self.server = self.make_server()
        self.ring = self.name("ring")
        self.stream = self.ring

    def make_server(self, **kwargs):
        return Server(self, **kwargs)

    def make_ring(self, *args, slots=100_000):
        self.expect(OK, "create", self.ring, "--slots", slots, "--fields", TICK, *args)

    def write(self, first, end):
        rows = "".join(f"{n},{2 * n}\n" for n in range(first, end))
        self.expect(OK, "write", self.ring, stdin="n,twice\n" + rows)

    def forward(self, *args):
        return self.start("forward", self.ring, "--to", self.server.url, "--max-delay", "5ms", *args)

    def two_forwards(self):
        """One that has forwarded 100 values, and one that stands by, seeing that up to 60 more come."""
        first = self.forward()
        self.write(0, 100)
        self.await_position(100)
        second = self.forward()
        for n in range(100, 160):
            self.write(n, n + 1)
        self.assertIn("standing by", second.stderr.readline())
        return first, second

    def stop(self, process, code=OK, says=""):
        process.send_signal(signal.SIGTERM)
        _, notes = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, notes)
        self.assertIn(says, notes)
        return notes

    def forward_all(self, number, *args, code=OK, says=""):
        """Until the stream accounts for so many numbers."""
        run = self.forward(*args)
        self.await_position(number)
        return self.stop(run, code, says)

    def eventually(self, what, seconds=30):
        end = time.monotonic() + seconds
        while not (found := what()):
            self.assertLess(time.monotonic(), end, "it has not come to that")
            time.sleep(0.05)
        return found

    def position(self, client):
        """How far the last message of the stream is."""
        state = client.state(self.stream) or {}
        last = client.get(self.stream, state["last_seq"]) if state.get("last_seq") else None
        return struct.unpack("<Q", last.data[-8:])[0] if last and last.is_ours and last["Positions"] else 0

    def is_at(self, number):
        with contextlib.suppress(OSError), self.server.client(timeout=3) as client:  # a server may be away
            return self.position(client) >= number
        return False

    def await_position(self, number):
        self.eventually(lambda: self.is_at(number), 60)

    def account(self, epoch=None):
        with self.server.client() as client:
            return Account(self, client.messages(self.stream), epoch)

    def expect_values(self, account, wanted):
        self.assertEqual(sorted(account.values), list(wanted))
        for seq, record in account.values.items():
            n, twice = struct.unpack("<QQ", record)
            self.assertEqual((n, twice), (seq, 2 * seq))
