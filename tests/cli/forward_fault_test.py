"""forward while it, its server or its stream is killed, stopped, emptied, or used by others."""

import signal
import threading
import time
import unittest

from arena_cli import LOST, OK, USAGE
from forwarding import ForwardCase
from nats_server import valid


class ForwardFaultTest(ForwardCase):
    def test_killed_in_the_middle_and_started_again(self):
        self.make_ring()
        for first in range(0, 5000, 1000):
            run = self.forward("--batch", "16")
            self.write(first, first + 1000)
            run.kill()
            run.wait()
        self.forward_all(5000)
        account = self.account()
        self.expect_values(account, range(5000))
        self.assertEqual(account.lost, {})

    def test_a_server_that_is_killed_stopped_or_restarted_costs_nothing_while_the_ring_holds_it(self):
        self.make_ring()
        run = self.forward("--batch", "16")
        self.write(0, 100)
        self.await_position(100)
        self.write(100, 1000)
        for first in range(1000, 6000, 1000):
            if first % 2000 == 0:
                self.write(first, first + 500)
                self.server.kill()
                self.write(first + 500, first + 1000)
                self.server.start()
            else:
                self.server.signal(signal.SIGSTOP)
                self.write(first, first + 1000)
                self.server.signal(signal.SIGCONT)
        self.await_position(6000)
        self.stop(run)
        account = self.account()
        self.expect_values(account, range(6000))
        self.assertEqual(account.lost, {})

    def test_what_the_ring_overwrote_while_the_server_was_away_is_lost_and_counted(self):
        self.make_ring(slots=256)
        run = self.forward("--batch", "16")
        self.write(0, 200)
        self.await_position(200)
        self.server.kill()
        self.write(200, 2000)
        self.server.start()
        self.await_position(2000)
        self.stop(run, LOST)
        account = self.account()
        self.assertEqual(account.position, 2000)
        self.assertEqual(sorted([*account.values, *account.lost]), list(range(2000)))
        self.assertEqual(set(account.lost.values()), {0})
        self.assertLessEqual(set(range(200)) | set(range(2000 - 256, 2000)), set(account.values))

    def test_a_lossless_ring_waits_for_it_and_loses_nothing(self):
        self.make_ring("--lossless", slots=64)
        run = self.forward("--batch", "16")
        self.eventually(lambda: "forward" in self.expect(OK, "consumers", self.ring).stdout)
        writer = self.start("write", self.ring)
        writer.stdin.write("n,twice\n" + "".join(f"{n},{2 * n}\n" for n in range(3000)))
        writer.stdin.flush()
        self.await_position(200)
        self.server.kill()
        run.kill()
        run.wait()
        self.server.start()
        run = self.forward("--batch", "16")
        self.await_position(3000)
        writer.communicate(timeout=60)
        self.stop(run)
        account = self.account()
        self.expect_values(account, range(3000))
        self.assertEqual(account.lost, {})

    def test_a_lossless_ring_full_of_what_the_stream_has_is_given_back(self):
        """As after a kill between what the server stored and what the ring was told of it."""
        self.make_ring("--lossless", slots=64)
        behind = self.forward("--consumer", "behind")
        self.eventually(lambda: "behind" in self.expect(OK, "consumers", self.ring).stdout)
        behind.kill()
        behind.wait()
        ahead = self.forward("--consumer", "ahead")
        self.eventually(lambda: "ahead" in self.expect(OK, "consumers", self.ring).stdout)
        self.write(0, 64)
        self.await_position(64)
        self.stop(ahead)
        self.expect(OK, "consumers", self.ring, "--remove", "ahead")
        run = self.forward("--consumer", "behind")
        writer = self.start("write", self.ring)
        writer.communicate("n,twice\n" + "".join(f"{n},{2 * n}\n" for n in range(64, 200)), timeout=60)
        self.await_position(200)
        self.stop(run)
        account = self.account()
        self.expect_values(account, range(200))
        self.assertEqual(account.lost, {})

    def test_a_second_one_stands_by_and_takes_over(self):
        self.make_ring()
        first, second = self.two_forwards()
        first.kill()
        first.wait()
        self.write(160, 300)
        self.await_position(300)
        self.stop(second)
        account = self.account()
        self.expect_values(account, range(300))
        self.assertEqual(account.lost, {})

    def test_a_stream_that_is_purged_gets_what_comes(self):
        self.make_ring()
        run = self.forward()
        self.write(0, 100)
        self.await_position(100)
        with self.server.client() as client:
            client.api(f"STREAM.PURGE.{self.stream}")
            self.write(100, 200)
            self.eventually(lambda: self.position(client) == 200)
            seqs = [s for m in client.messages(self.stream) if m["Kind"] == "values"
                    for s in range(m["First"], m["Last"] + 1)]
        self.stop(run)
        self.assertEqual(seqs, list(range(100, 200)))

    def test_a_stream_that_is_full_is_waited_for(self):
        self.make_ring()
        with self.server.client() as client:
            client.api(f"STREAM.CREATE.{self.stream}", {"name": self.stream, "subjects": [f"telemetry.{self.ring}"],
                                                        "max_msgs": 20, "discard": "new"})
        run = self.forward("--batch", "10")
        self.write(0, 1000)
        self.assertIn("maximum messages exceeded", run.stderr.readline())
        with self.server.client() as client:
            seen = []

            def make_room():
                messages = client.messages(self.stream)
                for message in messages:
                    if message["Kind"] == "values":
                        seen.extend(range(message["First"], message["Last"] + 1))
                if messages:
                    client.api(f"STREAM.PURGE.{self.stream}", {"seq": messages[-1].seq + 1})
                return len(seen) >= 1000

            self.eventually(make_room)
        self.stop(run)
        self.assertEqual(seen, list(range(1000)))

    def test_a_stream_that_is_deleted_is_made_anew_with_all_that_the_ring_holds(self):
        self.make_ring()
        run = self.forward()
        self.write(0, 100)
        self.await_position(100)
        with self.server.client() as client:
            client.api(f"STREAM.DELETE.{self.stream}")
        self.write(100, 200)
        self.await_position(200)
        self.stop(run)
        self.expect_values(self.account(), range(200))

    def test_messages_of_others_in_between_lose_nothing(self):
        self.make_ring()
        run = self.forward("--batch", "1")
        self.write(0, 10)
        self.await_position(10)
        with self.server.client() as client:
            for first in range(10, 510, 100):
                self.write(first, first + 100)
                for header in (b"", b"Arena-Shm-Version: 1\r\nArena-Shm-Kind: values\r\n"):
                    client.request(f"telemetry.{self.ring}", b"of somebody else", header)
            self.write(510, 511)
            self.eventually(lambda: self.position(client) == 511)
        self.stop(run)
        account = self.account()
        self.expect_values(account, range(511))
        self.assertEqual(account.lost, {})

    def test_what_others_publish_into_a_window_makes_void_messages_and_loses_nothing(self):
        """A message is refused then, and the server takes those behind it: their fences are right again."""
        self.make_ring()
        run = self.forward("--batch", "1")
        self.write(0, 1)
        self.await_position(1)
        stop = threading.Event()

        def disturb():
            with self.server.client() as client:
                while not stop.is_set():
                    client.request(f"telemetry.{self.ring}", b"of somebody else")
                    time.sleep(0.01)

        other = threading.Thread(target=disturb)
        other.start()
        self.addCleanup(stop.set)
        for first in range(1, 2001, 200):
            self.write(first, first + 200)
        with self.server.client() as client:

            def has_void():
                messages = client.messages(self.stream)
                return sum(message.is_ours for message in messages) > len(valid(messages))

            self.eventually(has_void)
            stop.set()
            other.join()
            self.eventually(lambda: self.position(client) == 2001)
        notes = self.stop(run)
        self.assertNotIn("standing by", notes)
        account = self.account()
        self.expect_values(account, range(2001))
        self.assertEqual(account.lost, {})

    def test_behind_messages_of_others_its_place_is_found(self):
        self.make_ring()
        self.write(0, 100)
        self.forward_all(100)
        with self.server.client() as client:
            for _ in range(50):
                client.request(f"telemetry.{self.ring}", b"of somebody else")
            self.write(100, 200)
            self.forward_all(200)
            self.expect_values(self.account(), range(200))
            for _ in range(1100):
                client.request(f"telemetry.{self.ring}", b"of somebody else")
        self.expect(USAGE, "forward", self.ring, "--to", self.server.url, says="only messages of others")

    def test_void_messages_are_passed_over(self):
        """As they are when one of a window was refused, and the ones behind it were not."""
        self.make_ring()
        self.write(0, 100)
        self.forward_all(100, "--batch", "10")
        with self.server.client() as client:
            messages = client.messages(self.stream)
            broken = next(m for m in messages if m["Kind"] == "values" and m["First"] == 50)
            client.api(f"STREAM.MSG.DELETE.{self.stream}", {"seq": broken.seq})
            client.request(f"telemetry.{self.ring}", b"of somebody else")
            # The same behind a message of another run: void, up to the end.
            strange = messages[-1].head.split(b"\r\n", 2)[2].replace(messages[-1]["Run"].encode(), b"0" * 16)
            client.request(f"telemetry.{self.ring}", messages[-1].data, strange.rstrip(b"\r\n") + b"\r\n")
            self.assertEqual(len(valid(client.messages(self.stream))), len(messages) - 5)  # one deleted, four void
        self.write(100, 120)
        self.forward_all(120)
        self.assertEqual(self.account().position, 120)


if __name__ == "__main__":
    unittest.main()
