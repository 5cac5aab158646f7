"""forward: a ring into a stream of a real server, each value once."""

import os
import signal
import struct
import time
import unittest
import urllib.request

from arena_cli import ABSENT, FAILED, LOST, OK, USAGE, CliTest
from exposition import parse
from nats_server import Account, Client, Server, valid

LONG = os.environ.get("ARENA_SHM_LONG") == "1"
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

    def await_position(self, number):
        with self.server.client() as client:
            self.eventually(lambda: self.position(client) >= number)

    def account(self, epoch=None):
        with self.server.client() as client:
            return Account(self, client.messages(self.stream), epoch)

    def expect_values(self, account, wanted):
        self.assertEqual(sorted(account.values), list(wanted))
        for seq, record in account.values.items():
            n, twice = struct.unpack("<QQ", record)
            self.assertEqual((n, twice), (seq, 2 * seq))


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
        url = ""
        while "listening at" not in url:
            url = run.stderr.readline()
        self.await_position(100)

        def look():
            with urllib.request.urlopen(url.split()[-1], timeout=30) as response:
                samples = parse(response.read().decode())
            return {name.removeprefix("arena_shm_forward_"): value for (name, labels), value in samples.items()
                    if ("arena", self.ring) in labels and not any(k == "cause" for k, _ in labels)}

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

    def test_a_second_one_stands_by_and_takes_over(self):
        self.make_ring()
        first = self.forward()
        self.write(0, 100)
        self.await_position(100)
        second = self.forward()
        for n in range(100, 160):
            self.write(n, n + 1)
        while "standing by" not in second.stderr.readline():
            pass
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
            for first in range(10, 2010, 100):
                self.write(first, first + 100)
                for header in (b"", b"Arena-Shm-Version: 1\r\nArena-Shm-Kind: values\r\n"):
                    client.request(f"telemetry.{self.ring}", b"of somebody else", header)
            self.write(2010, 2011)
            self.eventually(lambda: self.position(client) == 2011)
        self.stop(run)
        account = self.account()
        self.expect_values(account, range(2011))
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

    def test_a_server_without_jetstream(self):
        self.server = Server(self, jetstream=False)
        self.make_ring()
        self.refuse(says="a server with JetStream")

    def test_a_stream_that_does_not_take_the_subject(self):
        self.server = Server(self)
        self.make_ring()
        with self.server.client() as client:
            client.api("STREAM.CREATE.other", {"name": "other", "subjects": ["other.>"]})
        self.refuse("--stream", "other", says="choose another --stream or --subject", code=USAGE)
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
