"""forward to a server whose disk is full: a small one of its own, where namespaces of mounts are allowed."""

import os
import subprocess
import unittest

from arena_cli import OK
from forwarding import ForwardCase
from nats_server import Server

MOUNT = 'mount -t tmpfs -o size=4m none "$0"; echo ready; exec sleep infinity'


class ForwardDiskTest(ForwardCase):
    def make_server(self, **kwargs):
        store = os.path.join(self.directory(), "disk")
        os.mkdir(store)
        if subprocess.run(["unshare", "-rm", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("namespaces of mounts are not allowed here")
        holder = subprocess.Popen(["unshare", "-rm", "sh", "-ec", MOUNT, store], stdout=subprocess.PIPE, text=True)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.kill)
        self.assertEqual(holder.stdout.readline(), "ready\n")
        self.disk = f"/proc/{holder.pid}/root{store}"
        return Server(self, jetstream=False,
                      # A limit of its own, else it stops before the disk is full.
                      config=f'jetstream {{ store_dir: "{store}"\nmax_file_store: 1G\n}}\n',
                      inside=["nsenter", "-t", str(holder.pid), "-U", "-m", "--preserve-credentials"])

    def fill(self):
        with open(f"{self.disk}/ballast", "wb") as ballast:
            space = os.statvfs(self.disk)
            ballast.write(bytes(space.f_bavail * space.f_bsize - 100_000))

    def test_it_goes_on_when_there_is_room_again_and_loses_nothing(self):
        self.make_ring()
        run = self.forward("--batch", "16")
        self.write(0, 100)
        self.await_position(100)
        self.fill()
        self.write(100, 20_000)
        said = run.stderr.readline()
        self.assertIn(self.stream, said)
        self.assertFalse(self.is_at(20_000))
        os.unlink(f"{self.disk}/ballast")
        self.server.restart()  # its JetStream does not answer any more, though there is room
        self.await_position(20_000)
        self.stop(run)
        account = self.account()
        self.expect_values(account, range(20_000))
        self.assertEqual(account.lost, {})
        self.expect(OK, "check", self.ring)


if __name__ == "__main__":
    unittest.main()
