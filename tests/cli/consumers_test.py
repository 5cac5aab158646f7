"""consumers: whom writers wait for, and how to be rid of one."""

import json
import re
import unittest

from arena_cli import ABSENT, FAILED, OK, USAGE
from lossless import LosslessTest


class ConsumersTest(LosslessTest):
    def heading(self, *args):
        return self.expect(OK, "consumers", *args).stdout.splitlines()[0]

    def line(self, arena, name="risk"):
        (line,) = [line for line in self.expect(OK, "consumers", arena).stdout.splitlines() if line.startswith(name)]
        return line

    def test_an_arena_without_any(self):
        name = self.lossless("--consumers", 3)
        self.assertEqual(self.heading(name).split(),
                         ["NAME", "PID", "PROCESS", "STATE", "DURABLE", "POSITION", "LAG", "BLOCKS"])
        self.expect(OK, "consumers", name, says=f"'{name}' has room for 3 consumers: 3 free\n")
        self.assertEqual(self.objects("consumers", name), [])

    def test_one_that_lives(self):
        name = self.lossless()
        risk = self.join(name)
        self.write(name, 5)
        self.assertRegex(self.line(name), rf"^risk +{risk.pid} +arena-lossless- +alive +no +0 +5 +-$")
        self.assertEqual(risk.ask(3), "took 3")
        self.assertRegex(self.line(name), r" alive +no +3 +2 +-$")
        self.expect(OK, "consumers", name, says=": 1 alive, 7 free\n")

    def test_its_object(self):
        name = self.lossless()
        risk = self.join(name)
        self.write(name, 5)
        (found,) = self.objects("consumers", name)
        self.assertGreater(found.pop("taken_ns"), 0)
        self.assertEqual(found, {
            "arena": name, "consumer": 0, "name": "risk", "kind": "alone", "group": None, "members": None,
            "state": "alive", "holder": "alive", "pid": risk.pid,
            "tid": risk.pid, "process": "arena-lossless-", "process_state": "running", "is_other_pid_namespace": False,
            "is_durable": False, "position": 0, "lag": 5, "holds": None, "lag_ns": None, "is_in_the_way": False,
            "writers_waiting": 0, "blocks_ns": None})
        (row,) = self.csv_rows("consumers", name)
        self.assertEqual([row["name"], row["lag"], row["blocks_ns"]], ["risk", "5", ""])

    def test_one_that_left_is_gone(self):
        name = self.lossless()
        self.join(name).leave()
        self.assertEqual(self.objects("consumers", name), [])

    def test_one_that_died_holds_up_nobody(self):
        name = self.lossless()
        risk = self.join(name)
        self.write(name, 8)
        risk.end()
        self.assertRegex(self.line(name), r" dead +no +0 +8 +-$")
        self.assertEqual(self.hot_writer(name, 20).wait(), 0)
        self.assertEqual(self.objects("consumers", name), [])

    def test_a_durable_one_that_left_or_died_is_away(self):
        name = self.lossless()
        self.join(name, "left", durable=True).leave()
        self.join(name, "died", durable=True).end()
        self.write(name, 3)
        self.assertRegex(self.line(name, "left"), r"^left +- +- +away +yes +0 +3 +-$")
        self.assertRegex(self.line(name, "died"), r"^died +\d+ +- +away, dead +yes +0 +3 +-$")
        self.expect(OK, "consumers", name, says=": 2 away, 6 free\n")
        self.assertEqual({key: (found["state"], found["holder"]) for key, found in self.consumers(name).items()},
                         {"left": ("away", "left"), "died": ("away", "dead")})

    def test_one_that_is_stopped(self):
        name = self.lossless()
        risk = self.join(name)
        risk.tell("stop")
        self.eventually(lambda: " alive, stopped " in self.line(name))
        self.assertEqual(self.consumers(name)["risk"]["process_state"], "stopped")

    def test_full_before_anybody_waits(self):
        name = self.lossless()
        self.join(name)
        self.write(name, 8)
        self.assertRegex(self.line(name), r" 0 +8 +full$")
        self.expect(OK, "consumers", name, says="; full: writers would wait for risk\n")
        found = self.consumers(name)["risk"]
        self.assertEqual([found["is_in_the_way"], found["writers_waiting"], found["blocks_ns"]], [True, 0, None])

    def test_who_is_waited_for_and_since_when(self):
        for args in [[], ["--exclusive"], ["--lanes", 2]]:
            with self.subTest(args=args):
                name = self.lossless(*args)
                fast, _ = self.join(name, "fast"), self.join(name)
                self.blocked_writer(name)
                self.assertEqual(fast.ask(8), "took 8")
                # A writer waits from when it looks for room; since when, it tells once it has seen who is in the way.
                self.eventually(lambda: re.search(r" [\d.]+[mu]?s$", self.line(name)))
                self.assertRegex(self.line(name, "fast"), r" -$")
                self.assertRegex(self.expect(OK, "consumers", name).stderr,
                                 r": 2 alive, 6 free; full: writers wait for risk, [\d.]+[mu]?s\n")
                first, again = self.consumers(name)["risk"], self.consumers(name)["risk"]
                self.assertEqual(first["writers_waiting"], 1)
                self.assertGreater(again["blocks_ns"], first["blocks_ns"])

    def test_positions_are_those_of_the_whole_in_lanes(self):
        name = self.lossless("--lanes", 3)
        risk = self.join(name)
        self.write(name, 5)
        self.assertEqual([self.consumers(name)["risk"][key] for key in ["position", "lag"]], [0, 5])
        risk.ask(5)
        self.assertEqual([self.consumers(name)["risk"][key] for key in ["position", "lag"]], [1, 0])  # of lane 1

    def test_lag_in_time(self):
        for args in [[], ["--exclusive"], ["--lanes", 2]]:
            with self.subTest(args=args):
                name = self.lossless("--time", *args)
                risk = self.join(name)
                self.assertIn(" LAG TIME ", self.heading(name))
                self.assertEqual(self.consumers(name)["risk"]["lag_ns"], 0)
                self.write(name, 2)
                lag = self.consumers(name)["risk"]["lag_ns"]
                self.assertGreater(lag, 0)
                self.write(name, 2)
                self.assertGreater(self.consumers(name)["risk"]["lag_ns"], lag)
                risk.ask(4)
                self.assertEqual(self.consumers(name)["risk"]["lag_ns"], 0)
        self.assertNotIn("TIME", self.heading(self.lossless()))

    def test_several_arenas_or_all(self):
        names = [self.lossless(), self.lossless()]
        for name in names:
            self.join(name)
        text = self.expect(OK, "consumers", *names).stdout
        for name in names:
            self.assertRegex(text, rf"(?m)^{name}\nNAME .*\nrisk ")
        self.assertEqual([found["arena"] for found in self.objects("consumers", *names)], names)
        other = self.create()
        # Others on this host may be damaged.
        everything = [json.loads(line)["arena"]
                      for line in self.run_tool("consumers", "--format", "json").stdout.splitlines()]
        self.assertLessEqual(set(names), set(everything))
        self.assertNotIn(other, everything)

    def test_an_arena_that_overwrites_is_refused(self):
        name = self.create()
        for args in [[], ["--evict", "risk"], ["--remove", "risk"]]:
            self.expect(USAGE, "consumers", name, *args, says="expected a lossless arena, found one that overwrites")
        self.expect(ABSENT, "consumers", name + "-", says="no arena of that name")

    def test_a_saved_segment(self):
        name = self.lossless()
        self.join(name)
        self.write(name, 8)
        image = self.saved(name)
        self.assertRegex(self.expect(OK, "consumers", "--file", image).stdout, r"(?m)^risk .* unknown +no +0 +8 +full$")
        for option in ["--evict", "--remove"]:
            self.expect(USAGE, "consumers", "--file", image, option, "risk", says="--file")


class EvictTest(LosslessTest):
    def test_writers_go_on_and_the_consumer_learns_of_it(self):
        name = self.lossless()
        risk = self.join(name)
        writer = self.blocked_writer(name)
        self.expect(OK, "consumers", name, "--evict", "risk", says=f"evicted consumer 'risk' of '{name}'")
        self.assertEqual(writer.wait(), 0)
        found = self.consumers(name)["risk"]
        self.assertEqual([found["state"], found["holder"], found["is_in_the_way"]], ["evicted", "alive", False])
        self.assertRegex(self.expect(OK, "consumers", name).stdout, r"(?m)^risk .* evicted, alive +no ")
        self.assertEqual(risk.ask(1), "evicted")
        self.assertEqual(risk.ask(1), "took 1")
        self.assertEqual(self.consumers(name)["risk"]["state"], "alive")

    def test_a_durable_one_that_is_away(self):
        name = self.lossless()
        self.join(name, durable=True).leave()
        self.write(name, 8)
        self.expect(OK, "consumers", name, "--evict", "risk")
        self.write(name, 8)
        self.assertEqual(self.consumers(name)["risk"]["state"], "evicted")
        self.expect(OK, "consumers", name, "--evict", "risk")  # once more does no harm

    def test_one_that_is_not_there(self):
        name = self.lossless()
        self.expect(ABSENT, "consumers", name, "--evict", "risk", says="expected a consumer 'risk', found no consumer")
        self.join(name)
        self.join(name, "store")
        done = self.expect(ABSENT, "consumers", name, "--evict", "rsk", says="expected a consumer 'rsk', found risk, store")
        self.assertNotIn(f"did you mean '{name}'", done.stderr)


class RemoveTest(LosslessTest):
    def test_writers_go_on(self):
        name = self.lossless()
        self.join(name, durable=True).leave()
        writer = self.blocked_writer(name)
        self.expect(OK, "consumers", name, "--remove", "risk", says=f"removed consumer 'risk' of '{name}'")
        self.assertEqual(writer.wait(), 0)
        self.assertEqual(self.objects("consumers", name), [])

    def test_one_that_is_evicted_and_away(self):
        name = self.lossless()
        self.join(name, durable=True).leave()
        self.expect(OK, "consumers", name, "--evict", "risk")
        self.expect(OK, "consumers", name, "--remove", "risk")
        self.assertEqual(self.objects("consumers", name), [])

    def test_one_that_lives_is_refused(self):
        name = self.lossless()
        for durable in [False, True]:
            risk = self.join(name, f"risk{durable}", durable)
            done = self.expect(FAILED, "consumers", name, "--remove", f"risk{durable}",
                               says=f"expected a consumer that is away, found 'risk{durable}', which process {risk.pid} is")
            self.assertIn("evict the consumer", done.stderr)
        self.assertEqual(len(self.objects("consumers", name)), 2)

    def test_one_that_is_not_there(self):
        name = self.lossless()
        self.join(name)
        self.expect(ABSENT, "consumers", name, "--remove", "store", says="expected a consumer 'store', found risk")

    def test_wrong_usage(self):
        name = self.lossless()
        for args in [[name, "--remove", "a", "--evict", "b"], ["--remove", "a"], [name, name, "--evict", "a"],
                     [name, "--remove", ""], [name, "--evict", ""]]:
            with self.subTest(args=args):
                self.assertEqual(self.expect(USAGE, "consumers", *args).stdout, "")

    def test_who_may_not_write_is_told_so(self):
        name = self.lossless("--mode", "0644")
        self.join(name, durable=True).leave()
        as_nobody = self.as_nobody()
        self.expect(OK, "consumers", name, **as_nobody)
        self.expect(FAILED, "consumers", name, "--remove", "risk", says="permission", **as_nobody)
        self.assertEqual(len(self.objects("consumers", name)), 1)


if __name__ == "__main__":
    unittest.main()
