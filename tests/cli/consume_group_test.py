"""tail --share: a member of a group."""

import signal
import unittest

from arena_cli import FAILED, OK, USAGE
from lossless import LosslessTest


class ShareTest(LosslessTest):
    def tail(self, name, *args, code=OK, says=""):
        """The sequence numbers that it prints."""
        return self.numbers(self.expect(code, "tail", name, "--consumer", "workers", "--share", "--format", "csv", *args,
                                        says=says).stdout)

    def numbers(self, text):
        return [int(line.split(",")[0]) for line in text.splitlines() if not line.startswith("_seq")]

    def start_member(self, name, *args):
        """One that follows, and is there."""
        member = self.start("tail", name, "-f", "--consumer", "workers", "--share", "--format", "csv", *args)
        self.assertEqual(member.stdout.readline().split(",")[0], "_seq")
        return member

    def end(self, member, number=signal.SIGINT, code=OK):
        member.send_signal(number)
        out, err = member.communicate(timeout=60)
        self.assertEqual(member.returncode, code, err)
        return self.numbers(out), err

    def test_each_value_goes_to_one_member(self):
        for args in [[], ["--exclusive"], ["--lanes", 2, "--time"]]:
            with self.subTest(args=args):
                name = self.lossless(*args)
                members = [self.start_member(name) for _ in range(3)]
                count = 200
                self.assertEqual(self.hot_writer(name, count).wait(), 0)
                self.eventually(lambda: not any(found["lag"] for found in self.objects("consumers", name)))
                found = []
                for member in members:
                    numbers, err = self.end(member)
                    self.assertIn(f"read {len(numbers)} value", err)
                    found += numbers
                step = 2 if "--lanes" in args else 1
                self.assertEqual(sorted(found), list(range(0, count * step, step)))

    def test_what_a_dead_member_held_comes_again(self):
        name = self.lossless()
        member = self.share(name)
        self.write(name, 5)
        self.assertEqual(member.ask("hold"), "holds 0")
        other = self.start_member(name)
        self.assertEqual([self.numbers(other.stdout.readline()) for _ in range(4)], [[1], [2], [3], [4]])
        member.end()
        self.assertEqual(self.numbers(other.stdout.readline()), [0])
        self.assertIn("1 value came again: another member had taken and not done with them", self.end(other)[1])

    def test_what_is_left_of_a_durable_group_goes_to_who_comes(self):
        name = self.lossless()
        member = self.share(name, durable=True)
        self.write(name, 5)
        self.assertEqual(member.ask("hold"), "holds 0")
        member.end()
        self.assertEqual(sorted(self.tail(name, says="1 value came again")), [0, 1, 2, 3, 4])
        self.assertEqual(self.tail(name, says=f"the group 'workers' stays a consumer of '{name}', and its writers wait "), [])
        self.assertEqual(self.tail(name, says=f": arena-shm consumers {name} --remove workers"), [])

    def test_it_comes_to_an_end_though_others_take(self):
        name = self.lossless()
        other = self.share(name)
        self.write(name, 6)
        other.ask(4)
        self.assertEqual(self.tail(name), [4, 5])
        self.write(name, 3)
        self.assertEqual(self.tail(name, "-n", 2), [6, 7])
        self.assertEqual(self.tail(name), [8])

    def test_it_comes_to_an_end_though_others_take_meanwhile(self):
        name = self.lossless(fields="u64[1024] a", slots=64)
        other = self.share(name)
        self.expect(OK, "write", name, "--format", "raw", stdin=bytes(8192 * 64))
        slow = self.start("tail", name, "--consumer", "workers", "--share", "--format", "csv")
        slow.stdout.read(1)  # of more than the pipe takes
        other.tell(1000)
        self.eventually(lambda: self.group(name)["lag"] == 0)
        out, err = slow.communicate(timeout=60)
        self.assertEqual(slow.returncode, OK, err)
        self.assertLess(len(out.splitlines()), 64)

    def test_where_a_group_begins(self):
        name = self.lossless()
        self.write(name, 4)
        self.assertEqual(self.tail(name), [])
        self.assertEqual(self.tail(name, "--from", "oldest"), [0, 1, 2, 3])
        self.assertEqual(self.tail(name, "--from", 2), [2, 3])
        self.share(name)
        self.assertEqual(self.tail(name, "--from", "oldest"), [], "the group is there")

    def test_a_writer_waits_for_a_stopped_member_until_it_is_evicted(self):
        name = self.lossless()
        stopped = self.share(name)
        self.write(name, 1)
        self.assertEqual(stopped.ask("hold"), "holds 0")
        stopped.tell("stop")
        other = self.start_member(name)
        writer = self.start("write", name)
        writer.stdin.write("ts,px,sym\n" + "1,1,A\n" * 30)
        writer.stdin.close()
        writer.stdin = None
        told = writer.stderr.readline()
        self.assertRegex(told, rf"member 'workers/0' \(process {stopped.pid}, arena-lossless-, stopped\) holds up .*: it holds "
                               rf"1 value, from 0 on; to go on without it: arena-shm consumers {name} --evict workers/0")
        self.expect(OK, "consumers", name, "--evict", "workers/0")
        self.assertIn("there is room", writer.communicate(timeout=60)[1])
        self.eventually(lambda: self.group(name)["lag"] == 0)
        self.assertEqual(sorted(self.end(other)[0]), list(range(31)))
        stopped.process.send_signal(signal.SIGCONT)
        self.assertEqual(stopped.ask(1), "evicted")

    def test_a_group_that_is_evicted_goes_on(self):
        name = self.lossless("--patience", "100ms")
        member = self.start_member(name)
        member.send_signal(signal.SIGSTOP)
        self.assertEqual(self.hot_writer(name, 30).wait(), 0)
        member.send_signal(signal.SIGCONT)
        self.eventually(lambda: self.group(name)["lag"] == 0)
        numbers, err = self.end(member, code=3)
        self.assertEqual(numbers, list(range(30 - len(numbers), 30)))
        self.assertIn(f"'workers' was evicted from '{name}', for it had held up the writers: another member gets", err)
        self.assertIn(f"lost {30 - len(numbers)} values", err)

    def test_what_groups_have_not(self):
        name = self.lossless("--lanes", 2, "--time")
        self.tail(name, "--order", "time", code=USAGE, says="expected values in the order of arrival")
        self.tail(name, "--since", "1h", code=USAGE, says="--since")
        self.expect(USAGE, "tail", name, "--share", says="--consumer")
        self.join(name)
        self.expect(FAILED, "tail", name, "--consumer", "risk", "--share", says="'risk', a consumer that is alone")
        self.share(name)
        self.expect(FAILED, "tail", name, "--consumer", "workers", says="'workers', which a group is")


if __name__ == "__main__":
    unittest.main()
