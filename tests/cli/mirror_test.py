"""mirror: a stream into a ring, with the same numbers."""

import unittest

from arena_cli import INCOMPATIBLE, LOST, OK
from exposition import samples_of, served_by
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

    def test_metrics_say_how_far_it_is(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        origin.describe()
        origin.values(0, 1)
        mirror = self.start_mirror(server, name, "--listen", 0)
        look = served_by(mirror, "mirror_")
        self.await_head(name, 2)
        origin.losses((2, 4, OVERWRITTEN), (5, 5, HOLE))
        origin.values(6)
        origin.client.request(origin.subject, b"of somebody else")
        self.eventually(lambda: look()["foreign_messages_total"] == 1)
        found = look()
        self.assertEqual({key: found[key] for key in found if key != "newest_age_seconds"}, {
            "up": 1, "values_total": 3, "messages_total": 5, "head": 7, "pending_messages": 0,
            "lost_total overwritten": 3, "lost_total hole": 1, "lost_total passed_over": 0, "lost_total dropped": 0,
            "left_out_total": 0, "refused_messages_total": 0, "foreign_messages_total": 1, "rings_total": 1,
            "reconnects_total": 0})
        self.assertLess(found["newest_age_seconds"], 60)
        server.kill()
        self.eventually(lambda: look()["up"] == 0)
        server.start()
        self.eventually(lambda: look()["up"] == 1 and look()["reconnects_total"] == 1)
        self.assertEqual(look()["head"], 7)
        self.end(mirror)

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

    def test_of_many_one_that_fails_is_down_and_the_others_go_on(self):
        server, obstructed, name = self.server(), self.create(), self.name()
        for one in (obstructed, name):
            origin = self.origin(server, one)
            origin.describe()
            origin.values(0)
        mirror = self.start_mirror(server, "telemetry.>", "--listen", 0)
        samples = samples_of(mirror)

        def up():
            return {dict(labels)["stream"]: value for (of, labels), value in samples().items()
                    if of == "arena_shm_mirror_up"}

        self.await_head(name, 1)
        self.eventually(lambda: up() == {obstructed: 0, name: 1})
        origin.values(1)
        self.await_head(name, 2)
        said = self.end(mirror)
        self.assertIn(f"stream '{obstructed}': cannot open", said)
        self.assertEqual(mirror.returncode, INCOMPATIBLE)


if __name__ == "__main__":
    unittest.main()
