"""Creates arenas and writes them without the library: written from the manual page arena-shm-layout(5) alone. x86-64.

    foreign_writer.py create PATH SLOTS LANES           LANES 0: an exclusive arena; of records as in records.cpp
    foreign_writer.py write PATH WRITER COUNT [POINT]   stops itself at that point of the last one: X1, S1, S3 or S4

It checks nothing of the header: the tests make that.
"""

import fcntl
import json
import mmap
import os
import signal
import struct
import sys

RECORD = struct.Struct("<QQ24Q8sfhBB")
SCHEMA = {
    "names": ["writer", "n", "words", "text", "quarter", "minus", "odd", "low"],
    "formats": ["<u8", "<u8", "(6,4)<u8", "S8", "<f4", "<i2", "?", "u1"],
    "offsets": [0, 8, 16, 208, 216, 220, 222, 223],
    "itemsize": RECORD.size,
}


def packed(writer, n):
    words = [n * 31 + writer * 7 + i for i in range(24)]
    return RECORD.pack(writer, n, *words, b"%d" % (n % 10_000_000), n % 1000 / 4, -(n % 100), n % 2, n % 256)


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return value


def create(path, slots, lanes):
    page, schema = mmap.PAGESIZE, json.dumps(SCHEMA).encode()
    regions, end = [], page
    stride = 8 + RECORD.size
    in_lane = slots * stride if lanes == 0 else -(-slots * stride // page) * page
    seats = max(lanes, 1)
    for size in (len(schema), 4, 128, 192 * seats, in_lane * seats):
        regions += [end, size]
        end += -(-size // page) * page
    flags = 1 if lanes == 0 else 2
    header = struct.pack("<8s4I3Q", b"ARENASHM", 6, 0x01020304, 576, flags, 0, end, page)
    header += struct.pack("<10Q5Q", *regions, slots, stride, 8, RECORD.size, 8)
    header += struct.pack("<2IQq", seats, os.getpid(), fnv1a(schema), 0) + os.urandom(16)
    header = header.ljust(576, b"\0")
    header = header[:24] + struct.pack("<Q", fnv1a(header)) + header[32:]
    fd = os.open(os.path.dirname(path), os.O_TMPFILE | os.O_RDWR, 0o600)
    os.posix_fallocate(fd, 0, end)
    os.pwrite(fd, header, 0)
    os.pwrite(fd, schema, regions[0])
    os.fchmod(fd, 0o600)
    directory = os.open("/proc/self/fd", os.O_RDONLY)
    os.link(str(fd), path, src_dir_fd=directory, follow_symlinks=True)


class Writer:
    """The holder of a seat of an exclusive or a laned arena, as long as it lives."""

    def __init__(self, path, name):
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        header = os.pread(self.fd, 576, 0)
        (flags,), (self.seats,), (self.slots,) = (struct.unpack_from("<" + form, header, at)
                                                  for form, at in (("I", 20), ("Q", 96), ("Q", 112)))
        self.count, self.stride, self.payload, self.bytes = struct.unpack_from("<4Q", header, 128)
        [seat_count] = struct.unpack_from("<I", header, 168)
        [slots_bytes], [clock] = struct.unpack_from("<Q", header, 120), struct.unpack_from("<Q", header, 224)
        if not flags & 3 or flags & 4 or clock:
            raise SystemExit("not an exclusive or laned arena, or lossless, or with times")
        self.memory = mmap.mmap(self.fd, os.fstat(self.fd).st_size)
        self.word = memoryview(self.memory).cast("Q")  # an assignment is one store
        self.lanes = seat_count if flags & 2 else 1
        for self.seat in range(seat_count):
            if self.take(name):
                break
        else:
            raise SystemExit("no seat is free")
        self.slots += self.seat * (slots_bytes // self.lanes)
        self.n = self.word[self.at(8)]
        self.limit = (1 << 61) // self.lanes

    def at(self, offset):
        """The word of a field of the seat."""
        return (self.seats + self.seat * 192 + offset) // 8

    def lock(self, fd, command, kind, position):
        lock = struct.pack("hhxxxxqqixxxx", kind, os.SEEK_SET, position, 1, 0)  # struct flock of x86-64
        return struct.unpack("hhxxxxqqixxxx", fcntl.fcntl(fd, command, lock))[0]

    def take(self, name):
        session = self.word[self.at(48)]  # E1
        door = (1 << 62) + (self.seat << 49) + (session << 1)
        over = session == 0 or self.word[self.at(56)] >= session
        if not over and self.lock(self.fd, fcntl.F_OFD_GETLK, fcntl.F_RDLCK, door + 1) != fcntl.F_UNLCK:
            return False
        fd = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW)  # kept, and so its locks are
        try:
            assert os.path.samestat(os.fstat(fd), os.fstat(self.fd))
            self.lock(fd, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, door + 2)  # E2
            if self.word[self.at(48)] != session:  # E3
                raise BlockingIOError
            self.lock(fd, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, door + 3)
        except BlockingIOError:
            os.close(fd)
            return False
        head = min(self.word[self.at(8)], 1 << 61)  # E4
        self.word[self.at(0)] = self.word[self.at(16)] = head << 2
        if self.word[self.at(56)] > session:
            self.word[self.at(56)] = session
        self.word[self.at(144)] = 0
        struct.pack_into("<IIQQq32s", self.memory, self.at(64) * 8, os.getpid(), os.getpid(), 0, 0, 0, name.encode())
        self.word[self.at(136)] = 0
        self.word[self.at(48)] = self.session = session + 1  # E5
        self.fd_of_locks = fd
        return True

    def write(self, record, point=lambda name: None):
        n, slot = self.n, self.slots + self.n % self.count * self.stride
        assert n < self.limit and len(record) == self.bytes  # the limit
        self.word[self.at(8)] = self.n = n + 1  # X1
        point("X1")
        self.word[slot // 8] = (n + 1) << 1 | 1  # S1
        point("S1")
        padded = -(-len(record) // 8) * 8
        self.memory[slot + self.payload : slot + self.payload + padded] = record.ljust(padded, b"\0")  # S3
        point("S3")
        self.word[slot // 8] = (n + 1) << 1  # S4
        point("S4")
        self.word[self.at(32)] += 1

    def leave(self):
        self.word[self.at(56)] = self.session  # E6
        os.close(self.fd_of_locks)


def main(act, path, first, second, stop_at=None):
    if act == "create":
        return create(path, int(first), int(second))
    writer = Writer(path, "python")
    print("ready", flush=True)
    stop = lambda name: os.kill(os.getpid(), signal.SIGSTOP) if name == stop_at else None
    for n in range(int(second)):
        writer.write(packed(int(first), n), stop if n == int(second) - 1 else lambda name: None)
    print("written", flush=True)
    sys.stdin.read()
    writer.leave()


if __name__ == "__main__":
    main(*sys.argv[1:])
