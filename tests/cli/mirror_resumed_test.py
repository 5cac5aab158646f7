"""mirror: whatever ends, it goes on where it was, and what is gone meanwhile is counted."""

import json
import signal
import subprocess
import threading
import unittest

from arena_cli import LOST, OK, TOOL
from mirroring import MirrorTest, values
from nats_server import free_port
from stream_origin import HOLE, OVERWRITTEN


class MirrorResumedTest(MirrorTest):
    def test_it_can_wait_for_a_server_and_for_a_stream(self):
        name, copy, port = self.name(), self.name("copy"), free_port()
        command = [TOOL, "mirror", "--from", f"nats://127.0.0.1:{port}", "--stream", name, copy, "--wait"]
        mirror = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.kill, mirror)
        self.assertIn("it is tried again", mirror.stderr.readline())
        server = self.server(port=port)
        next(line for line in mirror.stderr if "a stream of that name" in line)
        origin = self.origin(server, name)
        origin.describe()
        origin.values(*range(5))
        self.await_head(copy, 5)
        self.assertNotIn("connected again", self.end(mirror))

    def test_it_goes_on_where_its_ring_ends(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1, 2)
        self.end(self.start_and_await(server, name, 3), signal.SIGKILL)
        origin.values(3)
        origin.losses((4, 5, OVERWRITTEN))
        origin.values(6)
        mirror = self.start_and_await(server, name, 7)
        self.assertEqual(self.ring(name), (values(0, 1, 2, 3, 6), ["4..5 (2 holes)"]))
        said = self.end(mirror)
        self.assertIn("mirrored 2 values; 2 overwritten at the origin", said)
        self.assertNotIn("dropped", said)

    def start_and_await(self, server, name, head):
        mirror = self.start_mirror(server, name, name)
        self.await_head(name, head)
        return mirror

    def test_without_a_name_it_finds_its_ring_though_the_schema_is_gone(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0)
        first = self.start_mirror(server, name)
        self.await_head(name, 1)
        self.end(first, signal.SIGKILL)
        origin.client.api(f"STREAM.PURGE.{name}")
        origin.values(1)
        mirror = self.start_mirror(server, name)
        self.await_head(name, 2)
        self.assertIn("mirrored 1 value; lost none", self.end(mirror))

    def test_a_stream_that_was_made_anew_by_the_same_ring(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1)
        mirror = self.start_and_await(server, name, 2)
        origin.client.api(f"STREAM.DELETE.{name}")
        epoch = origin.epoch
        again = self.origin(server, name)
        again.epoch = epoch
        again.describe()
        again.losses((0, 3, OVERWRITTEN))
        again.values(4)
        self.await_head(name, 5)
        self.assertEqual(self.ring(name), (values(0, 1, 4), ["2..3 (2 holes)"]))
        self.assertIn("2 overwritten at the origin", self.end(mirror))

    def test_what_is_left_of_a_ring_that_was_made_anew_meanwhile_comes_first(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name, slots=1024)
        origin.describe()
        origin.values(0, 1)
        self.end(self.start_and_await(server, name, 2), signal.SIGKILL)
        for seq in range(2, 600):
            origin.values(seq)
        for count in (1, 2):
            origin.begin_epoch()
            origin.describe()
            origin.values(*range(count))
        follower = subprocess.Popen([TOOL, "tail", "-F", name, "--from", "2", "--gaps", "inline", "--format", "ndjson"],
                                    stdout=subprocess.PIPE, text=True)
        watchdog = threading.Timer(60, follower.kill)
        watchdog.start()
        self.addCleanup(follower.communicate)
        self.addCleanup(follower.kill)
        self.addCleanup(watchdog.cancel)
        mirror = self.start_and_await(server, name, 2)
        rows = [json.loads(next(follower.stdout)) for _ in range(600)]
        self.assertEqual([row.get("_seq") for row in rows[:599]], [*range(2, 600), None])
        self.assertIn("_restart", rows[598])
        said = self.end(mirror)
        self.assertIn("mirrored 601 values; lost none", said)

    def test_of_a_ring_that_the_stream_has_nothing_of_any_more_all_that_is_newer_comes(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1)
        self.end(self.start_and_await(server, name, 2), signal.SIGKILL)
        origin.client.api(f"STREAM.PURGE.{name}")
        for count in (3, 4):
            origin.begin_epoch()
            origin.describe()
            origin.values(*range(count))
        mirror = self.start_and_await(server, name, 4)
        self.assertIn("mirrored 7 values; lost none", self.end(mirror))

    def test_in_a_long_stream_it_does_not_begin_at_the_beginning(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        for seq in range(700):
            origin.values(seq)
        origin.client.request("telemetry." + name, b"of somebody else")
        self.end(self.start_and_await(server, name, 700), signal.SIGKILL)
        origin.values(700)
        mirror = self.start_and_await(server, name, 701)
        self.assertIn("mirrored 1 value; lost none", self.end(mirror))

    def test_killed_while_it_writes(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name, slots=2048)
        origin.describe()
        for seq in range(0, 600, 3):
            origin.values(seq, seq + 1)
            origin.losses((seq + 2, seq + 2, HOLE))
        for _ in range(5):
            mirror = self.start_mirror(server, name, name)
            self.eventually(lambda: self.head(name) > 0)
            self.end(mirror, signal.SIGKILL)
        self.start_and_await(server, name, 600)
        found, gaps = self.ring(name)
        self.assertEqual(found, values(*(seq for seq in range(600) if seq % 3 != 2)))
        self.assertEqual(gaps, [f"{seq}..{seq} (1 hole)" for seq in range(2, 600, 3)])

    def test_the_server_is_killed_and_started_again(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1)
        mirror = self.start_and_await(server, name, 2)
        server.kill()
        server.start()
        with server.client() as origin.client:
            origin.begin_run()
            origin.values(2, 3)
        self.await_head(name, 4)
        self.assertEqual(self.ring(name), (values(0, 1, 2, 3), []))
        self.assertIn("mirrored 4 values; lost none; 1 reconnect", self.end(mirror))

    def test_a_purged_stream_is_a_loss_that_is_counted(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1)
        self.end(self.start_and_await(server, name, 2))
        origin.values(2, 3, 4)
        origin.losses((5, 5, HOLE))
        origin.client.api(f"STREAM.PURGE.{name}")
        origin.values(6)
        mirror = self.start_and_await(server, name, 7)
        self.assertEqual(self.ring(name), (values(0, 1, 6), ["2..5 (4 holes)"]))
        said = self.end(mirror)
        self.assertIn("4 dropped by the stream", said)
        self.assertEqual(mirror.returncode, LOST)

    def test_messages_that_are_dropped_while_it_reads(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0)
        mirror = self.start_and_await(server, name, 1)
        mirror.send_signal(signal.SIGSTOP)
        origin.values(1)
        origin.losses((2, 3, HOLE))
        origin.client.api(f"STREAM.PURGE.{name}")
        origin.values(4)
        mirror.send_signal(signal.SIGCONT)
        self.await_head(name, 5)
        found, _ = self.ring(name)
        self.assertEqual(found[4], 40)
        self.assertIn(0, found)

    def test_a_limit_of_the_stream_drops_the_oldest(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name, config={"max_msgs": 4})
        origin.describe()
        for seq in range(6):
            origin.values(seq)
        origin.describe()
        mirror = self.start_and_await(server, name, 6)
        found, gaps = self.ring(name)
        self.assertEqual(found, values(3, 4, 5))
        self.assertEqual(gaps, ["0..2 (3 holes)"])
        said = self.end(mirror)
        self.assertIn("waiting until it is said again", said)
        self.assertIn("3 dropped by the stream", said)

    def test_a_new_epoch_makes_the_ring_anew(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1, 2)
        mirror = self.start_and_await(server, name, 3)
        follower = self.expect(OK, "tail", name).stdout
        origin.begin_epoch()
        origin.describe()
        origin.values(0)
        self.await_head(name, 1)
        self.assertEqual(self.ring(name), (values(0), []))
        self.assertIn("anew", self.end(mirror))
        self.assertIn("20", follower)

    def test_a_ring_that_was_removed_is_made_again_from_the_stream(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1, 2)
        mirror = self.start_and_await(server, name, 3)
        self.expect(OK, "rm", name)
        self.await_head(name, 3)
        self.assertEqual(self.ring(name), (values(0, 1, 2), []))
        self.assertIn("was removed", self.end(mirror))

    def test_a_new_epoch_while_it_was_away(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1, 2)
        self.end(self.start_and_await(server, name, 3), signal.SIGKILL)
        origin.begin_epoch()
        origin.describe()
        origin.values(0, 1)
        mirror = self.start_and_await(server, name, 2)
        self.assertIn("mirrored 2 values; lost none", self.end(mirror))


if __name__ == "__main__":
    unittest.main()
