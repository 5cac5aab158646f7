"""write: records as they are in memory."""

import json
import struct
import subprocess
import unittest

from arena_cli import FAILED, OK, TICK, TOOL, CliTest


class WriteRawTest(CliTest):
    def written(self, name):
        return json.loads(self.expect(OK, "stat", name, "--format", "ndjson").stdout)["written"]

    def test_records_go_in_as_they_are(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 8, "--fields", TICK)
        records = b"".join(struct.pack("<Qd4s4x", i, i / 4, b"RAW") for i in range(5))
        self.expect(OK, "write", name, "--format", "raw", stdin=records)
        lines = self.expect(OK, "tail", name, "--format", "ndjson").stdout.splitlines()
        self.assertEqual([json.loads(line)["px"] for line in lines], [0, 0.25, 0.5, 0.75, 1])
        done = self.run_tool("write", name, "--format", "raw", stdin=records[:30])
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b"refused line 2, which is the last: expected a record of 24 bytes, found 6", done.stderr)

    def test_records_go_in_as_soon_as_they_are_whole(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 8192, "--size", 8)
        command = [TOOL, "write", name, "--format", "raw"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
            for size, count in [(8, 1), (5, 1), (3, 2), (8 * 4096 + 1, 4098), (7, 4099)]:
                writer.stdin.write(bytes(size))
                writer.stdin.flush()
                self.eventually(lambda count=count: self.written(name) == count)
            writer.stdin.write(bytes(7))
            self.assertIn(b"expected a record of 8 bytes, found 7", writer.communicate(timeout=60)[1])
        self.assertEqual(self.written(name), 4099)


if __name__ == "__main__":
    unittest.main()
