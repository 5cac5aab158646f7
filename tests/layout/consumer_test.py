"""foreign_consumer.cpp, written from the manual page alone, and the gate of foreign_shared_writer.cpp: with the
library's writers, consumers and groups."""

import json
import os
import signal
import subprocess
import threading
import unittest

from ring_tests import SHM, TOOL, RingTest

WRITER = os.environ.get("ARENA_SHM_FOREIGN_WRITER", "")
CONSUMER = os.environ.get("ARENA_SHM_FOREIGN_CONSUMER", "")
COUNT = 3000


class ConsumerTest(RingTest):
    def start_consumer(self, name, consumer, count=0, *options):
        process = self.start(CONSUMER, SHM / name, consumer, count, *options, stderr=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), "ready\n", process.poll())
        return process

    def start_foreign_writer(self, name, writer, count):
        process = self.start(WRITER, SHM / name, writer, count)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def written(self, name):
        return int(json.loads(self.run_tool("stat", name, "--format", "json").stdout.splitlines()[0])["head"])

    def taken(self, process):
        """[(lane, number, writer, its number)], none of them bad."""
        return [tuple(map(int, line.split())) for line in process.stdout.read().splitlines()]

    def check_all_taken(self, taken, writers, count=COUNT):
        self.assertEqual(sorted(row[2:] for row in taken), [(writer, n) for writer in writers for n in range(count)])
        for lane in {row[0] for row in taken}:
            numbers = [row[1] for row in taken if row[0] == lane]
            self.assertEqual(numbers, sorted(set(numbers)))

    def test_it_gets_every_record_of_the_library(self):
        for kind, writers in (("shared", [0, 1, 2]), ("exclusive", [0]), ("laned", [0, 1])):
            with self.subTest(kind=kind):
                name = self.create(kind, "lossless", slots=8)
                consumer = self.start_consumer(name, "foreign", COUNT * len(writers))
                started = [self.start_writer(name, writer, COUNT) for writer in writers]
                self.check_all_taken(self.taken(consumer), writers)
                for writer in started:
                    self.assertEqual(writer.wait(), 0)
                self.run_tool("check", name)

    def test_the_writers_wait_for_it_and_know_its_name(self):
        name = self.create("shared", "lossless", slots=8)
        consumer = self.start_consumer(name, "slow", 3)
        consumer.send_signal(signal.SIGSTOP)
        writer = self.start_writer(name, 0, 20)
        self.eventually(lambda: '"slow"' in self.run_tool("consumers", name, "--format", "json").stdout
                        and self.written(name) >= 8)
        self.assertIsNone(writer.poll())
        consumer.send_signal(signal.SIGCONT)  # takes three, and leaves
        self.check_all_taken(self.taken(consumer), [0], 3)
        self.assertEqual(writer.wait(), 0)
        self.assertNotIn("slow", self.run_tool("consumers", name).stdout)

    def test_one_that_dies_holds_up_nobody(self):
        for writer_of in (self.start_writer, self.start_foreign_writer):
            name = self.create("shared", "lossless", slots=8)
            consumer = self.start_consumer(name, "dead")
            consumer.send_signal(signal.SIGSTOP)
            writer = writer_of(name, 0, 20)
            self.eventually(lambda: self.written(name) >= 8)
            consumer.kill()
            self.assertEqual(writer.wait(), 0)
            self.run_tool("check", name)

    def test_one_that_is_kept_comes_back_to_where_it_was(self):
        name = self.create("shared", "lossless", slots=8)
        first = self.start_consumer(name, "kept", 5, "kept")
        writer = self.start_writer(name, 0, 12)
        self.check_all_taken(self.taken(first), [0], 5)
        self.eventually(lambda: self.written(name) >= 12)
        self.assertIn("kept", self.run_tool("consumers", name).stdout)
        second = self.start_consumer(name, "kept", 7, "kept")
        self.assertEqual([row[3] for row in self.taken(second)], list(range(5, 12)))
        self.assertEqual(writer.wait(), 0)
        # And under the library's hands.
        self.assertEqual(self.start_foreign_writer(name, 1, 4).wait(), 0)
        tail = self.run_tool("tail", name, "--consumer", "kept", "--count", 4, "--format", "ndjson")
        rows = map(json.loads, tail.stdout.splitlines())
        self.assertEqual([(row["writer"], row["n"]) for row in rows], [(1, n) for n in range(4)])

    def test_a_name_is_one_living_consumers(self):
        name = self.create("shared", "lossless", slots=8)
        self.start_consumer(name, "one")
        done = subprocess.run([CONSUMER, SHM / name, "one", "1"], stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertIn("taken", done.stderr)
        self.run_tool("tail", name, "--consumer", "one", code=1)
        self.start_consumer(name, "two")

    def test_it_is_told_that_it_was_evicted(self):
        name = self.create("shared", "lossless", slots=8)
        consumer = self.start_consumer(name, "evicted")
        self.run_tool("consumers", name, "--evict", "evicted")
        self.assertEqual(consumer.stdout.read(), "evicted\n")
        self.assertEqual(self.start_writer(name, 0, 20).wait(), 0)

    def test_a_foreign_writer_waits_for_consumers_and_groups(self):
        name = self.create("shared", "lossless", slots=8)
        alone = self.start_consumer(name, "foreign", 3 * COUNT)
        members = [self.start(TOOL, "tail", name, "--consumer", "group", "--share", "--follow", "--format", "csv",
                              "--fields", "writer,n", stderr=subprocess.PIPE) for _ in range(2)]
        for member in members:
            self.assertEqual(member.stdout.readline(), "_seq,writer,n\n")
        self.eventually(lambda: self.run_tool("consumers", name).stdout.count("group") >= 3)
        writers = [self.start_foreign_writer(name, 0, COUNT), self.start_writer(name, 1, COUNT),
                   self.start_foreign_writer(name, 2, COUNT)]
        shared = []
        readers = [threading.Thread(target=lambda m=member: shared.extend(m.stdout)) for member in members]
        for reader in readers:
            reader.start()
        self.check_all_taken(self.taken(alone), [0, 1, 2])
        for writer in writers:
            self.assertEqual(writer.wait(), 0)
        for member in members:
            member.send_signal(signal.SIGINT)
        for reader in readers:
            reader.join()
        rows = sorted(tuple(map(int, line.split(",")[1:])) for line in shared)
        self.assertEqual(rows, [(writer, n) for writer in range(3) for n in range(COUNT)])


if __name__ == "__main__":
    unittest.main()
