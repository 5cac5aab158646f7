"""Groups of consumers, whose members share the values: shown, named where they hold up writers, ended."""

import unittest

from arena_cli import ABSENT, FAILED, OF_ALL, OK, USAGE
from exposition import PREFIX, parse
from lossless import GroupTest


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

    def test_of_several_that_are_in_the_way_the_lowest_is_named(self):
        name = self.lossless()
        first, second = self.share(name), self.share(name)
        self.write(name, 8)
        self.assertEqual([second.ask("hold"), first.ask("hold"), first.ask("hold")], [f"holds {i}" for i in range(3)])
        for _ in range(3):
            self.hot_writer(name, 1)  # each waits with its number
        self.eventually(lambda: len([seat for seat in self.objects("seats", name) if seat["waits_for"]]) == 3)
        image = self.saved(name)  # in which nobody waits
        self.expect(OK, "consumers", "--file", image, says="; full: writers would wait for workers (member 2, pid ")
        in_the_way = [found["consumer"] for found in self.objects("consumers", "--file", image) if found["is_in_the_way"]]
        self.assertEqual(in_the_way, [1, 0, 2])

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


if __name__ == "__main__":
    unittest.main()
