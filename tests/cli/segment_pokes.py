"""What a broken, hostile or dead process could have left in a segment. The offsets are those of core/layout.hpp."""

import struct

PAGE = 4096
SEAT_BYTES = 192
KINDS = {"idle": 0, "claiming": 1, "writing": 2, "invalid": 3}


def done(seq):
    return (seq + 1) << 1


def busy(seq):
    return done(seq) | 1


class Pokes:
    def offset(self, path, at):
        return struct.unpack_from("<Q", path.read_bytes(), at)[0]

    def poke(self, path, offset, data):
        with open(path, "r+b") as segment:
            segment.seek(offset)
            segment.write(data)

    def poke_control(self, path, head=None, mutex=None):
        control = self.offset(path, 80)
        if head is not None:
            self.poke(path, control, struct.pack("<Q", head))
        if mutex is not None:
            self.poke(path, control + 64, struct.pack("<Q", mutex))

    def poke_seat(self, path, seat, word, value):
        self.poke(path, self.offset(path, 96) + SEAT_BYTES * seat + 8 * word, struct.pack("<Q", value))

    def poke_claim(self, path, seat, kind, number):
        self.poke_seat(path, seat, 0, number << 2 | KINDS[kind])

    def poke_stamp(self, path, slot, stamp):
        stride = self.offset(path, 136)
        self.poke(path, self.offset(path, 112) + stride * slot, struct.pack("<Q", stamp))
