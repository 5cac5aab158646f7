"""Arenas with times of values, for the tests."""

import ctypes
import platform
import struct

from arena_cli import OK
from lanes import LaneTest

MEMBARRIER = {"x86_64": 324, "aarch64": 283}


def refuse_membarrier():
    """For preexec_fn: the kernel refuses membarrier, as by the filter of a container."""
    load, jump_if_equal, ret = 0x20, 0x15, 0x06
    refused, allowed = 0x00050001, 0x7FFF0000  # EPERM
    code = [(load, 0, 0, 0), (jump_if_equal, 0, 1, MEMBARRIER[platform.machine()]), (ret, 0, 0, refused),
            (ret, 0, 0, allowed)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    filters = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_filter, filter_mode = 38, 22, 2
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) != 0 or libc.prctl(set_filter, filter_mode, filters, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


class TimedTest(LaneTest):
    def create(self, *args, **kwargs):
        return super().create("--time", *args, **kwargs)

    def create_of_schema(self, schema, *args):
        name = self.name()
        path = self.directory() / "schema.json"
        path.write_text(schema)
        self.expect(OK, "create", name, "--time", "--slots", 8, "--schema", path, *args)
        return name
