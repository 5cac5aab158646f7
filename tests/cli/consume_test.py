"""Consumers of lossless arenas: tail --consumer, and how writers wait for it."""

import os
import signal
import struct
import unittest

from arena_cli import ABSENT, FAILED, LOST, OK, SHM, TICK, USAGE
from laned import Laned
from consuming import ConsumingTest


class ConsumeTest(Laned, ConsumingTest):
    def start_consumer(self, name, *args, consumer="risk"):
        """One that follows, and is registered: it has printed the heading."""
        tail = self.start("tail", name, "-f", "--consumer", consumer, "--from", "oldest", "--format", "csv", *args)
        self.assertEqual(tail.stdout.readline(), "_seq,who,n\n")
        return tail

    def consume(self, name, *args, code=OK, consumer="risk", says=""):
        out = self.expect(code, "tail", name, "--consumer", consumer, "--format", "csv", *args, says=says).stdout
        return self.numbers(out)

    def numbers(self, out):
        return [int(line.split(",")[-1]) for line in out.splitlines() if not line.startswith("_seq")]

    def print_until(self, tail, last):
        lines = [tail.stdout.readline()]
        while self.numbers(lines[-1]) != [last]:
            lines.append(tail.stdout.readline())
        return "".join(lines)

    def end_after(self, tail, last, code):
        """Ends a consumer that has printed this value."""
        printed = self.print_until(tail, last)
        out, err = self.end(tail, code, signal.SIGINT)
        return printed + out, err

    def test_a_stopped_consumer_holds_up_the_writers_who_name_it_and_go_on_with_it(self):
        for options in [{}, {"lanes": 1}, {"lanes": 2}]:
            with self.subTest(**options):
                name = self.lossless(**options)
                tail = self.start_consumer(name)
                tail.send_signal(signal.SIGSTOP)
                writer = self.start_writing(name, 0, 100)
                told = writer.stderr.readline()
                self.assertIn(f"consumer 'risk' (process {tail.pid}, arena-shm, stopped) holds up the writers", told)
                self.assertRegex(told, r" since 20\d\d-\d\d-\d\dT.*Z: it is at 0, 8 values behind; ")
                self.assertIn(f"arena-shm consumers {name} --evict risk", told)
                tail.send_signal(signal.SIGCONT)
                _, err = self.end(writer, OK)
                self.assertEqual(err, f"arena-shm: there is room in '{name}' again\narena-shm: wrote 100 values\n")
                out, err = self.end_after(tail, 99, OK)
                self.assertEqual(self.numbers(out), list(range(100)))
                self.assertIn("read 100 values", err)

    def test_a_killed_consumer_holds_up_nobody(self):
        name = self.lossless()
        tail = self.start_consumer(name)
        tail.send_signal(signal.SIGSTOP)
        writer = self.start_writing(name, 0, 100)
        self.assertIn("consumer 'risk'", writer.stderr.readline())
        tail.kill()
        self.assertIn("wrote 100 values", self.end(writer, OK)[1])
        self.assertEqual(self.consume(name, "--from", "oldest"), list(range(92, 100)))

    def test_signals_end_writers_that_wait(self):
        name = self.lossless()
        self.consume(name, "--durable", consumer="gone")
        for number, verb in [(signal.SIGINT, "write"), (signal.SIGTERM, "write"), (signal.SIGINT, "replay")]:
            with self.subTest(number=number, verb=verb):
                if verb == "write":
                    writer = self.start_writing(name, 0, 20)
                else:
                    path = self.directory() / "t.csv"
                    path.write_text("who,n\n" + "0,0\n" * 20)
                    writer = self.start("replay", path, name, "--speed", "max")
                told = writer.stderr.readline()
                self.assertRegex(told, r"consumer 'gone' \(away since process \d+ ended\) holds up the writers")
                self.assertIn(f"arena-shm consumers {name} --remove gone", told)
                _, err = self.end(writer, OK, number)
                self.assertRegex(err, r"(wrote|replayed) [08] values, stopped while waiting for room\n$")
        self.assertEqual(self.consume(name, consumer="gone"), list(range(8)))

    def test_a_durable_consumer_goes_on_where_it_was(self):
        name = self.lossless(slots=16)
        self.write(name, 0, 10)
        remove = f"arena-shm consumers {name} --remove 'it s'"
        self.assertEqual(
            self.consume(name, "--durable", "--from", "oldest", "-n", 3, consumer="it s", says=remove), [0, 1, 2])
        self.assertEqual(self.consume(name, "-n", 2, consumer="it s", says=remove), [3, 4])
        self.write(name, 10, 5)
        self.assertEqual(self.consume(name, "--durable", "--from", "newest", consumer="it s"), list(range(5, 15)))
        self.assertEqual(self.consume(name, "--durable", consumer="it s"), [])

    def test_what_a_killed_durable_consumer_has_not_printed_comes_again(self):
        name = self.lossless(slots=16)
        self.consume(name, "--durable")
        self.write(name, 0, 5)
        tail = self.start("tail", name, "-f", "--consumer", "risk", "--format", "csv")
        lines = [tail.stdout.readline() for _ in range(6)]
        self.assertEqual(self.numbers("".join(lines)), list(range(5)))
        tail.send_signal(signal.SIGSTOP)
        self.write(name, 5, 5)
        tail.kill()
        tail.communicate()
        found = self.consume(name)
        self.assertEqual(found[-5:], list(range(5, 10)))

    def test_begins_as_tail_does(self):
        for lanes in [0, 2]:
            name = self.lossless(slots=32, lanes=lanes)
            self.write(name, 0, 20)
            for i, (arguments, expected) in enumerate([
                ([], range(10, 20)),
                (["-n", 3], range(17, 20)),
                (["--from", "oldest", "-n", 4], range(4)),
                (["--from", "newest"], []),
                (["--from", 10 * max(lanes, 1)], range(10, 20)),
                (["--from", "oldest", "--every", 5], [0, 5, 10, 15]),
            ]):
                with self.subTest(lanes=lanes, arguments=arguments):
                    self.assertEqual(self.consume(name, *arguments, consumer=f"c{i}"), list(expected))

    def test_values_beyond_the_end_of_a_lane_are_printed(self):
        count = 500
        name = self.lossless("ts", slots=64, lanes=2)
        self.consume(name, "--durable")
        self.halt(name, signal.SIGSTOP, 4)  # its values keep tail waiting while others come in the other lane
        writer = self.start("write", name, "--format", "raw", "--rate", 2000)
        writer.stdin.buffer.write(struct.pack(f"<{count}Q", *range(count)))
        writer.stdin.close()
        writer.stdin = None
        found = []

        def all_there():
            ended = writer.poll() is not None
            found.extend(self.consume(name))
            return ended

        self.eventually(all_there)
        self.assertEqual(found, list(range(count)))

    def test_times_and_since(self):
        name = self.lossless("time", slots=32, lanes=2)
        self.write(name, 0, 10)
        rows = self.objects("tail", name, "--consumer", "a", "--from", "oldest")
        self.assertEqual([row["n"] for row in rows], list(range(10)))
        done = self.run_tool("tail", name, "--consumer", "b", "--since", "1h", "--format", "csv")
        self.assertEqual([int(line.split(",")[-1]) for line in done.stdout.splitlines()[1:]], list(range(10)))
        self.assertEqual(done.returncode, OK, done.stderr)
        self.expect(OK, "tail", name, "--consumer", "c", "--since", "2100-01-01", says="no value is from 2100")

    def test_an_evicted_one_says_what_it_has_lost_and_goes_on(self):
        for lanes in [0, 1, 2]:
            with self.subTest(lanes=lanes):
                name = self.lossless(patience_ms=300, lanes=lanes)
                tail = self.start_consumer(name)
                tail.send_signal(signal.SIGSTOP)
                writer = self.start_writing(name, 0, 50)
                self.assertIn("wrote 50 values", self.end(writer, OK)[1])
                tail.send_signal(signal.SIGCONT)
                out = self.print_until(tail, 49)
                self.write(name, 50, 3)
                rest, err = self.end_after(tail, 52, LOST)
                out += rest
                found = self.numbers(out)
                lost = 53 - len(found)
                self.assertGreaterEqual(lost, 42)
                self.assertEqual(found, list(range(53 - len(found), 53)))
                self.assertIn(f"'risk' was evicted from '{name}', for it had held up the writers: lost {lost} values", err)
                self.assertRegex(err, rf"lost {lost} in \d gap")

    def test_who_is_no_consumer_is_as_ever(self):
        name = self.lossless(lanes=2)
        self.write(name, 0, 50)
        directory = self.directory()
        self.assertEqual(self.numbers(self.expect(OK, "tail", name, "--format", "csv").stdout), list(range(42, 50)))
        self.expect(OK, "record", name, "-o", directory / "t.csv", "-n", 8, says="recorded 8, lost 0")
        self.expect(OK, "snapshot", name, "-o", directory / "t.arena")
        self.expect(OK, "export", directory / "t.arena", "-o", directory / "u.csv")
        self.assertEqual((directory / "t.csv").read_text(), (directory / "u.csv").read_text())

    def test_mistakes_are_named(self):
        plain = self.create(fields=TICK)
        for verb in [["tail", plain], ["record", plain, "-o", self.directory() / "t.csv"]]:
            self.expect(USAGE, *verb, "--consumer", "risk", says="create it with --lossless, or leave out --consumer")
        name = self.lossless(consumers=1)
        self.start_consumer(name)
        self.expect(FAILED, "tail", name, "--consumer", "risk", says="'risk', which process")
        self.expect(FAILED, "tail", name, "--consumer", "other", says="expected a free place among 1, found risk")
        self.expect(USAGE, "tail", name, "--consumer", "", says="expected a name of 1 to 32 bytes")
        self.expect(USAGE, "tail", name, "--consumer", "x" * 33, says="expected a name of 1 to 32 bytes")
        self.expect(ABSENT, "tail", "no-such-arena", "--consumer", "risk", says="no-such-arena")
        self.expect(USAGE, "tail", name, "--durable", says="--consumer")
        for other in [["--until", 5], ["--follow-name"], ["--file", "x"], ["--cursor-file", "x"]]:
            self.expect(USAGE, "tail", name, "--consumer", "x", *other, says=other[0])

    def test_needs_permission_to_write(self):
        name = self.lossless()
        os.chmod(SHM / name, 0o444)
        self.expect(FAILED, "tail", name, "--consumer", "risk", says=name, **self.as_nobody())


if __name__ == "__main__":
    unittest.main()
