"""Pages and objects of inspect, and segments that are damaged for it."""

import struct

from arena_cli import OK, SHM, CliTest

LAYOUT_VERSION_AT, CHECKSUM_AT, SLOT_COUNT_AT = 8, 24, 128


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


class InspectCase(CliTest):
    def page(self, name, *args, code=OK, **kwargs):
        return self.expect(code, "inspect", name, *args, **kwargs).stdout

    def object(self, name, *args, code=OK, **kwargs):
        (found,) = self.objects("inspect", name, *args, code=code, **kwargs)
        return found

    def patch(self, name, offset, data):
        with open(SHM / name, "r+b") as segment:
            segment.seek(offset)
            segment.write(data)

    def field(self, name, offset, form="<Q"):
        return struct.unpack_from(form, (SHM / name).read_bytes(), offset)[0]

    def sign_header(self, name):
        """Makes the checksum right again, as somebody does who means it."""
        header_bytes = self.field(name, 16, "<I")
        header = bytearray((SHM / name).read_bytes()[:header_bytes])
        header[CHECKSUM_AT : CHECKSUM_AT + 8] = bytes(8)
        self.patch(name, CHECKSUM_AT, struct.pack("<Q", fnv1a(header)))
