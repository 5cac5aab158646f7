"""Lossless arenas for the tests: with consumers that do as they are told, and writers that wait for them."""

import os
import subprocess

from arena_cli import OK, SHM, CliTest
from segment_pokes import SEAT_BYTES, Pokes

PARTY = os.environ["ARENA_SHM_LOSSLESS_PARTY"]
# A consumer's state, and the words behind it; include/arena_shm/core/consumer_table.hpp.
JOINED, KEPT, EVICTED = 1, 2, 3
SHARED, MEMBER = 1 << 2, 2 << 2
EPOCH = 1 << 24
GROUP, WORD, RELEASED = 1, 2, 4


class Consumer:
    """A process that has joined."""

    def __init__(self, test, arena, name, *how):
        self.process = subprocess.Popen([PARTY, "consume", arena, name, *how],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        test.addCleanup(self.end)
        test.assertEqual(self.process.stdout.readline(), "ready\n")
        self.pid = self.process.pid

    def end(self):
        self.process.kill()
        self.process.communicate()

    def tell(self, order):
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()

    def ask(self, order):
        self.tell(order)
        return self.process.stdout.readline().strip()

    def leave(self):
        assert self.ask("leave") == "left"
        self.process.wait()


class LosslessTest(Pokes, CliTest):
    def lossless(self, *args, **kwargs):
        return self.create("--lossless", *args, **kwargs)

    def join(self, arena, name="risk", durable=False):
        return Consumer(self, arena, name, *(["durable"] if durable else []))

    def share(self, arena, name="workers", durable=False):
        """A member of a group."""
        return Consumer(self, arena, name, "share", *(["durable"] if durable else []))

    def write(self, arena, count, **kwargs):
        self.expect(OK, "write", arena, stdin="ts,px,sym\n" + "1,1,A\n" * count, **kwargs)

    def hot_writer(self, arena, count):
        writer = subprocess.Popen([PARTY, "write", arena, str(count)], stdout=subprocess.PIPE, text=True)

        def end():
            writer.kill()
            writer.wait()

        self.addCleanup(end)
        with writer.stdout:
            self.assertEqual(writer.stdout.readline(), "ready\n")
        return writer

    def blocked_writer(self, arena, count=20):
        """One that has more values than there is room for; it waits when this is over."""
        writer = self.hot_writer(arena, count)
        self.eventually(lambda: any(seat["waits_for"] for seat in self.objects("seats", arena)))
        return writer

    def consumers(self, arena, *args):
        """By their names."""
        return {found["name"]: found for found in self.objects("consumers", arena, *args)}

    def group(self, arena):
        """The only one."""
        (found,) = [found for found in self.objects("consumers", arena) if found["kind"] == "group"]
        return found

    def line_offset(self, path, consumer):
        """Of a consumer's state and positions, in an arena of few lanes."""
        return self.offset(path, 296) + 64 + 64 * consumer

    def poke_consumer(self, path, consumer, word, value):
        self.poke(path, self.line_offset(path, consumer) + 8 * word, value.to_bytes(8, "little"))

    def poke_consumer_seat(self, path, consumer, offset, data):
        writers = self.offset(path, 168) & 0xFFFFFFFF
        self.poke(path, self.offset(path, 96) + SEAT_BYTES * (writers + consumer) + offset, data)

    def saved(self, arena):
        """A copy of it, to be damaged."""
        image = self.directory() / "saved.img"
        image.write_bytes((SHM / arena).read_bytes())
        return image


class GroupTest(LosslessTest):
    """The founder of a group has place 0, the group place 1, the next members have 2, 3, ..."""

    def members(self, name):
        return {found["consumer"]: found for found in self.objects("consumers", name) if found["kind"] == "member"}

    def line(self, name, which):
        (line,) = [line for line in self.expect(OK, "consumers", name).stdout.splitlines()
                   if line.split()[0] == which]
        return line

    def holding(self, name, count, durable=False, lanes=1):
        """Members that hold a value each, of a ring of 8 slots."""
        members = [self.share(name, durable=durable) for _ in range(count)]
        self.write(name, 5)
        for seq, member in enumerate(members):
            self.assertEqual(member.ask("hold"), f"holds {seq * lanes}")
        return members

    def stop(self, name, member, place):
        member.tell("stop")
        self.eventually(lambda: self.members(name)[place]["process_state"] == "stopped")
