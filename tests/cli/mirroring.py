"""What the tests of mirror have in common: a server, a stream, a mirror."""

import re
import signal
import subprocess
import time
import unittest

from arena_cli import OK, TOOL, CliTest
from nats_server import PROGRAM, Server
from stream_origin import StreamOrigin


class MirrorTest(CliTest):
    def setUp(self):
        if PROGRAM is None:
            self.skipTest("needs nats-server")
        if "mirror" not in self.verbs():
            self.skipTest("was built without libnats")

    def server(self, **options):
        return Server(self, **options)

    def origin(self, server, name, **options):
        """Its client is closed at the end of the test."""
        client = server.client()
        self.addCleanup(client.close)
        self.assertNotIn("error", client.api(f"STREAM.CREATE.{name}", {
            "name": name, "subjects": [f"telemetry.{name}"], "retention": "limits", "storage": "file",
            "num_replicas": 1, **options.pop("config", {})}))
        return StreamOrigin(client, f"telemetry.{name}", name, **options)

    def start_mirror(self, server, stream, *args):
        process = subprocess.Popen([TOOL, "mirror", "--from", server.url, "--stream", stream, *map(str, args)],
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.kill, process)
        return process

    @staticmethod
    def kill(process):
        process.kill()
        process.wait()
        process.stderr.close()

    def end(self, process, number=signal.SIGTERM):
        """What it has said."""
        process.send_signal(number)
        return process.communicate(timeout=30)[1]

    def eventually(self, condition, what="it"):
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"{what} has not come")
            time.sleep(0.02)

    def head(self, name):
        done = self.run_tool("inspect", name, "--format", "json")
        found = re.search(r'"head": ?"?(\d+)', done.stdout)
        return int(found[1]) if done.returncode == OK and found else -1

    def await_head(self, name, head):
        self.eventually(lambda: self.head(name) == head, f"head {head} of {name}")

    def ring(self, name):
        """What is in it from the number 0 on: its values by number, and the runs that are not, as tail says them."""
        done = self.run_tool("tail", name, "--from", 0, "--format", "csv")
        rows = [line.split(",") for line in done.stdout.splitlines()[1:]]
        return {int(seq): int(value) for seq, value in rows}, re.findall(r"gap: (\d+(?:\.\.\d+)? \(\d+ \w+\))",
                                                                        done.stderr)


def values(*seqs):
    return {seq: 10 * seq for seq in seqs}


__all__ = ["MirrorTest", "unittest", "values"]
