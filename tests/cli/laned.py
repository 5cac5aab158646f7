"""Laned arenas for the tests of those who only look: made and written by a program of their own."""

import os
import signal
import subprocess

from arena_cli import OK
from segment_pokes import Pokes

WRITER = os.environ["ARENA_SHM_LANED_WRITER"]


class Laned(Pokes):
    def laned(self, lanes=4, slots=8, counts=()):
        """An arena of records {u64 ts}; `counts`: so many values in each of the first lanes, whose writers have left."""
        name = self.name("laned")
        subprocess.run([WRITER, "create", name, str(lanes), str(slots)], check=True)
        if counts:
            self.write_lanes(name, *counts)
        return name

    def write_lanes(self, name, *counts):
        subprocess.run([WRITER, "write", name, *map(str, counts)], check=True)

    def hold_lanes(self, name, *counts):
        """The same, but the writers live on."""
        writer = subprocess.Popen([WRITER, "hold", name, *map(str, counts)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        self.addCleanup(writer.communicate)
        self.assertEqual(writer.stdout.readline(), b"ready\n")
        return writer

    def halt(self, name, number, length, point="lane_batch_claimed"):
        """A writer that gets a signal when it has claimed a batch, and has published nothing of it."""
        writer = subprocess.Popen([WRITER, "halt", name, point, str(int(number)), str(length)])

        def end():
            writer.kill()
            writer.wait()

        self.addCleanup(end)
        if number == signal.SIGKILL:
            writer.wait()
        else:
            self.eventually(lambda: "alive, stopped" in self.expect(OK, "seats", name).stdout)
        return writer

    def lane_offset(self, path, lane):
        slots, size, lanes = (self.offset(path, at) for at in (112, 120, 168))
        return slots + size // (lanes & 0xFFFFFFFF) * lane

    def poke_lane_stamp(self, path, lane, slot, stamp):
        self.poke(path, self.lane_offset(path, lane) + self.offset(path, 136) * slot, stamp.to_bytes(8, "little"))
