"""forward into, and mirror from, a stream on three servers, whose leader is killed."""

import contextlib
import os
import unittest

from arena_cli import OK
from forwarding import ForwardCase
from nats_server import Server, free_port

COUNT = 3


class ForwardClusterTest(ForwardCase):
    def make_server(self, **kwargs):
        ports = [free_port() for _ in range(COUNT)]
        routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports)
        self.servers = [
            Server(self, config=f"server_name: s{i}\n"
                                f"cluster {{ name: c, listen: 127.0.0.1:{port}, routes: [{routes}] }}\n")
            for i, port in enumerate(ports)
        ]
        return self.servers[0]

    def urls(self):
        return ",".join(server.url for server in self.servers)

    def forward(self, *args):
        return self.start("forward", self.ring, "--to", self.urls(), "--max-delay", "5ms", *args)

    def has_stream(self):
        """As soon as the servers have found each other, and agree."""
        wish = {"name": self.stream, "subjects": [f"telemetry.{self.ring}"], "num_replicas": COUNT}
        with contextlib.suppress(TimeoutError), self.server.client(timeout=2) as client:
            return "error" not in client.api(f"STREAM.CREATE.{self.stream}", wish)
        return False

    def leader(self):
        with contextlib.suppress(TimeoutError), self.server.client(timeout=1) as client:
            return client.api(f"STREAM.INFO.{self.stream}").get("cluster", {}).get("leader")
        return None

    @unittest.skipUnless(os.environ.get("ARENA_SHM_LONG") == "1", "takes half a minute: ARENA_SHM_LONG=1")
    def test_the_leader_is_killed_in_the_middle(self):
        self.make_ring()
        self.eventually(self.has_stream, 60)
        run = self.forward("--batch", "16")
        copy = self.name("copy")
        mirror = self.start("mirror", "--from", self.urls(), "--stream", self.stream, copy, "--wait")
        self.write(0, 1000)
        self.await_position(1000)
        for first in (1000, 3000):
            leader = self.servers[int(self.eventually(self.leader)[1:])]
            self.write(first, first + 1000)
            leader.kill()
            self.write(first + 1000, first + 2000)
            self.server = next(server for server in self.servers if server.process is not None)
            self.await_position(first + 2000)
            leader.start()
        self.stop(run)
        rows = self.expect(OK, "tail", copy, "--from", "0", "-n", "5000", "-f", "--format", "csv").stdout.splitlines()
        self.assertEqual(rows[1:], [f"{n},{n},{2 * n}" for n in range(5000)])
        self.stop(mirror, says="lost none")
        account = self.account()
        self.expect_values(account, range(5000))
        self.assertEqual(account.lost, {})


if __name__ == "__main__":
    unittest.main()
