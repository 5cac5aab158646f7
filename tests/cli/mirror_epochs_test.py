"""mirror where a stream has several epochs of its ring: what it begins with, after it was away."""

import signal
import unittest

from mirroring import MirrorTest, values
from stream_origin import StreamOrigin


class MirrorEpochsTest(MirrorTest):
    def foreign(self, origin, count):
        for _ in range(count):
            origin.client.request(origin.subject, b"of somebody else")

    def begin(self, origin, count):
        origin.begin_epoch()
        origin.describe()
        for seq in range(count):
            origin.values(seq)

    def mirrored_under_another_name(self):
        """A ring with ten values, whose name is not the stream's; its mirror was killed."""
        server, stream, name = self.server(), self.name("stream"), self.name()
        client = self.origin(server, stream).client
        origin = StreamOrigin(client, f"telemetry.{stream}", name, slots=1024)
        self.begin(origin, 10)
        mirror = self.start_mirror(server, stream)
        self.await_head(name, 10)
        self.end(mirror, signal.SIGKILL)
        return server, stream, name, origin

    def test_a_stretch_of_others_does_not_hide_the_epoch_of_its_ring(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name, slots=1024)
        self.begin(origin, 200)
        self.foreign(origin, 150)
        for seq in range(200, 210):
            origin.values(seq)
        self.begin(origin, 10)
        mirror = self.start_mirror(server, name, name)
        self.await_head(name, 10)
        self.end(mirror, signal.SIGKILL)
        for seq in range(10, 30):
            origin.values(seq)
        self.begin(origin, 31)  # half of the messages is in that stretch
        mirror = self.start_mirror(server, name, name)
        self.await_head(name, 31)
        said = self.end(mirror)
        self.assertIn("mirrored 51 values; lost none", said)
        self.assertEqual(said.count(f"made '{name}' anew"), 1, said)

    def test_of_a_ring_whose_name_the_stream_has_not_the_rest_comes_first_too(self):
        server, stream, name, origin = self.mirrored_under_another_name()
        for seq in range(10, 30):
            origin.values(seq)
        self.begin(origin, 5)
        mirror = self.start_mirror(server, stream)
        self.await_head(name, 5)
        self.assertIn("mirrored 25 values; lost none", self.end(mirror))

    def test_of_one_whose_name_and_epoch_are_not_there_any_more_all_comes(self):
        server, stream, name, origin = self.mirrored_under_another_name()
        origin.client.api(f"STREAM.PURGE.{stream}")
        self.begin(origin, 5)
        self.begin(origin, 6)
        mirror = self.start_mirror(server, stream)
        self.await_head(name, 6)
        self.assertIn("mirrored 11 values; lost none", self.end(mirror))

    def test_a_run_whose_beginning_is_gone_behind_a_message_of_others(self):
        server, name = self.server(), self.name()
        origin = self.origin(server, name)
        self.foreign(origin, 1)
        origin.number = 3
        origin.describe()
        origin.values(0, 1)
        mirror = self.start_mirror(server, name, name)
        self.await_head(name, 2)
        self.assertEqual(self.ring(name), (values(0, 1), []))
        self.end(mirror)


if __name__ == "__main__":
    unittest.main()
