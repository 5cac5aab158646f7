"""Saved segments that claim more than they hold."""

import struct

SLOTS = 2**33
# Offsets in the header; include/arena_shm/core/layout.hpp.
CHECKSUM, SEGMENT_BYTES, CONTROL, SLOTS_REGION, SLOT_COUNT, STRIDE, PAYLOAD = 24, 32, 80, 112, 128, 136, 144
HEADER_BYTES = 576


def word(image, at):
    return struct.unpack_from("<Q", image, at)[0]


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def make_sparse(image, path, head, seqs, slots=SLOTS):
    """Turns a small image into one of so many slots, of which only those of `seqs` are on the disk: each is 0 bytes but
    for its stamp."""
    image = bytearray(image)
    begin, stride = word(image, SLOTS_REGION), word(image, STRIDE)
    total = -(-(begin + slots * stride) // 4096) * 4096
    for at, value in [(SLOTS_REGION + 8, slots * stride), (SLOT_COUNT, slots), (SEGMENT_BYTES, total), (CHECKSUM, 0)]:
        struct.pack_into("<Q", image, at, value)
    struct.pack_into("<Q", image, CHECKSUM, fnv1a(image[:HEADER_BYTES]))
    struct.pack_into("<Q", image, word(image, CONTROL), head)
    with open(path, "wb") as file:
        file.write(image[:begin])
        file.truncate(total)
        for seq in seqs:
            file.seek(begin + seq % slots * stride)
            file.write(struct.pack("<Q", (seq + 1) * 2))
