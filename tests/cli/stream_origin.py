"""A ring's messages in a stream, made by hand as src/bridge/README.md has them."""

import json
import secrets
import struct

OVERWRITTEN, HOLE, PASSED_OVER = range(3)
SCHEMA = '{"names": ["n"], "formats": ["<u8"], "offsets": [0], "itemsize": 8}'


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


class StreamOrigin:
    """A ring whose value with the number n is 10 n, and its forwarder."""

    def __init__(self, client, subject, arena, slots=64, lanes=1, schema=SCHEMA, size=8):
        self.client, self.subject, self.arena, self.slots, self.lanes = client, subject, arena, slots, lanes
        self.schema, self.size = schema, size
        self.begin_epoch()

    def begin_epoch(self):
        self.epoch = secrets.token_hex(16)
        self.next = list(range(self.lanes))
        self.tally = dict.fromkeys(("Values", "Overwritten", "Holes", "Passed-Over", "Left-Out"), 0)
        self.begin_run()

    def begin_run(self):
        self.run, self.number = secrets.token_hex(8), 0

    def message(self, kind, count, body, **more):
        positions = [n for lane, n in enumerate(self.next) if n != lane]
        headers = {"Version": 1, "Kind": kind, "Run": self.run, "Number": self.number, "Epoch": self.epoch,
                   "Schema": f"{fnv1a(self.schema) if self.schema else 0:016x}", "Record": self.size,
                   "Lanes": self.lanes, **self.tally, "Count": count, **more, "Positions": len(positions)}
        self.number += 1
        return [(f"Arena-Shm-{name}", value) for name, value in headers.items()], \
            body + struct.pack(f"<{len(positions)}Q", *positions)

    def publish(self, message):
        headers, body = message
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
        answer = json.loads(self.client.request(self.subject, body, lines))
        if "seq" not in answer:
            raise RuntimeError(answer)
        return answer["seq"]

    def describe(self):
        """The schema message."""
        text = json.dumps({
            "arena": self.arena, "type": "made::ByHand", "record_bytes": self.size, "align_bytes": 8,
            "schema": self.schema, "writers": "laned" if self.lanes > 1 else "shared", "lanes": self.lanes,
            "slots": self.slots, "times": False, "lossless": False, "created_ns": 1, "where": None,
            "before": None}).encode()
        return self.publish(self.message("schema", len(text), text))

    def values_message(self, seqs, value=lambda seq: 10 * seq):
        seqs = list(seqs)
        self.tally["Values"] += len(seqs)
        for seq in seqs:
            self.tally["Left-Out"] += (seq - self.next[seq % self.lanes]) // self.lanes
            self.next[seq % self.lanes] = seq + self.lanes
        body = struct.pack(f"<{len(seqs)}Q", *map(value, seqs)) + struct.pack(f"<{len(seqs)}Q", *seqs)
        return self.message("values", len(seqs), body, First=seqs[0], Last=seqs[-1], Times=0, Seqs=1)

    def values(self, *seqs):
        return self.publish(self.values_message(seqs))

    def losses_message(self, *gaps):
        for first, last, cause in gaps:
            name = ("Overwritten", "Holes", "Passed-Over")[cause]
            self.tally[name] += (last - first) // self.lanes + 1
            self.next[first % self.lanes] = last + self.lanes
        return self.message("losses", len(gaps), b"".join(struct.pack("<3Q", *gap) for gap in gaps))

    def losses(self, *gaps):
        return self.publish(self.losses_message(*gaps))
