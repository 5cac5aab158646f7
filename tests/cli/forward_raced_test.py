"""forward while its stream changes between two of its looks: something between it and the server does that."""

import signal
import socket
import threading
import unittest

from arena_cli import OK
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

    def test_one_that_stood_by_while_the_ring_was_made_anew_does_not_forward_the_old_one_again(self):
        self.make_ring()
        first, second = self.two_forwards()
        second.send_signal(signal.SIGSTOP)
        with self.server.client() as client:
            old = client.messages(self.stream)[0]["Epoch"]
        self.expect(OK, "rm", self.ring)
        self.make_ring()
        self.write(0, 50)
        self.eventually(lambda: self.has_gone_over(old))
        first.kill()
        self.write(50, 60)
        second.send_signal(signal.SIGCONT)
        with self.server.client() as client:
            self.eventually(lambda: self.has_gone_over(old) and self.position(client) == 60)
            self.stop(second)
            epochs = [message["Epoch"] for message in client.messages(self.stream)]
        new = epochs[-1]
        self.assertEqual(epochs, [old] * epochs.count(old) + [new] * epochs.count(new))
        self.expect_values(self.account(new), range(60))

    def has_gone_over(self, old):
        with self.server.client() as client:
            last = client.messages(self.stream)[-1]
            return last["Epoch"] != old and last["Kind"] == "values"


if __name__ == "__main__":
    unittest.main()
