"""forward while its stream changes between two of its looks: something between it and the server does that."""

import socket
import threading
import unittest

from forwarding import ForwardCase
from nats_server import free_port


class Between:
    """Passes on all that goes to a server and comes from it; once, before a request with these words, it calls."""

    def __init__(self, test, server, words, call):
        self.server, self.words, self.call = server, words, call
        self.port = free_port()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        test.addCleanup(self.listener.close)
        self.has_called = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server.port))
            threading.Thread(target=self.pass_on, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(server, client, False), daemon=True).start()

    def pass_on(self, source, target, looks):
        with source, target:
            while data := source.recv(1 << 16):
                if looks and self.words in data and not self.has_called.is_set():
                    self.call()
                    self.has_called.set()
                target.sendall(data)


class ForwardRacedTest(ForwardCase):
    def test_a_stream_that_is_purged_while_its_end_is_looked_for(self):
        self.make_ring()
        self.write(0, 1500)
        self.forward_all(1500, "--batch", "1")
        with self.server.client() as client:
            client.request(f"telemetry.{self.ring}", b"of somebody else")

        def purge():
            with self.server.client() as other:
                other.api(f"STREAM.PURGE.{self.stream}")

        between = Between(self, self.server, b'{"seq":', purge)
        self.write(1500, 1600)
        run = self.start("forward", self.ring, "--to", f"nats://127.0.0.1:{between.port}", "--batch", "16")
        self.await_position(1600)
        self.assertTrue(between.has_called.is_set())
        self.stop(run)


if __name__ == "__main__":
    unittest.main()
