"""Arenas with times of values, for the tests."""

import os
import subprocess

from arena_cli import OK
from lanes import LaneTest

TIMED_ARENA = os.environ["ARENA_SHM_TIMED_ARENA"]


class TimedTest(LaneTest):
    def create(self, *args, **kwargs):
        return self.remake(super().create(*args, **kwargs))

    def remake(self, name):
        subprocess.run([TIMED_ARENA, name], check=True)
        return name

    def create_of_schema(self, schema, *args):
        name = self.name()
        path = self.directory() / "schema.json"
        path.write_text(schema)
        self.expect(OK, "create", name, "--slots", 8, "--schema", path, *args)
        return self.remake(name)
