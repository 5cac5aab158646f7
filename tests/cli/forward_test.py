"""forward: a ring into a stream of a real server, each value once."""

import signal
import struct
import time
import unittest

from arena_cli import OK
from exposition import served_by
from forwarding import TICK, ForwardCase


class ForwardTest(ForwardCase):
    def test_each_value_comes_once_with_its_number(self):
        self.make_ring()
        self.write(0, 1000)
        run = self.forward()
        self.await_position(1000)
        self.write(1000, 3000)
        self.stop(run, says="forwarded 3000 values")
        account = self.account()
        self.expect_values(account, range(3000))
        self.assertEqual(account.lost, {})
        self.assertEqual(account.schemas[0]["arena"], self.ring)

    def test_the_fence_is_the_first_header_of_each_message_and_right(self):
        self.make_ring()
        self.write(0, 1000)
        self.forward_all(1000)
        with self.server.client() as client:
            messages = client.messages(self.stream)
        self.assertGreater(len(messages), 4)
        for message in messages:
            self.assertEqual(message.pairs[0], ("Nats-Expected-Last-Sequence", str(message.seq - 1)))
            self.assertEqual(message.head.count(b"Nats-"), 1)

    def test_what_was_overwritten_before_is_counted(self):
        self.make_ring(slots=100)
        self.write(0, 1000)
        self.forward_all(1000, says="forwarded 100 values")
        account = self.account()
        self.expect_values(account, range(900, 1000))
        self.assertEqual(account.lost, dict.fromkeys(range(900), 0))

    def test_a_filter_leaves_out_and_loses_nothing(self):
        self.make_ring()
        self.write(0, 1000)
        self.forward_all(1000, "--where", "n % 3 == 0", says="left out 666")
        account = self.account()
        self.expect_values(account, range(0, 1000, 3))
        self.assertEqual((account.lost, account.left_out), ({}, 666))
        self.assertEqual(account.schemas[0]["where"], "n % 3 == 0")
        self.write(1000, 2000)
        self.forward_all(2000, "--where", "n < 0")  # nothing comes, and that is told, too
        self.assertEqual(self.account().position, 2000)

    def test_a_ring_that_is_made_anew_is_gone_on_with(self):
        self.make_ring()
        self.write(0, 500)
        run = self.forward()
        self.await_position(500)
        self.write(500, 600)
        self.expect(OK, "rm", self.ring)
        self.make_ring("--exclusive")
        self.write(0, 300)
        with self.server.client() as client:
            self.eventually(lambda: sum(m["Kind"] == "schema" for m in client.messages(self.stream)) == 2)
            self.eventually(lambda: self.position(client) == 300)
            first, second = dict.fromkeys(m["Epoch"] for m in client.messages(self.stream))
        self.stop(run)
        self.expect_values(self.account(first), range(600))
        account = self.account(second)
        self.expect_values(account, range(300))
        self.assertEqual(account.schemas[0]["before"], {"epoch": first, "complete": True})

    def test_lanes_and_times_are_kept(self):
        self.expect(OK, "create", self.ring, "--slots", 100, "--lanes", 4, "--time", "--fields", TICK)
        self.write(0, 50)
        before = time.time_ns()
        self.forward_all(200)
        with self.server.client() as client:
            values = [m for m in client.messages(self.stream) if m["Kind"] == "values"]
        self.assertEqual(values[0]["Lanes"], 4)
        self.assertEqual(values[0]["First"] + 4 * 49, values[-1]["Last"])
        count = values[0]["Count"]
        times = struct.unpack(f"<{count}q", values[0].data[16 * count:24 * count])
        self.assertEqual(list(times), sorted(times))
        self.assertLess(abs(before - times[0]), 3600 * 10**9)

    def test_metrics_say_how_far_it_is(self):
        self.make_ring()
        self.write(0, 100)
        run = self.forward("--listen", "0")
        look = served_by(run, "forward_")
        self.await_position(100)
        self.eventually(lambda: look()["values_total"] == 100 and look()["lag_values"] == 0)
        found = look()
        self.assertEqual((found["up"], found["last_seq"], found["head"]), (1, 99, 100))
        self.assertLess(found["newest_age_seconds"], 60)
        self.server.signal(signal.SIGSTOP)
        self.write(100, 200)
        self.eventually(lambda: look()["lag_values"] == 100 and look()["lag_seconds"] > 0.1)
        self.server.signal(signal.SIGCONT)
        self.eventually(lambda: look()["lag_values"] == 0)
        self.stop(run)


if __name__ == "__main__":
    unittest.main()
