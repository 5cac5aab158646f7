"""What the tests of laned arenas have in common: a value is the number of its writer and the number of the value."""

import csv
import io
import struct
import threading

from arena_cli import OK, SHM, CliTest
from segment_pokes import SEAT_BYTES, Pokes, done

FIELDS = "u64 who, u64 n"
RECORD = struct.Struct("<QQ")


class LaneTest(Pokes, CliTest):
    def create_laned(self, lanes=3, slots=8, fields=FIELDS):
        return self.create("--lanes", lanes, slots=slots, fields=fields)

    def start_lanes(self, name, count, *args):
        """Writers of lanes of their own: they live, and have written nothing."""
        writers = []
        for lane in range(count):
            writers.append(self.start("write", name, "--format", "raw", *args))
            self.eventually(lambda: self.holder(name, lane) == writers[lane].pid)
        return writers

    def holder(self, name, lane):
        return self.offset(SHM / name, self.seat_at(name, lane) + 64) & 0xFFFFFFFF

    def seat_at(self, name, lane):
        return self.offset(SHM / name, 96) + SEAT_BYTES * lane

    def head(self, name, lane):
        return self.offset(SHM / name, self.seat_at(name, lane) + 8)

    def slot_at(self, name, lane, n):
        """Where value n of a lane is, in the file."""
        lanes = struct.unpack_from("<I", (SHM / name).read_bytes(), 168)[0]
        begin, size, slots, stride = (self.offset(SHM / name, at) for at in [112, 120, 128, 136])
        return begin + lane * (size // lanes) + n % slots * stride

    def poke_head(self, name, lane, head):
        self.poke(SHM / name, self.seat_at(name, lane) + 8, struct.pack("<Q", head))

    def write_lane(self, name, writers, lane, count):
        """Values from 0 on, and that they are there."""
        first = self.head(name, lane)
        values = b"".join(RECORD.pack(lane, n) for n in range(first, first + count))
        writers[lane].stdin.buffer.write(values)
        writers[lane].stdin.flush()
        self.eventually(lambda: self.head(name, lane) == first + count)
        slot = self.slot_at(name, lane, first + count - 1)
        self.eventually(lambda: self.offset(SHM / name, slot) == done(first + count - 1))

    def create_filled_lanes(self, counts, **kwargs):
        """Returns: the name, and the living writers."""
        name = self.create_laned(len(counts), **kwargs)
        writers = self.start_lanes(name, len(counts))
        for lane, count in enumerate(counts):
            if count > 0:
                self.write_lane(name, writers, lane, count)
        return name, writers

    def feed(self, writer, lane):
        """Writes without end, from 0 on. Returns: what ends it."""
        go_on = threading.Event()
        go_on.set()

        def run():
            n = 0
            try:
                while go_on.is_set():
                    writer.stdin.buffer.write(b"".join(RECORD.pack(lane, i) for i in range(n, n + 64)))
                    writer.stdin.flush()
                    n += 64
            except (OSError, ValueError):
                pass

        thread = threading.Thread(target=run)
        thread.start()

        def end():
            go_on.clear()
            thread.join()

        return end

    def values(self, text, lanes=3):
        """Of each lane its values' numbers, as they stand in CSV; that each is what its sequence number says."""
        found = [[] for _ in range(lanes)]
        for row in csv.DictReader(io.StringIO(text)):
            seq, lane, n = int(row["_seq"]), int(row["who"]), int(row["n"])
            self.assertEqual(seq, n * lanes + lane)
            found[lane].append(n)
        return found

    def tail(self, name, *args, code=OK, lanes=3):
        return self.values(self.expect(code, "tail", name, "--format", "csv", *args).stdout, lanes)

    def assert_runs(self, found):
        """Each lane's values come in their order, none twice and none left out."""
        for numbers in found:
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))) if numbers else [])
