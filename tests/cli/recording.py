"""Recorders, and what they have written."""

import signal
import struct
import unittest

from arena_cli import OK, CliTest
from segment_pokes import Pokes

try:
    import numpy as np
except ImportError:
    np = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")
RECORD = struct.Struct("<Qd4s4x")


class RecordCase(Pokes, CliTest):
    def write(self, name, first, count):
        records = b"".join(RECORD.pack(i, i / 2, b"S%d" % (i % 10)) for i in range(first, first + count))
        self.expect(OK, "write", name, "--format", "raw", stdin=records)

    def stop(self, recorder, code=OK, number=signal.SIGINT):
        """Ends a recorder; returns what it said on standard error."""
        recorder.send_signal(number)
        _, err = recorder.communicate(timeout=30)
        self.assertEqual(recorder.returncode, code, err)
        return err

    def rows_on_disk(self, path):
        return len(np.load(path)) if path.exists() and path.stat().st_size > 0 else 0
