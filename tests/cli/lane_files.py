"""Laned arenas saved and exported, for the tests."""

import unittest

from arena_cli import OK
from lanes import LaneTest

try:
    import numpy as np
except ImportError:
    np = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")


class LaneFileTest(LaneTest):
    def exported(self, path, code=OK, lanes=3, **kwargs):
        return self.values(self.expect(code, "export", path, "-o", "-", "--format", "csv", **kwargs).stdout, lanes)

    def saved(self, name, file="t.arena"):
        path = self.directory() / file
        self.expect(OK, "snapshot", name, "-o", path)
        return path
