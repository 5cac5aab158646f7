"""forward of a ring that has lost its name while the server was away: what is left of it is not."""

import unittest

from arena_cli import OK
from forwarding import ForwardCase


class ForwardLeftTest(ForwardCase):
    def expect_the_rest(self, *args):
        self.make_ring(*args, slots=64)
        run = self.forward()
        with self.server.client() as client:
            self.eventually(lambda: client.state(self.stream))
        if args:
            self.eventually(lambda: "forward" in self.expect(OK, "consumers", self.ring).stdout)
        self.write(0, 20)
        self.await_position(20)
        self.server.kill()
        self.write(20, 60)
        self.expect(OK, "rm", self.ring)
        self.server.start()
        self.await_position(60)
        self.stop(run)
        account = self.account()
        self.expect_values(account, range(60))
        self.assertEqual(account.lost, {})

    def test_of_one_that_overwrites(self):
        self.expect_the_rest()

    def test_of_a_lossless_one(self):
        self.expect_the_rest("--lossless")

    def test_one_that_was_made_anew_meanwhile_comes_behind_it(self):
        self.make_ring("--lossless", slots=64)
        run = self.forward()
        self.eventually(lambda: "forward" in self.expect(OK, "consumers", self.ring).stdout)
        self.write(0, 20)
        self.await_position(20)
        with self.server.client() as client:
            old = client.messages(self.stream)[0]["Epoch"]
        self.server.kill()
        self.write(20, 60)
        self.expect(OK, "rm", self.ring)
        self.make_ring("--lossless", slots=64)
        self.server.start()

        def is_of_new():
            with self.server.client() as client:
                return client.messages(self.stream)[-1]["Epoch"] != old

        self.eventually(is_of_new)
        self.stop(run)
        self.expect_values(self.account(old), range(60))


if __name__ == "__main__":
    unittest.main()
