#!/usr/bin/env python3
"""read_without_library.py PATH [SECONDS]: reads an arena, live or saved, by what arena-shm-layout(5) says alone.

A line of JSON for each record: its sequence number, how many records of its lane were lost in front of it, its time in
ticks, or 0, its fields. Ends when nothing has come for so long (1 second). For x86-64.
"""
import functools, json, math, mmap, os, re, struct, sys, time  # noqa: E401
CODES = dict(zip("u1 u2 u4 u8 i1 i2 i4 i8 f4 f8 ?".split(), "BHIQbhiqfd?"))

def fnv1a(data):
    return functools.reduce(lambda hashed, byte: (hashed ^ byte) * 0x100000001B3 % (1 << 64), data, 0xCBF29CE484222325)

class Arena:
    def __init__(self, path):
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        raw = os.pread(fd, 576, 0).ljust(576, b"\0")  # a copy: nobody changes it after the checks
        version, order, header_bytes, flags, checksum, total, page = struct.unpack_from("<4I3Q", raw, 8)
        text, text_bytes, _, _, control, _, seats, _, slots, slots_bytes = struct.unpack_from("<10Q", raw, 48)
        self.count, self.stride, self.at, self.bytes, _, seat_count, _, digest = struct.unpack_from("<5Q2IQ", raw, 128)
        self.clock, self.lanes = *struct.unpack_from("<Q", raw, 224), max(seat_count if flags & 2 else 1, 1)
        schema = os.pread(fd, text_bytes, text) if 0 < text_bytes <= 1 << 20 else b""
        self.slots, self.lane_bytes = slots, slots_bytes // self.lanes
        places = ((text, text_bytes), (control, 128), (seats, 192 * seat_count), (slots, slots_bytes))
        if not (raw[:8] == b"ARENASHM" and (order, version, header_bytes) == (0x01020304, 6, 576)
                and checksum == fnv1a(raw[:24] + bytes(8) + raw[32:]) and flags < 8 and flags & 3 != 3
                and (total, page) == (os.fstat(fd).st_size, mmap.PAGESIZE)
                and len(schema) == text_bytes and (fnv1a(schema) if schema else 0) == digest
                and all(at % page == 0 and 576 <= at <= total - size for at, size in places) and 0 < seat_count <= 4096
                and self.at % 8 == 0 == self.stride % 8 and 0 < self.count * self.stride <= self.lane_bytes
                and (16 if self.clock else 8) <= self.at <= self.stride - (self.bytes + 7) // 8 * 8 and 0 < self.bytes):
            raise ValueError("not an arena, or of another version, or damaged")
        self.memory = mmap.mmap(fd, total, mmap.MAP_SHARED, mmap.PROT_READ)
        self.word = memoryview(self.memory).cast("Q")  # each index is one load, as stamps and heads ask for
        self.heads = [(seats + lane * 192 + 8 if flags & 3 else control) // 8 for lane in range(self.lanes)]
        self.limit = (1 << 59 if flags & 4 else 1 << 61) // self.lanes
        known = {"names": ["bytes"], "formats": [f"({self.bytes},)u1"], "offsets": [0]}  # of a record without schema
        self.fields = [*zip(*((json.loads(schema) if schema else known)[key] for key in known))]

    def decode(self, record):
        for name, form, offset in self.fields:
            shape, kind = re.fullmatch(r"(\([\d,]+\))?[<|=]?(\?|[uif]\d|S\d+)", form).groups()
            code, count = CODES.get(kind) or kind[1:] + "s", math.prod(map(int, re.findall(r"\d+", shape or "")))
            found = struct.unpack_from("<" + code * count, record, offset)
            values = [value.split(b"\0")[0].decode() for value in found] if kind[0] == "S" else found
            yield name, values if shape else values[0]

    def head(self, lane):
        return min(self.word[self.heads[lane]], self.limit)

    def read(self, lane, n):
        """(record, time), or "absent", as yet or for ever, or "overwritten"."""
        slot = self.slots + lane * self.lane_bytes + n % self.count * self.stride
        if (stamp := self.word[slot // 8]) != (n + 1) << 1:  # R1
            return "overwritten" if stamp > ((n + 1) << 1 | 1) else "absent"
        record, ticks = self.memory[slot + self.at:slot + self.at + self.bytes], self.word[slot // 8 + 1]  # R2
        return (record, ticks) if self.word[slot // 8] == stamp else "overwritten"  # R4; x86-64 needs nothing for R3

    def follow(self, seconds, patience=0.05):
        now = news = time.monotonic()
        cursors = [(max(self.head(lane) - self.count, 0), 0, news) for lane in range(self.lanes)]
        while now - news < seconds:
            now = time.monotonic()
            for lane, (n, lost, since) in enumerate(cursors):
                found = self.read(lane, n)
                if isinstance(found, tuple):
                    yield n * self.lanes + lane, lost, found[0], self.clock and found[1]
                    cursors[lane], news = (n + 1, 0, now), now
                elif found == "overwritten":  # on in the middle: the oldest record would be the next one to be lost
                    go_on = max(n + 1, self.head(lane) - self.count // 2)
                    cursors[lane], news = (go_on, lost + go_on - n, now), now
                elif self.head(lane) <= n:
                    cursors[lane] = n, lost, now
                elif now - since > patience:  # a hole, or pending for long: only the seats could tell
                    cursors[lane], news = (n + 1, lost + 1, now), now
            time.sleep(0 if news == now else 0.001)

if __name__ == "__main__":
    arena = Arena(sys.argv[1])
    for seq, lost, record, ticks in arena.follow(float(*sys.argv[2:] or [1])):
        print(json.dumps({"_seq": seq, "_lost": lost, "_ticks": ticks, **dict(arena.decode(record))}), flush=True)
