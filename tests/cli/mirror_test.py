"""mirror: a stream into a ring, with the same numbers."""

import random
import signal
import subprocess
import unittest

from arena_cli import LOST, OK, TOOL
from mirroring import MirrorTest, values
from stream_origin import HOLE, OVERWRITTEN, PASSED_OVER


class MirroredTest(MirrorTest):
    def test_each_value_has_its_number(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1, 2)
        mirror = self.start_mirror(server, name)
        self.await_head(name, 3)
        origin.values(3)
        self.await_head(name, 4)
        self.assertEqual(self.ring(name), (values(0, 1, 2, 3), []))
        self.assertIn("mirrored 4 values; lost none", self.end(mirror))
        self.assertEqual(mirror.returncode, OK)
        self.expect(OK, "check", name)

    def test_what_is_lost_at_the_origin_is_a_hole_here_and_its_cause_is_said(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0)
        origin.losses((1, 4, OVERWRITTEN), (5, 5, HOLE), (6, 7, PASSED_OVER))
        origin.values(8)
        mirror = self.start_mirror(server, name)
        self.await_head(name, 9)
        self.assertEqual(self.ring(name), (values(0, 8), ["1..7 (7 holes)"]))
        said = self.end(mirror)
        self.assertIn("gap: 1..4 (4 overwritten)", said)
        self.assertIn("gap: 5..5 (1 hole)", said)
        self.assertIn("4 overwritten at the origin, 2 passed over at the origin, 1 holes", said)
        self.assertEqual(mirror.returncode, LOST)

    def test_losses_at_the_end_are_holes_at_once(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.losses((0, 999, OVERWRITTEN))
        self.start_mirror(server, name)
        self.await_head(name, 1000)
        self.assertEqual(self.ring(name), ({}, ["0..999 (1000 holes)"]))

    def test_what_the_filter_left_out_is_a_hole_and_no_loss(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(1, 3, 5)
        mirror = self.start_mirror(server, name)
        self.await_head(name, 6)
        self.assertEqual(self.ring(name)[0], values(1, 3, 5))
        self.assertIn("3 left out by the filter", self.end(mirror))
        self.assertEqual(mirror.returncode, OK)

    def test_lanes_keep_theirs(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name, lanes=3, slots=24)
        origin.describe()
        origin.values(0, 1, 3, 7, 6)
        origin.losses((2, 8, HOLE))
        origin.values(11)
        self.start_mirror(server, name)
        self.await_head(name, 12)
        self.eventually(lambda: self.ring(name)[0] == values(0, 1, 3, 6, 11, 7), "all values")
        self.assertIn("laned", self.expect(OK, "inspect", name).stdout)

    def test_the_ring_has_another_name_and_another_size(self):
        server, name, copy = self.server(), self.name(), self.name("copy")
        origin = self.origin(server, name)
        origin.describe()
        origin.values(*range(10))
        self.start_mirror(server, name, copy, "--slots", 4)
        self.await_head(copy, 10)
        self.assertEqual(self.ring(copy), (values(6, 7, 8, 9), ["0..5 (6 overwritten)"]))

    def test_many_mirrors_of_one_stream(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1)
        copies = [self.name(f"copy{i}") for i in range(3)]
        for copy in copies:
            self.start_mirror(server, name, copy)
        for copy in copies:
            self.await_head(copy, 2)
            self.assertEqual(self.ring(copy), (values(0, 1), []))

    def test_one_mirror_of_many_streams(self):
        server, names = self.server(), [self.name(f"part{i}") for i in range(3)]
        origins = [self.origin(server, name) for name in names[:2]]
        for origin in origins:
            origin.describe()
            origin.values(0)
        mirror = self.start_mirror(server, "telemetry.>")
        for name in names[:2]:
            self.await_head(name, 1)
        later = self.origin(server, names[2])
        later.describe()
        later.values(0, 1)
        self.await_head(names[2], 2)
        said = self.end(mirror)
        for name, count in zip(names, ("1 value;", "1 value;", "2 values;")):
            self.assertIn(f"stream '{name}': mirrored {count}", said)


class MirrorResumedTest(MirrorTest):
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


class MirrorForwardedTest(MirrorTest):
    """From ring to ring."""

    def start_forward(self, server, name, *args):
        process = subprocess.Popen([TOOL, "forward", name, "--to", server.url, *args], stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.kill, process)
        return process

    def create(self, name, *args):
        self.expect(OK, "create", name, "--fields", "u64 n", *args)

    def write(self, name, first, end):
        self.expect(OK, "write", name, stdin="n\n" + "".join(f"{10 * n}\n" for n in range(first, end)))

    def test_both_rings_have_the_same_values_at_the_same_numbers(self):
        server, name, copy = self.server(), self.name(), self.name("copy")
        self.create(name, "--slots", 256)
        self.write(name, 0, 100)
        self.start_forward(server, name)
        self.eventually(lambda: server.client().state(name), "the stream")
        mirror = self.start_mirror(server, name, copy)
        self.await_head(copy, 100)
        self.write(name, 100, 1000)
        self.await_head(copy, 1000)
        self.assertEqual(self.ring(copy), self.ring(name))
        self.assertEqual(self.objects("inspect", copy)[0]["schema_hash"], self.objects("inspect", name)[0]["schema_hash"])
        self.end(mirror)

    def test_what_was_overwritten_at_the_origin_is_a_hole(self):
        server, name, copy = self.server(), self.name(), self.name("copy")
        self.create(name, "--slots", 8)
        self.write(name, 0, 100)
        forward = self.start_forward(server, name)
        self.eventually(lambda: server.client().state(name), "the stream")
        mirror = self.start_mirror(server, name, copy, "--slots", 1000)
        self.await_head(copy, 100)
        self.assertEqual(self.ring(copy), (values(*range(92, 100)), ["0..91 (92 holes)"]))
        self.assertIn("92 overwritten at the origin", self.end(mirror))
        self.end(forward)

    def test_all_are_killed_again_and_again(self):
        server, name, copy = self.server(), self.name(), self.name("copy")
        self.create(name, "--slots", 100_000)
        dice, written = random.Random(1), 0
        forward, mirror = self.start_forward(server, name), None
        self.eventually(lambda: server.client().state(name), "the stream")
        for _ in range(12):
            self.write(name, written, written + 500)
            written += 500
            what = dice.randrange(3)
            if what == 0:
                server.restart()
            elif what == 1:
                self.kill(forward)
            elif mirror is not None:
                self.kill(mirror)
            if forward.poll() is not None:
                forward = self.start_forward(server, name)
            if mirror is None or mirror.poll() is not None:
                mirror = self.start_mirror(server, name, copy)
        self.await_head(copy, written)
        self.assertEqual(self.ring(copy), (values(*range(written)), []))
        self.expect(OK, "check", copy)

    def test_the_ring_is_made_anew(self):
        server, name, copy = self.server(), self.name(), self.name("copy")
        self.create(name, "--slots", 64)
        self.write(name, 0, 10)
        self.start_forward(server, name)
        self.eventually(lambda: server.client().state(name), "the stream")
        self.start_mirror(server, name, copy)
        self.await_head(copy, 10)
        self.expect(OK, "rm", name)
        self.create(name, "--slots", 64)
        self.write(name, 5, 8)
        self.await_head(copy, 3)
        self.assertEqual(self.ring(copy)[0], {0: 50, 1: 60, 2: 70})

    def test_lanes(self):
        server, name, copy = self.server(), self.name(), self.name("copy")
        self.create(name, "--slots", 64, "--lanes", 3)
        self.write(name, 0, 10)
        self.start_forward(server, name)
        self.eventually(lambda: server.client().state(name), "the stream")
        self.start_mirror(server, name, copy)
        self.await_head(copy, self.head(name))
        self.assertEqual(self.ring(copy)[0], self.ring(name)[0])


if __name__ == "__main__":
    unittest.main()
