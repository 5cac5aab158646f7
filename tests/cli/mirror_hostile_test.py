"""mirror and what it is not to trust: a wrong address, somebody else's ring, other messages, hostile ones."""

import random
import unittest

from arena_cli import ABSENT, FAILED, OK, USAGE
from mirroring import MirrorTest, values
from nats_server import free_port
from stream_origin import HOLE


class MirrorHostileTest(MirrorTest):
    def mirror(self, server, stream, *args, code=FAILED, says=""):
        url = getattr(server, "url", server)
        return self.expect(code, "mirror", "--from", url, "--stream", stream, *args, says=says)

    def test_nobody_at_the_address(self):
        url = f"nats://user:secret@127.0.0.1:{free_port()}"
        done = self.mirror(url, "any", says="a NATS server that answers there")
        self.assertNotIn("secret", done.stderr)

    def test_a_wrong_password_is_said_and_not_shown(self):
        server = self.server(config='accounts { A { jetstream: true, users: [ {user: a, password: right} ] } }\n'
                                   'no_auth_user: a')
        done = self.mirror(server.url.replace("//", "//a:secret@"), "any")
        self.assertNotIn("secret", done.stderr)
        self.assertIn("a user who may do that", done.stderr)

    def test_an_address_that_is_none(self):
        done = self.mirror("secret@host", "any", code=USAGE, says="expected nats://HOST:PORT")
        self.assertNotIn("secret", done.stderr)

    def test_a_server_without_jetstream(self):
        self.mirror(self.server(jetstream=False), "any", says="a server with JetStream")

    def test_a_stream_that_is_not_there(self):
        self.mirror(self.server(), "absent", code=ABSENT, says="a stream of that name")

    def test_a_ring_of_somebody_else_is_not_touched(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        self.expect(OK, "create", name, "--slots", 4, "--fields", "u64 n", "--exclusive")
        self.expect(OK, "write", name, stdin="n\n7\n")
        self.mirror(server, name, name, says="one that only mirrors have written")
        self.assertEqual(self.ring(name)[0], {0: 7})

    def test_a_ring_of_another_schema_is_not_touched(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        self.expect(OK, "create", name, "--slots", 4, "--fields", "f64 n", "--exclusive")
        self.mirror(server, name, name, code=(5, FAILED))
        self.assertEqual(self.head(name), 0)

    def test_a_second_mirror_into_the_same_ring_is_refused(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0)
        self.start_mirror(server, name)
        self.await_head(name, 1)
        self.mirror(server, name, name, says="one writer at a time")

    def test_messages_of_others_are_passed_over_and_counted(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.client.request(origin.subject, b"first")
        origin.describe()
        origin.values(0)
        origin.client.request(origin.subject, b"Arena-Shm-Kind: values")
        origin.values(1)
        mirror = self.start_mirror(server, name)
        self.await_head(name, 2)
        self.assertIn("mirrored 2 values; lost none; 2 messages of others", self.end(mirror))

    def test_void_messages_come_again(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0)
        tally, ends = dict(origin.tally), list(origin.next)
        origin.values_message([1, 2])  # is refused
        origin.values(3)
        origin.values(4)
        origin.tally, origin.next = tally, ends
        origin.begin_run()
        origin.values(1, 2)
        origin.values(3)
        origin.values(4)
        mirror = self.start_mirror(server, name)
        self.await_head(name, 5)
        self.assertEqual(self.ring(name), (values(0, 1, 2, 3, 4), []))
        self.assertIn("mirrored 5 values; lost none", self.end(mirror))

    def test_a_wrong_message_is_refused_and_the_rest_comes(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0)
        origin.client.request(origin.subject, b"", b"Arena-Shm-Version: 1\r\nArena-Shm-Kind: values\r\n")
        origin.values(1)
        mirror = self.start_mirror(server, name)
        self.await_head(name, 2)
        said = self.end(mirror)
        self.assertIn("refused message 3", said)
        self.assertIn("refused 1 message", said)
        self.assertEqual(mirror.returncode, FAILED)

    def test_values_of_another_schema_are_refused(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0)
        schema, origin.schema = origin.schema, origin.schema.replace("u8", "f8")
        origin.values(1)
        origin.schema = schema
        mirror = self.start_mirror(server, name)
        self.eventually(lambda: self.head(name) >= 1)
        said = self.end(mirror)
        self.assertIn("those of the epoch's schema", said)
        self.assertEqual(self.ring(name)[0], values(0))

    def test_a_ring_that_would_be_too_large_has_to_be_asked_for(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name, slots=1 << 50)
        origin.describe()
        self.mirror(server, name, says="--slots N")
        self.start_mirror(server, name, "--slots", 8)
        origin.values(0)
        self.await_head(name, 1)

    def test_whatever_is_in_a_message_it_goes_on(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name, lanes=2, slots=16)
        origin.describe()
        dice = random.Random(7)
        for _ in range(300):
            tally, ends, number = dict(origin.tally), list(origin.next), origin.number
            headers, body = dice.choice([lambda: origin.values_message([0, 1]),
                                         lambda: origin.losses_message((0, 6, HOLE))])()
            origin.tally, origin.next, origin.number = tally, ends, number
            at = dice.randrange(len(headers))
            wrong = dice.choice(["", "-1", "0", str(1 << 61), str(1 << 64), "9" * 40, "zz", "00", "f" * 16])
            how = dice.randrange(4)
            if how == 0:
                headers[at] = (headers[at][0], wrong)
            elif how == 1:
                del headers[at]
            elif how == 2:
                headers.append(headers[at])
            else:
                body = body[: dice.randrange(len(body))] + dice.randbytes(dice.randrange(9))
            origin.publish((headers, body))
        origin.begin_run()
        origin.values(0, 1)
        mirror = self.start_mirror(server, name)
        self.eventually(lambda: self.head(name) >= 2)
        self.assertIn("refused", self.end(mirror))
        self.assertIn(mirror.returncode, (FAILED, 3))
        self.expect(OK, "check", name)


if __name__ == "__main__":
    unittest.main()
