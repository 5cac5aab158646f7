"""tail -f: following, and how it ends."""

import fcntl
import json
import os
import re
import select
import signal
import subprocess
import unittest

from arena_cli import FAILED, LOST, OK, SHM, TOOL, CliTest

CUT_SHORT = (
    "arena-shm: expected a segment of constant size, found that its file was cut off while it was in use; "
    "remove the arena and create it again\n"
)


class FollowTest(CliTest):
    def follow(self, name, *args):
        return self.start("tail", name, "-f", "--format", "ndjson", *args)

    def write(self, name, first, count):
        lines = "".join(f"{i},{i / 2},S{i % 10}\n" for i in range(first, first + count))
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + lines)

    def next_seq(self, tail):
        return json.loads(tail.stdout.readline())["_seq"]

    def test_goes_on_with_what_comes(self):
        name = self.create_filled(2)
        tail = self.follow(name)
        self.assertEqual([self.next_seq(tail) for _ in range(2)], [0, 1])
        self.write(name, 2, 2)
        self.assertEqual([self.next_seq(tail) for _ in range(2)], [2, 3])

    def test_from_newest_skips_what_is_there(self):
        name = self.create_filled(2)
        tail = self.follow(name, "--from", "newest", "-n", 1)
        # Nothing tells when it has begun: write until the first value comes.
        first = []

        def has_come():
            self.write(name, 2, 1)
            return tail.poll() is not None

        self.eventually(has_come)
        first = json.loads(tail.stdout.readline())["_seq"]
        self.assertGreaterEqual(first, 2)
        self.assertEqual(tail.returncode, OK)

    def test_ends_after_a_sequence_number_that_is_yet_to_come(self):
        name = self.create_filled(2)
        tail = self.follow(name, "--until", 3)
        self.assertEqual([self.next_seq(tail) for _ in range(2)], [0, 1])
        self.write(name, 2, 5)
        out, _ = tail.communicate(timeout=30)
        self.assertEqual([json.loads(line)["_seq"] for line in out.splitlines()], [2, 3])
        self.assertEqual(tail.returncode, OK)

    def test_signals_end_it_with_a_summary(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            name = self.create_filled(2)
            tail = self.follow(name)
            self.next_seq(tail)
            tail.send_signal(number)
            _, err = tail.communicate(timeout=30)
            self.assertEqual(tail.returncode, OK)
            self.assertEqual(err, "arena-shm: read 2 values\n")

    def test_a_stopped_follower_accounts_for_every_value(self):
        name = self.create_filled(2)
        tail = self.follow(name)
        self.assertEqual([self.next_seq(tail) for _ in range(2)], [0, 1])
        tail.send_signal(signal.SIGSTOP)
        self.write(name, 2, 100)
        tail.send_signal(signal.SIGCONT)
        seqs = [self.next_seq(tail)]
        while seqs[-1] != 101:
            seqs.append(self.next_seq(tail))
        tail.send_signal(signal.SIGINT)
        _, err = tail.communicate(timeout=30)
        self.assertEqual(tail.returncode, LOST)
        self.assertEqual(seqs, list(range(seqs[0], 102)))
        lost = seqs[0] - 2
        self.assertGreaterEqual(lost, 100 - 8)
        self.assertEqual(
            err,
            f"gap: 2..{seqs[0] - 1} ({lost} overwritten)\n"
            f"arena-shm: read {2 + len(seqs)} values, lost {lost} in 1 gap\n",
        )

    def test_a_closed_pipe_ends_it_silently(self):
        name = self.create_filled(2)
        tail = self.follow(name)
        self.next_seq(tail)
        tail.stdout.close()
        tail.wait(timeout=30)  # though nothing more is written
        self.assertEqual(tail.returncode, OK)
        self.assertEqual(tail.stderr.read(), "")

    def test_head_may_close_the_pipe_in_the_middle(self):
        name = self.create_filled(5000, slots=5000)
        command = f"'{TOOL}' tail {name} --from oldest --format csv | head -n 3"
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, "_seq,ts,px,sym\n0,0,0.0,S0\n1,1,0.5,S1\n")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))

    def test_a_file_that_is_cut_short_is_an_error(self):
        name = self.create(slots=4096)
        writer = self.start_writer(name)
        tail = self.follow(name)
        self.next_seq(tail)
        os.truncate(SHM / name, 8192)
        _, err = tail.communicate(timeout=30)
        self.assertEqual((tail.returncode, err), (FAILED, CUT_SHORT))
        _, err = writer.communicate("2,2,B\n", timeout=30)
        self.assertEqual((writer.returncode, err), (FAILED, CUT_SHORT))

    def test_a_stopped_or_dead_writer_does_not_end_it(self):
        name = self.create()
        writer = self.start_writer(name)
        tail = self.follow(name)
        self.next_seq(tail)
        writer.send_signal(signal.SIGSTOP)
        self.write(name, 1, 1)
        self.assertEqual(self.next_seq(tail), 1)
        writer.kill()
        self.write(name, 2, 1)
        self.assertEqual(self.next_seq(tail), 2)

    def await_blocked(self, process, pipe):
        """Waits until the pipe takes nothing more, and nothing more is put into it."""

        def is_full():
            waiting = select.select([], [pipe], [], 0)[1] == []
            return waiting and process.poll() is None

        self.eventually(is_full)

    def test_a_full_pipe_does_not_keep_it_from_ending(self):
        name = self.create(slots=16384)
        self.write(name, 0, 16000)
        for number in [signal.SIGINT, signal.SIGTERM]:
            for form in ["table", "ndjson", "csv", "influx", "hex"]:
                reading, writing = os.pipe()
                tail = self.start("tail", name, "-f", "--from", "oldest", "--format", form, stdout=writing)
                self.await_blocked(tail, writing)
                os.close(writing)
                tail.send_signal(number)
                tail.wait(timeout=30)
                err = tail.stderr.read()
                text = os.fdopen(reading).read()
                self.assertEqual(tail.returncode, OK, err)
                self.assertTrue(text.endswith("\n"))
                match = re.search(r"printed (\d+); stopped (\d+) values behind the head\n$", err)
                self.assertIsNotNone(match, err)
                self.assertEqual(int(match[1]) + int(match[2]), 16000)
                if form == "ndjson":
                    self.assertEqual([json.loads(line)["_seq"] for line in text.splitlines()], list(range(int(match[1]))))

    def test_the_summary_tells_what_was_overwritten_meanwhile(self):
        name = self.create(slots=4096)
        self.write(name, 0, 4000)
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        tail = self.start("tail", name, "-f", "--from", "oldest", stdout=writing)
        self.await_blocked(tail, writing)
        os.close(writing)
        self.write(name, 4000, 8000)
        tail.send_signal(signal.SIGTERM)
        _, err = tail.communicate(timeout=30)
        match = re.search(r"printed (\d+).*; stopped (\d+) values behind the head, (\d+) of them already", err)
        self.assertIsNotNone(match, err)
        printed, behind, overwritten = (int(group) for group in match.groups())
        self.assertEqual((printed + behind, printed + overwritten), (12000, 12000 - 4096))

    def test_the_cursor_stays_at_what_came_out(self):
        name = self.create(slots=16384)
        self.write(name, 0, 16000)
        cursor = self.directory() / "cursor"
        reading, writing = os.pipe()
        tail = self.start("tail", name, "-f", "-n", 16000, "--cursor-file", cursor, stdout=writing)
        self.await_blocked(tail, writing)
        os.close(writing)
        tail.send_signal(signal.SIGTERM)
        tail.wait(timeout=30)
        first = os.fdopen(reading).read().splitlines()[1:]
        rest = self.expect(OK, "tail", name, "--cursor-file", cursor).stdout.splitlines()[1:]
        self.assertEqual([int(line.split()[0]) for line in first + rest], list(range(16000)))

    def test_the_cursor_stays_at_what_the_other_end_has_taken(self):
        name = self.create(slots=64)
        self.write(name, 0, 50)
        cursor = self.directory() / "cursor"
        for form, head, rows in [("ndjson", 3, 3), ("csv", 3, 2), ("table", 1, 0), ("ndjson", 100, 50)]:
            command = f"'{TOOL}' tail {name} --cursor-file '{cursor}' -n 1000 --format {form} | head -n {head}"
            done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (OK, ""))
            self.assertEqual(cursor.read_text().split()[1], str(rows), form)
            rest = self.expect(OK, "tail", name, "--cursor-file", cursor, "--format", "csv").stdout.splitlines()[1:]
            self.assertEqual([int(line.split(",")[0]) for line in rest], [*range(rows, 50)])
            cursor.unlink()

    def test_full_pipes_of_other_verbs(self):
        name = self.create(slots=16384)
        self.write(name, 0, 16000)
        for number in [signal.SIGINT, signal.SIGTERM]:
            for command in [["stat", name, "-i", 0.01], ["top", name, "-i", 0.01]]:
                reading, writing = os.pipe()
                self.addCleanup(os.close, reading)
                fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
                process = self.start(*command, stdout=writing)
                self.await_blocked(process, writing)
                os.close(writing)
                process.send_signal(number)
                process.wait(timeout=30)
                self.assertEqual(process.returncode, OK, command)
            for verb in ["record", "snapshot"]:
                fifo = self.directory() / "values.csv"
                os.mkfifo(fifo)
                both = os.open(fifo, os.O_RDWR)
                self.addCleanup(os.close, both)
                process = self.start(verb, name, "-o", fifo)
                self.await_blocked(process, both)
                process.send_signal(number)
                process.wait(timeout=30)
                err = process.stderr.read()
                self.assertEqual(process.returncode, OK, err)
                match = re.search(r"recorded (\d+), .*; stopped (\d+) values behind the head", err)
                self.assertIsNotNone(match, err)
                self.assertEqual(int(match[1]) + int(match[2]), 16000)


if __name__ == "__main__":
    unittest.main()
