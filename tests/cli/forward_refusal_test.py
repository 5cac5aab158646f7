"""forward with a server, a stream or a user that it cannot have: a clear error, and no secret in it."""

import time
import unittest

from arena_cli import ABSENT, FAILED, OK, USAGE
from forwarding import ForwardCase
from nats_server import Server, free_port


class ForwardRefusalTest(ForwardCase):
    def make_server(self, **kwargs):
        return None

    def refuse(self, *args, url=None, says="", code=FAILED):
        done = self.expect(code, "forward", self.ring, "--to", url or self.server.url, *args, says=says)
        self.assertNotIn("secret", done.stderr)
        return done

    def test_a_wrong_address(self):
        self.make_ring()
        self.refuse(url="nats://user:secret@127.0.0.1:1", says="check the address")
        self.refuse(url="127.0.0.1:4222", says="expected nats://HOST:PORT", code=USAGE)
        self.refuse("--stream", "a b", url="nats://127.0.0.1:1", says="as the name of a stream", code=USAGE)
        self.refuse("--subject", "a.>", url="nats://127.0.0.1:1", says="as a subject", code=USAGE)
        for option in ("--creds", "--tls-ca"):
            done = self.refuse(option, "/none", url="nats://127.0.0.1:1", says="/none", code=(FAILED, ABSENT))
            self.assertIn("/none", done.stderr)

    def test_wrong_credentials_are_not_printed(self):
        self.server = Server(self, config='authorization { user: "user", password: "right" }\n')
        self.make_ring()
        self.refuse(url=f"nats://user:secret@127.0.0.1:{self.server.port}", says="a user who may do that")
        self.refuse(url=f"nats://secret@127.0.0.1:{self.server.port}", says="a user who may do that")
        self.refuse(says="a user who may do that")
        self.refuse("--wait", says="a user who may do that")

    def test_a_server_that_is_not_there_yet_can_be_waited_for(self):
        self.make_ring()
        self.write(0, 10)
        port = free_port()
        run = self.start("forward", self.ring, "--to", f"nats://127.0.0.1:{port}", "--wait")
        self.assertIn("trying again", run.stderr.readline())
        self.server = Server(self, port=port)
        self.await_position(10)
        self.stop(run)
        self.expect_values(self.account(), range(10))

    def test_a_server_without_jetstream(self):
        self.server = Server(self, jetstream=False)
        self.make_ring()
        self.refuse(says="a server with JetStream")

    def test_a_stream_that_does_not_take_the_subject(self):
        self.server = Server(self)
        self.make_ring()
        with self.server.client() as client:
            for name, more in {"other": {}, "work": {"retention": "workqueue"}, "mute": {"no_ack": True}}.items():
                client.api(f"STREAM.CREATE.{name}", {"name": name, "subjects": [f"{name}.>"], **more})
        self.refuse("--stream", "other", says="choose another --stream or --subject", code=USAGE)
        self.refuse("--stream", "work", "--subject", "work.x", says="keeps messages by its limits", code=USAGE)
        self.refuse("--stream", "mute", "--subject", "mute.x", says="one without acknowledgements", code=USAGE)
        self.refuse("--subject", "other.x", says="that no other stream has", code=USAGE)

    def test_a_record_larger_than_max_payload(self):
        self.server = Server(self, config="max_payload: 8192\n")
        self.expect(OK, "create", self.ring, "--slots", 8, "--size", 8000)
        self.expect(OK, "write", self.ring, "--format", "raw", stdin=b"x" * 8000)
        self.refuse(says="raise max_payload")
        self.expect(OK, "rm", self.ring)
        self.make_ring()
        self.write(0, 2000)
        self.forward_all(2000, "--batch", "100000")  # goes in smaller messages
        self.expect_values(self.account(), range(2000))

    def test_stall_exit(self):
        self.server = Server(self)
        self.make_ring()
        run = self.forward("--stall-exit", "500ms")
        self.write(0, 10)
        self.await_position(10)
        self.server.kill()
        time.sleep(1)
        self.assertIsNone(run.poll())  # nothing has come meanwhile
        self.write(10, 20)
        _, notes = run.communicate(timeout=60)
        self.assertEqual(run.returncode, FAILED, notes)
        self.assertIn("nothing, while 10 values wait", notes)


if __name__ == "__main__":
    unittest.main()
