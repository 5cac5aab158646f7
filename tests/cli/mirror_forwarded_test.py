"""forward and mirror together: from ring to ring."""

import random
import subprocess
import unittest

from arena_cli import OK, TOOL
from mirroring import MirrorTest, values


class MirrorForwardedTest(MirrorTest):
    def start_forward(self, server, name, *args):
        process = subprocess.Popen([TOOL, "forward", name, "--to", server.url, *args],
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.kill, process)
        return process

    def await_stream(self, server, name):
        def is_there():
            with server.client() as client:
                return client.state(name)
        self.eventually(is_there, "the stream")

    def create(self, name, *args):
        self.expect(OK, "create", name, "--fields", "u64 n", *args)

    def write(self, name, first, end):
        self.expect(OK, "write", name, stdin="n\n" + "".join(f"{10 * n}\n" for n in range(first, end)))

    def test_both_rings_have_the_same_values_at_the_same_numbers(self):
        server, name, copy = self.server(), self.name(), self.name("copy")
        self.create(name, "--slots", 2048)
        self.write(name, 0, 100)
        self.start_forward(server, name)
        self.await_stream(server, name)
        mirror = self.start_mirror(server, name, copy)
        self.await_head(copy, 100)
        self.write(name, 100, 1000)
        self.await_head(copy, 1000)
        self.assertEqual(self.ring(copy), self.ring(name))
        (made,), (of_origin,) = self.objects("inspect", copy), self.objects("inspect", name)
        for key in ("schema", "type", "record_bytes", "align_bytes"):
            self.assertEqual(made[key], of_origin[key])
        self.end(mirror)

    def test_what_was_overwritten_at_the_origin_is_a_hole(self):
        server, name, copy = self.server(), self.name(), self.name("copy")
        self.create(name, "--slots", 8)
        self.write(name, 0, 100)
        forward = self.start_forward(server, name)
        self.await_stream(server, name)
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
        self.await_stream(server, name)
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
        # One that began while the server did not answer yet has said so and ended.
        running = {"forward": forward, "mirror": mirror}

        def is_complete():
            if running["forward"].poll() is not None:
                running["forward"] = self.start_forward(server, name)
            if running["mirror"].poll() is not None:
                running["mirror"] = self.start_mirror(server, name, copy)
            return self.head(copy) == written
        self.eventually(is_complete, f"head {written}")
        self.assertEqual(self.ring(copy), (values(*range(written)), []))
        self.expect(OK, "check", copy)

    def test_the_ring_is_made_anew(self):
        server, name, copy = self.server(), self.name(), self.name("copy")
        self.create(name, "--slots", 64)
        self.write(name, 0, 10)
        self.start_forward(server, name)
        self.await_stream(server, name)
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
        self.await_stream(server, name)
        self.start_mirror(server, name, copy)
        self.await_head(copy, self.head(name))
        self.assertEqual(self.ring(copy)[0], self.ring(name)[0])


if __name__ == "__main__":
    unittest.main()
