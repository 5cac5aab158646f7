"""Arenas whose values have times, and their bytes, for the tests."""

import shutil
import struct
import time

from arena_cli import SHM, CliTest
from hostile_image import HEADER_BYTES, fnv1a
from laned import Laned

# Offsets in the header; include/arena_shm/core/layout.hpp.
CHECKSUM, SLOTS, STRIDE, BOOT_ID, CLOCK, RATE, CREATED, SAVED = 24, 112, 136, 208, 224, 232, 248, 272
CLOCKS = "/sys/devices/system/clocksource/clocksource0"
SECOND = 10**9


class TimesTest(Laned, CliTest):
    def timed(self, *args, slots=8, counts=(), fields="u64 ts"):
        """`counts`: so many values of as many writers, one after the other."""
        name = self.create("--time", *args, fields=fields, slots=slots)
        if counts:
            self.write_lanes(name, *counts)
        return name

    def kinds(self):
        """The arguments for arenas of each kind of writers."""
        return [(), ("--exclusive",), ("--lanes", 3)]

    def saved(self, name):
        image = self.directory() / "saved.arena"
        shutil.copy(SHM / name, image)
        return image

    def slot_at(self, path, slot, lane=0):
        laned = path.read_bytes()[20] == 2
        begin = self.lane_offset(path, lane) if laned else self.offset(path, SLOTS)
        return begin + slot * self.offset(path, STRIDE)

    def time_of(self, path, slot, lane=0):
        return self.offset(path, self.slot_at(path, slot, lane) + 8)

    def poke_time(self, path, slot, ticks, lane=0):
        self.poke(path, self.slot_at(path, slot, lane) + 8, struct.pack("<Q", ticks))

    def edit_header(self, path, at, data):
        header = bytearray(path.read_bytes()[:HEADER_BYTES])
        header[at : at + len(data)] = data
        header[CHECKSUM : CHECKSUM + 8] = bytes(8)
        header[CHECKSUM : CHECKSUM + 8] = struct.pack("<Q", fnv1a(header))
        self.poke(path, 0, header)

    def object(self, *args):
        (found,) = self.objects("inspect", *args)
        return found

    def now(self, name):
        """Between when the arena was made and now, with some room for steps of the system's clock."""
        return (self.object(name)["created_ns"] - SECOND, time.time_ns() + SECOND)

    def assert_between(self, value, bounds):
        self.assertTrue(bounds[0] <= value <= bounds[1], (value, bounds))

    def check(self, code, *args):
        return self.expect(code, "check", *args).stdout
