"""An arena with fields of every kind, for what is exported from it."""

import json
import unittest

from arena_cli import OK, CliTest

try:
    import numpy as np
except ImportError:
    np = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")
FIELDS = "u64 a, f64 b, f32[2][3] m, s8 d, bool e, 3x, i8 f, char g"


class ExportCase(CliTest):
    def create_various(self):
        name = self.create(fields=FIELDS, slots=32)
        for i in range(20):
            text = ["x", " y", '"', "é,"][i % 4]
            value = {"a": 2**64 - 1 - i, "b": i / 3, "m": [[i, 1, 2], [0.5, 4, 5]], "d": text, "e": i % 2 == 0}
            self.expect(OK, "write", name, stdin=json.dumps(value | {"f": -i, "g": "z"}))
        return name
