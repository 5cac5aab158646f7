"""Groups of consumers, whose members share the values: shown, held up, damaged, ended."""

import struct
import unittest

from arena_cli import ABSENT, FAILED, OF_ALL, OK, SHM, USAGE
from exposition import PREFIX, parse
from lossless import EPOCH, EVICTED, GROUP, JOINED, KEPT, MEMBER, RELEASED, SHARED, WORD, LosslessTest


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


class GroupsShownTest(GroupTest):
    def test_the_members_stand_below_the_group(self):
        name = self.lossless()
        first, second = self.holding(name, 2)
        risk = self.join(name)
        second.ask(3)
        heading, *lines = self.expect(OK, "consumers", name, says=": 1 group, 3 alive, 4 free\n").stdout.splitlines()
        self.assertEqual(heading.split(), ["NAME", "PID", "PROCESS", "STATE", "DURABLE", "HOLDS", "POSITION", "LAG",
                                           "BLOCKS"])
        for line, expected in zip(lines, [
            r"workers +- +2 members +alive +no +1 +5 +0 +-",
            rf"  workers/0 +{first.pid} +arena-lossless- +alive +- +1 +0 +1 +-",
            rf"  workers/2 +{second.pid} +arena-lossless- +alive +- +0 +5 +0 +-",
            rf"risk +{risk.pid} +arena-lossless- +alive +no +- +5 +0 +-",
        ], strict=True):
            self.assertRegex(line, f"^{expected}$")

    def test_their_objects(self):
        for args in [[], ["--exclusive"]]:
            with self.subTest(args=args):
                name = self.lossless(*args)
                first, _ = self.holding(name, 2, durable=True)
                group, member, _ = self.objects("consumers", name)
                self.assertGreater(group.pop("taken_ns"), 0)
                self.assertEqual(group, {
                    "arena": name, "consumer": 1, "name": "workers", "kind": "group", "group": None, "members": 2,
                    "state": "alive", "holder": "alive", "pid": None, "tid": None, "process": None,
                    "process_state": None, "is_other_pid_namespace": None, "is_durable": True, "position": 2, "lag": 3,
                    "holds": 2, "lag_ns": None, "is_in_the_way": False, "writers_waiting": 0, "blocks_ns": None})
                self.assertGreater(member.pop("taken_ns"), 0)
                self.assertEqual(member, {
                    "arena": name, "consumer": 0, "name": "workers", "kind": "member", "group": 1, "members": None,
                    "state": "alive", "holder": "alive", "pid": first.pid, "tid": first.pid,
                    "process": "arena-lossless-", "process_state": "running", "is_other_pid_namespace": False,
                    "is_durable": None, "position": 0, "lag": 1, "holds": 1, "lag_ns": None, "is_in_the_way": False,
                    "writers_waiting": 0, "blocks_ns": None})

    def test_positions_in_lanes_are_those_of_the_whole(self):
        name = self.lossless("--lanes", 3, "--time")
        first = self.share(name)
        self.write(name, 3)  # by one writer, of lane 0: the numbers 0, 3, 6
        first.ask(1)
        self.assertEqual(first.ask("hold"), "holds 3")
        self.assertEqual([self.members(name)[0][key] for key in ["position", "lag"]], [3, 1])
        self.assertEqual([self.group(name)[key] for key in ["position", "lag"]], [1, 1])
        for found in [self.members(name)[0], self.group(name)]:
            self.assertGreater(found["lag_ns"], 0)
        first.ask(1)
        self.assertEqual([self.members(name)[0][key] for key in ["lag", "lag_ns"]], [0, 0])

    def test_dead_stopped_and_evicted_members(self):
        name = self.lossless()
        dead, stopped, _ = self.holding(name, 3)
        dead.end()
        self.stop(name, stopped, 2)
        self.expect(OK, "consumers", name, "--evict", "workers/3")
        self.assertRegex(self.line(name, "workers/0"), r" dead +- +1 +0 +1 +-$")
        self.assertRegex(self.line(name, "workers/2"), r" alive, stopped +- +1 +1 +1 +-$")
        self.assertRegex(self.line(name, "workers/3"), r" evicted, alive +- +1 +2 +1 +-$")
        self.assertRegex(self.line(name, "workers"), r" 2 members|3 members .* alive +no +3 +3 +2 +-$")
        self.expect(OK, "consumers", name, says=": 1 group, 1 alive, 1 dead, 1 evicted, 4 free\n")

    def test_a_group_whose_members_are_gone(self):
        name = self.lossless()
        self.share(name).leave()
        self.assertEqual(self.objects("consumers", name), [])
        self.share(name, "kept", durable=True).leave()
        self.write(name, 2)
        self.assertRegex(self.line(name, "kept"), r"^kept +- +0 members +away +yes +0 +0 +2 +-$")
        self.expect(OK, "consumers", name, says=": 1 group away, 7 free\n")
        died = self.share(name, "died")
        died.end()
        self.assertRegex(self.line(name, "died"), r"^died +- +0 members +dead +no ")

    def test_who_blocks_is_named_where_it_matters(self):
        name = self.lossless()
        first, second = self.holding(name, 2)
        self.stop(name, second, 2)
        first.ask(3)
        writer = self.blocked_writer(name)
        blocker = rf"workers \(member 2, pid {second.pid}\), [\d.]+[mu]?s"
        self.eventually(lambda: self.objects("seats", name)[-1]["waits_for"] == "workers/2")
        self.expect(OK, "consumers", name, says=f"; full: writers wait for workers (member 2, pid {second.pid}), ")
        self.assertRegex(self.expect(OK, "seats", name).stdout, blocker)
        self.assertRegex(self.expect(OK, "stat", name).stdout, rf"(?m) {blocker}$")
        self.assertRegex(self.expect(OF_ALL, "list").stdout, rf"(?m)^{name} .* {blocker}$")
        self.assertEqual(self.objects("stat", name)[0]["blocked_by"], "workers/2")
        found = {consumer: [one["is_in_the_way"], one["writers_waiting"]]
                 for consumer, one in [*self.members(name).items(), (1, self.group(name))]}
        self.assertEqual(found[2], [True, 1])
        self.assertEqual(found[0], [False, 0])
        text = f"'{name}' is full because of 'workers/2', pid {second.pid}, which is stopped"
        self.assertIn(text, self.expect(OK, "doctor").stdout)
        self.expect(OK, "consumers", name, "--evict", "workers/2")
        self.assertIn("holds 1 again", [first.ask("hold") for _ in range(5)])  # there was nothing else to take
        first.tell(20)
        self.assertEqual(writer.wait(), 0)

    def test_metrics_are_of_the_group(self):
        name = self.lossless()
        self.holding(name, 2)
        self.write(name, 3)
        samples = parse(self.expect(OF_ALL, "metrics", stdin=b"").stdout.decode())
        found = {metric.removeprefix(PREFIX): value for (metric, labels), value in samples.items()
                 if dict(labels).get("arena") == name and dict(labels).get("consumer") == "workers"}
        self.assertEqual(found, {"consumer_alive": 1, "consumer_lag_values": 6, "consumer_blocks_seconds": 0,
                                 "consumer_members": 2, "consumer_held_values": 2})

    def test_gc_keeps_the_arena_for_a_group(self):
        name = self.lossless()
        member, = self.holding(name, 1, durable=True)
        self.expect(OK, "gc", name, "--force", says="group 'workers' is alive")
        member.end()
        self.expect(OK, "gc", name, "--force", says="durable group 'workers' has 5 values yet to get")


class GroupsEndedTest(GroupTest):
    def test_an_evicted_group_goes_on_where_it_was(self):
        name = self.lossless()
        first, second = self.holding(name, 2)
        writer = self.blocked_writer(name, 5)
        self.expect(OK, "consumers", name, "--evict", "workers", says="evicted consumer 'workers'")
        self.assertEqual(writer.wait(), 0)
        self.assertEqual(self.group(name)["state"], "evicted")
        self.assertEqual([first.ask(1), second.ask(1)], ["evicted", "evicted"])
        self.assertEqual(first.ask("hold").split()[0], "holds")
        self.assertEqual(self.group(name)["state"], "alive")

    def test_a_durable_group_that_is_away_can_be_removed(self):
        name = self.lossless()
        member, = self.holding(name, 1, durable=True)
        self.expect(FAILED, "consumers", name, "--remove", "workers", says="the group 'workers' with 1 member")
        member.end()
        self.expect(USAGE, "consumers", name, "--remove", "workers/0", says="a member of the group 'workers'")
        writer = self.blocked_writer(name)
        self.expect(OK, "consumers", name, "--remove", "workers")
        self.assertEqual(writer.wait(), 0)
        self.assertEqual(self.objects("consumers", name), [])

    def test_who_is_not_there_is_told_who_is(self):
        name = self.lossless()
        self.share(name)
        self.expect(ABSENT, "consumers", name, "--evict", "workers/7", says="found workers/0, workers")


class GroupsCheckedTest(GroupTest):
    def test_sound_ones_are_ok(self):
        for args in [[], ["--lanes", 2], ["--exclusive", "--time"]]:
            with self.subTest(args=args):
                name = self.lossless(*args)
                members = [self.share(name) for _ in range(3)]
                self.hot_writer(name, 3000)
                for member in members:
                    member.tell(1000)
                for _ in range(3):
                    self.expect(OK, "check", name)
                    image = self.directory() / "copy.arena"
                    self.expect(OK, "snapshot", name, "-o", image)
                    text = self.run_tool("check", "--file", image).stdout
                    self.assertNotRegex(text, r"(?m)^\w+: consumer")
                for member in members:
                    self.assertEqual(member.process.stdout.readline(), "took 1000\n")
                members[0].end()
                self.assertRegex(self.expect(OK, "check", name).stdout,
                                 "note: consumer 0 holder: .* died as 'workers/0'; ")

    def test_each_damaged_word_is_named(self):
        name = self.lossless("--seats", 4)
        self.holding(name, 2)
        image = self.saved(name)
        sound = image.read_bytes()
        held = lambda seq, count: (seq + 1) << 4 | count
        for says, place, word, value in [
            ("error: consumer 0 state: ", 0, 0, EPOCH | 3 << 2 | JOINED),
            ("error: consumer 0 state: ", 0, 0, EPOCH | MEMBER | KEPT),
            ("error: consumer 1 state: ", 1, 0, SHARED | JOINED),
            ("warning: consumer 1 padding: ", 1, WORD, held(1, 1)),
            ("warning: consumer 1 position: .* the head, 5, found 6;", 1, RELEASED, 6),
            ("warning: consumer 0 word: .* the head, 5, found 3 from 3 on;", 0, WORD, held(3, 3)),
            ("error: consumer 0 word: .* found 0x7;", 0, WORD, 7),
            ("warning: consumer 2 second word: ", 2, WORD + 1, held(5, 1)),
            ("error: consumer 2 second word: expected one number", 2, WORD + 1, held(1, 2)),
            ("warning: consumer 0 membership: ", 0, GROUP, 1 << 8 | 9),
            ("warning: consumer 0 membership: ", 0, GROUP, 2 << 8 | 1),
            ("warning: consumer 0 membership: ", 0, GROUP, 1 << 8 | 2),
            ("error: consumer 0 word: .* nobody takes; .* --evict workers", 0, 0, EPOCH | MEMBER),
        ]:
            with self.subTest(says=says, value=value):
                image.write_bytes(sound)
                self.expect(OK, "check", "--file", image)
                self.poke_consumer(image, place, word, value)
                self.assertRegex(self.expect(FAILED, "check", "--file", image).stdout, "(?m)^" + says)

    def test_what_is_taken_only_afterwards_is_no_damage(self):
        name = self.lossless()
        self.holding(name, 1)
        self.poke_consumer(SHM / name, 0, WORD, 4 << 4 | 2)  # behind `next`
        self.expect(OK, "check", name)

    def test_one_that_is_stopped_and_in_the_way(self):
        name = self.lossless()
        first, second = self.holding(name, 2)
        self.stop(name, first, 0)
        second.ask(3)
        self.write(name, 3)
        self.assertRegex(self.expect(FAILED, "check", name).stdout,
                         rf"^warning: consumer 0 holder: .* found pid {first.pid}, 'workers/0', stopped, .*; to continue it: "
                         rf"kill -CONT {first.pid}; to go on without it: arena-shm consumers {name} --evict workers/0\n")
        self.stop(name, second, 2)
        self.hot_writer(name, 1)
        self.expect(OK, "consumers", name, "--evict", "workers/0")
        self.assertIn("note: consumer 0 holder: ", self.expect(OK, "check", name).stdout)

    def test_all_stopped_or_away(self):
        name = self.lossless()
        member = self.share(name, durable=True)
        self.stop(name, member, 0)
        self.write(name, 8)
        self.assertRegex(self.expect(FAILED, "check", name).stdout,
                         rf"^warning: consumer 1 holder: .* found 1 member of 'workers', stopped, .* kill -CONT {member.pid}; "
                         rf".* --evict workers\n")
        member.end()
        self.assertRegex(self.expect(FAILED, "check", name).stdout,
                         "warning: consumer 1 holder: .* 'workers', durable and away, .* --remove workers\n")

    def test_any_words_do_no_harm(self):
        name = self.lossless("--consumers", 4, "--time", "--lanes", 3)
        self.holding(name, 2, lanes=3)
        image = self.saved(name)
        sound = image.read_bytes()
        for value in [0, 1, 2**24 + 5, 2**24 + 9, 2**59, 2**60 - 1, 2**63, 2**64 - 1]:
            for place in range(3):
                for word in range(8):
                    image.write_bytes(sound)
                    self.poke_consumer(image, place, word, value)
                    for verb in ["inspect", "consumers", "check"]:
                        done = self.run_tool(verb, "--file", image)
                        self.assertIn(done.returncode, [OK, FAILED], (verb, place, word, value, done.stderr))


if __name__ == "__main__":
    unittest.main()
