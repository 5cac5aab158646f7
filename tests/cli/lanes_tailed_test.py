"""Laned arenas: making them, writing into them, and tail."""

import os
import re
import select
import signal
import threading
import struct
import unittest

from arena_cli import FAILED, LOST, OK, SHM, USAGE
from lanes import RECORD, LaneTest


class LanesTailedTest(LaneTest):
    def test_create_makes_so_many_lanes_of_so_many_slots(self):
        name = self.name()
        self.expect(OK, "create", name, "--lanes", 3, "--slots", 8, "--fields", "u64 n", says="3 lanes of 8 slots for")
        header = (SHM / name).read_bytes()[:512]
        self.assertEqual(struct.unpack_from("<I", header, 20)[0], 2)
        self.assertEqual((struct.unpack_from("<Q", header, 128)[0], struct.unpack_from("<I", header, 168)[0]), (8, 3))
        one = self.name()
        self.expect(OK, "create", one, "--lanes", 1, "--slots", 8, "--fields", "u64 n", says="1 lane of 8 slots for")
        self.expect(OK, "write", one, stdin="n\n7\n")
        self.assertEqual(self.expect(OK, "tail", one, "--format", "csv").stdout, "_seq,n\n0,7\n")

    def test_wrong_numbers_of_lanes_are_refused(self):
        name = self.name()
        for arguments, says in [
            (["--lanes", 0, "--slots", 8], "--lanes: expected a whole number from 1 up to 4096, like 500, 64K"),
            (["--lanes", 4097, "--slots", 8], "from 1 up to 4096, like 500, 64K or 1M, found '4097'"),
            (["--lanes", -1, "--slots", 8], "from 1 up to 4096, like 500, 64K or 1M, found '-1'"),
            (["--lanes", 1.5, "--slots", 8], "from 1 up to 4096, like 500, 64K or 1M, found '1.5'"),
            (["--lanes", "many", "--slots", 8], "from 1 up to 4096, like 500, 64K or 1M, found 'many'"),
            (["--lanes", "", "--slots", 8], "--lanes"),
            (["--lanes", 3], "--slots"),
            (["--lanes", 3, "--slots", 0], "slots"),
            (["--lanes", 3, "--slots", 2**44], "3 lanes of 17592186044416 slots"),
            (["--lanes", 3, "--slots", 8, "--exclusive"], "--exclusive"),
            (["--lanes", 3, "--slots", 8, "--seats", 3], "--seats"),
        ]:
            with self.subTest(arguments=arguments):
                self.expect(USAGE, "create", name, "--fields", "u64 n", *arguments, says=says)
        self.assertFalse((SHM / name).exists())

    def test_each_writer_has_a_lane_and_the_next_one_is_refused(self):
        name, writers = self.create_filled_lanes([2, 3, 1])
        self.assertEqual(self.tail(name), [[0, 1], [0, 1, 2], [0]])
        self.expect(FAILED, "write", name, "--format", "raw", stdin=b"")
        writers[1].kill()
        writers[1].wait()
        self.expect(OK, "write", name, "--format", "raw", stdin=RECORD.pack(1, 3) + RECORD.pack(1, 4))
        self.assertEqual(self.tail(name), [[0, 1], [0, 1, 2, 3, 4], [0]])

    def test_the_last_so_many_are_the_newest_of_the_lanes(self):
        name, _ = self.create_filled_lanes([20, 3, 0, 5])
        for count, each in [
            (0, [0, 0, 0, 0]),
            (1, None),
            (3, [1, 1, 0, 1]),
            (8, [3, 2, 0, 3]),
            (11, [4, 3, 0, 4]),
            (13, [5, 3, 0, 5]),
            (16, [8, 3, 0, 5]),
            (17, [8, 3, 0, 5]),
            (10**6, [8, 3, 0, 5]),
        ]:
            with self.subTest(count=count):
                found = self.tail(name, "-n", count, lanes=4)
                self.assert_runs(found)
                self.assertEqual(sum(map(len, found)), min(count, 16))
                for numbers, head in zip(found, [20, 3, 0, 5]):
                    self.assertEqual(numbers[-1:], [head - 1] if numbers else [])
                if each:
                    self.assertEqual([len(numbers) for numbers in found], each)
        self.assertEqual(sum(map(len, self.tail(name, lanes=4))), 10)

    def test_begins_and_ends_at_a_sequence_number_in_each_lane(self):
        name, _ = self.create_filled_lanes([10, 3, 6])
        self.assertEqual(self.tail(name, "--from", "oldest"), [[*range(2, 10)], [0, 1, 2], [*range(6)]])
        self.assertEqual(self.tail(name, "--from", 7), [[*range(3, 10)], [2], [2, 3, 4, 5]])
        self.assertEqual(self.tail(name, "--from", 7, "--until", 11), [[3], [2], [2, 3]])
        self.assertEqual(self.tail(name, "--from", "newest"), [[], [], []])
        self.assertEqual(self.tail(name, "--until", 11, "-n", 4), [[3], [2], [2, 3]])
        self.assertEqual(self.tail(name, "--until", 11, "-n", 100), [[2, 3], [0, 1, 2], [0, 1, 2, 3]])
        self.assertEqual(sum(map(len, self.tail(name, "--from", 7, "-n", 4))), 4)
        self.assertEqual(self.tail(name, "--from", "oldest", "--every", 2), [[2, 4, 6, 8], [0, 2], [0, 2, 4]])
        self.assertEqual(self.tail(name, "--every", 2, "-n", 5), [[6, 8], [2], [2, 4]])
        self.assertEqual(self.tail(name, "--every", 2**62), [[], [0], [0]])

    def test_where_there_is_nothing_it_says_so(self):
        name, writers = self.create_filled_lanes([0, 0, 0])
        self.expect(OK, "tail", name, says="the arena holds no values yet")
        self.write_lane(name, writers, 1, 20)
        self.expect(OK, "tail", name, "--from", 59, says="the newest value is 58; value 59 has not been written yet")
        self.expect(OK, "tail", name, "--until", 59, says="the newest value is 58; value 59 has not been written yet")
        self.expect(OK, "tail", name, "--until", 20, says="the oldest value is 37; the values up to 20 have been over")
        self.expect(OK, "tail", name, "--until", 0, says="there are no values from ")
        for far in [2**61 + 1, 2**64 - 1]:
            self.expect(USAGE, "tail", name, "--from", far, says=f"found {far}")
        self.assertEqual(self.expect(OK, "tail", name, "--until", 58).stderr, "")
        self.assertEqual(self.tail(name, "--until", 2**64 - 1, "-n", 100), [[], [*range(12, 20)], []])

    def test_an_end_that_idle_lanes_never_reach_ends_them(self):
        name, writers = self.create_filled_lanes([2, 1, 0])
        tail = self.start("tail", name, "-f", "--until", 15, "--format", "csv")
        for _ in range(1 + 3):
            tail.stdout.readline()
        writers[1].send_signal(signal.SIGSTOP)
        self.write_lane(name, writers, 0, 3)  # up to 12
        for _ in range(3):
            tail.stdout.readline()
        self.assertIsNone(tail.poll())  # neither 15 nor a later one has come
        self.write_lane(name, writers, 0, 2)
        out, err = tail.communicate(timeout=30)
        self.assertEqual((tail.returncode, out), (OK, "15,0,5\n"))
        self.assertEqual(err, "arena-shm: read 7 values\n")
        # Also where a busy lane goes on and on, and nobody ever reaches the number itself.
        end = self.feed(writers[2], 2)
        tail = self.start("tail", name, "-f", "--until", 30001, "--format", "csv")
        out, err = tail.communicate(timeout=50)
        end()
        self.assertIn(tail.returncode, [OK, LOST])
        self.assertLessEqual(max(int(line.split(",")[0]) for line in out.splitlines()[1:]), 30001)

    def test_lost_values_are_told_with_their_lane(self):
        name, writers = self.create_filled_lanes([2, 20, 4])
        done = self.expect(LOST, "tail", name, "--from", 4, "--format", "csv")
        self.assertEqual(self.values(done.stdout), [[], [*range(12, 20)], [1, 2, 3]])
        self.assertIn("gap in lane 1: 4..34 (11 overwritten)\n", done.stderr)
        self.assertIn("read 11 values, lost 11 in 1 gap\n", done.stderr)
        done = self.expect(LOST, "tail", name, "--from", 4, "--until", 10, "--gaps", "inline", "--format", "json")
        self.assertIn('{"_gap":{"lane":1,"first":4,"last":10,"count":3,"cause":"overwritten"}}\n', done.stdout)
        done = self.expect(OK, "tail", name, "--from", "oldest", "--format", "csv")
        self.assertEqual(self.values(done.stdout), [[0, 1], [*range(12, 20)], [0, 1, 2, 3]])
        self.poke_head(name, 0, 4)  # its writer lives, and seems to be stopped in a batch
        self.poke_head(name, 2, 6)
        writers[2].kill()
        writers[2].wait()
        done = self.expect(LOST, "tail", name, "--from", "oldest", "--format", "csv")
        self.assertEqual(self.values(done.stdout), [[0, 1], [*range(12, 20)], [0, 1, 2, 3]])
        self.assertIn("gap in lane 0: 6..9 (2 passed over)\n", done.stderr)
        self.assertIn("gap in lane 2: 14..17 (2 holes)\n", done.stderr)
        self.assertIn("lost 4 in 2 gaps\n", done.stderr)

    def test_a_stopped_follower_accounts_for_every_value_of_every_lane(self):
        name, writers = self.create_filled_lanes([2, 1, 3])
        tail = self.start("tail", name, "-f", "--format", "csv")
        lines = [tail.stdout.readline() for _ in range(1 + 6)]
        tail.send_signal(signal.SIGSTOP)
        writers[1].send_signal(signal.SIGSTOP)
        self.write_lane(name, writers, 0, 50)
        self.write_lane(name, writers, 2, 3)
        tail.send_signal(signal.SIGCONT)
        while not {"153,0,51\n", "17,2,5\n"} <= set(lines):
            lines.append(tail.stdout.readline())
        tail.send_signal(signal.SIGINT)
        _, err = tail.communicate(timeout=30)
        found = self.values("".join(lines))
        self.assertEqual(found[1:], [[0], [*range(6)]])
        lost = [n for n in range(52) if n not in found[0]]
        told = []
        for first, last, count in re.findall(r"gap in lane 0: (\d+)\.\.(\d+) \((\d+) (?:over|passed)", err):
            told += range(int(first) // 3, int(last) // 3 + 1)
            self.assertEqual(int(last) // 3 - int(first) // 3 + 1, int(count))
        self.assertEqual(told, lost)
        self.assertIn(f"read {59 - len(lost)} values, lost {len(lost)} in ", err)

    def test_a_full_pipe_leaves_the_rest_of_every_lane_over(self):
        name, _ = self.create_filled_lanes([6000, 0, 5000], slots=8192)
        cursor = self.directory() / "cursor"
        reading, writing = os.pipe()
        tail = self.start("tail", name, "-f", "-n", 11000, "--format", "csv", "--cursor-file", cursor, stdout=writing)
        self.eventually(lambda: select.select([], [writing], [], 0)[1] == [])
        os.close(writing)
        with os.fdopen(reading) as pipe:
            out = "".join(pipe.readline() for _ in range(100))
            tail.send_signal(signal.SIGTERM)
            tail.wait(timeout=30)
            out += pipe.read()
        behind = int(re.search(r"stopped (\d+) values behind", tail.stderr.read())[1])
        first = self.values(out)
        self.assertGreaterEqual(sum(map(len, first)), 99)
        rest = self.tail(name, "--cursor-file", cursor)
        self.assertEqual(sum(map(len, rest)), behind)
        # One that was in the pipe, and not taken yet, comes again.
        again = [len(a) + len(b) - n for a, b, n in zip(first, rest, (6000, 0, 5000))]
        self.assertIn(sorted(again), ([0, 0, 0], [0, 0, 1]))
        self.assertEqual([a[:len(a) - k] + b for a, k, b in zip(first, again, rest)],
                         [[*range(6000)], [], [*range(5000)]])

    def test_a_cursor_file_has_a_number_for_each_lane(self):
        name, writers = self.create_filled_lanes([2, 0, 4])
        cursor = self.directory() / "cursor"
        self.assertEqual(self.tail(name, "--cursor-file", cursor, "-n", 4), [[0, 1], [], [2, 3]])
        epoch, *numbers = cursor.read_text().split()
        self.assertEqual(numbers, ["6", "1", "14"])
        self.assertEqual(self.tail(name, "--cursor-file", cursor), [[], [], []])
        self.write_lane(name, writers, 1, 3)
        self.write_lane(name, writers, 2, 20)
        done = self.expect(LOST, "tail", name, "--cursor-file", cursor, "--format", "csv")
        self.assertEqual(self.values(done.stdout), [[], [0, 1, 2], [*range(16, 24)]])
        self.assertIn("gap in lane 2: 14..47 (12 overwritten)", done.stderr)
        for text, says in [
            (f"{epoch} 6", "expected a sequence number for each of 3 lanes, found 1 of them"),
            (f"{epoch} 6 1 14 9", "for each of 3 lanes, found 4 of them"),
            (f"{epoch} " + "7 " * 9000, "for each of 3 lanes"),
            (f"{epoch} 6 2 14", "expected a sequence number of lane 1, found 2"),
            (f"{epoch} 6 1 {2**64 - 1}", f"found {2**64 - 1}"),
            (f"{epoch} 6 1 x", "expected one line"),
            (f"{epoch}", "expected one line"),
        ]:
            with self.subTest(text=text[:60]):
                cursor.write_text(text + "\n")
                done = self.expect(USAGE, "tail", name, "--cursor-file", cursor, says=says)
                self.assertIn(str(cursor), done.stderr)
        plain = self.create()
        self.expect(OK, "tail", plain, "--cursor-file", cursor.with_name("plain"))
        text = cursor.with_name("plain").read_text()
        cursor.with_name("plain").write_text(text.rstrip() + " 1 2\n")
        self.expect(USAGE, "tail", plain, "--cursor-file", cursor.with_name("plain"), says="found 3 of them")

    def test_who_is_killed_and_started_again_goes_on_in_every_lane(self):
        name, writers = self.create_filled_lanes([1, 1, 1], slots=1 << 12)
        cursor = self.directory() / "cursor"
        seen = ""
        for turn in range(4):
            tail = self.start("tail", name, "-f", "--format", "csv", "--cursor-file", cursor)
            taken = []
            taker = threading.Thread(target=lambda: taken.append(tail.stdout.read()))
            taker.start()
            for lane in range(3):
                self.write_lane(name, writers, lane, 10 * turn + lane + 1)
            heads = " ".join(str(self.head(name, lane) * 3 + lane) for lane in range(3))
            self.eventually(lambda: cursor.exists() and cursor.read_text().endswith(f" {heads}\n"))
            tail.kill()
            taker.join()
            out = taken.pop()
            seen += out if not seen else out.split("\n", 1)[1]
        found = self.values(seen)
        self.assertEqual(found, [[*range(self.head(name, lane))] for lane in range(3)])


if __name__ == "__main__":
    unittest.main()
