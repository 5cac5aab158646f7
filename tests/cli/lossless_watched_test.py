"""A full lossless arena and who holds it up stand out: list, stat, top, metrics."""

import csv
import io
import unittest

from arena_cli import OF_ALL, OK, SHM, USAGE
from emulated_terminal import Terminal
from exposition import PREFIX, parse
from lossless import LosslessTest
from width_test import WidthTest


class BlockedTest(LosslessTest):
    def listed(self, name):
        return next(item for item in self.objects("list", code=OF_ALL) if item["name"] == name)

    def line(self, name, *args):
        (line,) = [line for line in self.expect(OF_ALL, *args).stdout.splitlines() if line.startswith(name)]
        return line

    def test_list(self):
        name = self.lossless()
        risk = self.join(name)
        self.assertRegex(self.line(name, "list"), r" -$")
        self.assertEqual([self.listed(name)[key] for key in ["full", "blocked_by", "blocked_ns"]], ["wait", None, None])
        writer = self.blocked_writer(name)
        self.assertTrue(self.expect(OF_ALL, "list").stdout.splitlines()[0].endswith(" BLOCKED BY"))
        self.assertRegex(self.line(name, "list"), r" risk, [\d.]+[mu]?s$")
        found = self.listed(name)
        self.assertEqual(found["blocked_by"], "risk")
        self.assertGreater(found["blocked_ns"], 0)
        self.assertEqual(risk.ask(20), "took 20")
        writer.wait()
        self.assertRegex(self.line(name, "list"), r" -$")

    def test_stat(self):
        name, other = self.lossless(), self.create_filled(1)
        risk = self.join(name)
        self.assertEqual([self.objects("stat", name)[0][key] for key in ["blocked_by", "blocked_ns"]], [None, None])
        self.blocked_writer(name)
        lines = self.expect(OK, "stat", name, other).stdout.splitlines()
        self.assertTrue(lines[0].endswith(" NEWEST  BLOCKED BY"), lines)
        self.assertRegex(lines[1], r" risk, [\d.]+[mu]?s$")
        self.assertRegex(lines[2], r" -$")
        (found,) = self.objects("stat", name)
        self.assertEqual(found["blocked_by"], "risk")
        self.assertGreater(found["blocked_ns"], 0)
        self.assertRegex(self.expect(OK, "stat", name, "--format", "influx").stdout,
                         r',blocked_by="risk",blocked_ns=\d+i ')
        (row,) = csv.DictReader(io.StringIO(self.expect(OK, "stat", name, "--format", "csv").stdout))
        self.assertEqual(row["blocked_by"], "risk")
        self.assertNotIn("BLOCKED", self.expect(OK, "stat", other).stdout)

    def test_stat_shows_the_column_when_such_an_arena_comes(self):
        prefix = self.name()
        for hint in ["a", "b"]:
            self.addCleanup((SHM / (prefix + hint)).unlink, missing_ok=True)
        self.expect(OK, "create", prefix + "a", "--slots", 8, "--fields", "u64 ts")
        watch = self.start("stat", prefix + "*", "-i", 0.05)
        self.assertNotIn("BLOCKED", watch.stdout.readline())
        self.expect(OK, "create", prefix + "b", "--slots", 8, "--fields", "u64 ts", "--lossless")
        self.assertTrue(any("BLOCKED BY" in line for line in watch.stdout))

    def test_names_in_influx_lines_are_quoted(self):
        name = self.lossless()
        self.join(name, 'a "b" \\ c')
        self.write(name, 8)
        self.assertIn(r',blocked_by="a \"b\" \\ c" ', self.expect(OK, "stat", name, "--format", "influx").stdout)

    def test_the_one_that_is_waited_for_longest_is_named(self):
        name = self.lossless("--exclusive")
        fast, risk = self.join(name, "fast"), self.join(name)
        self.write(name, 8)
        self.assertEqual(self.listed(name)["blocked_by"], "fast")  # the first of both
        self.blocked_writer(name)
        fast.ask(8)
        self.eventually(lambda: self.listed(name)["blocked_by"] == "risk")
        self.assertGreater(self.listed(name)["blocked_ns"], 0)

    def test_top(self):
        name = self.lossless()
        self.join(name)
        self.blocked_writer(name)
        top = Terminal(self, name, "-i", "100ms")
        top.await_text("BLOCKED BY")
        top.await_text("consumers: 1 alive, 7 free; full: writers wait for risk, ")
        top.await_text("POSITION  LAG")
        top.await_text("WAITS FOR")
        top.resize(12, 60)
        top.await_text(name[:14])

    def test_lines_fit_the_terminal(self):
        name = self.lossless("--time", "--lanes", 2)
        self.join(name, "a-rather-long-name-of-a-consumer")
        self.blocked_writer(name)
        for width in [50, 60, 80, 120]:
            for args in [["list"], ["stat", name], ["seats", name], ["consumers", name], ["inspect", name]]:
                lines, _ = WidthTest.on_terminal(self, width, *args)
                self.assertEqual([line for line in lines if len(line) > width], [], (width, args))


class ConsumerMetricsTest(LosslessTest):
    def consumer_metrics(self, name):
        samples = parse(self.expect(OF_ALL, "metrics", stdin=b"").stdout.decode())
        found = {}
        for (metric, labels), value in samples.items():
            labels = dict(labels)
            if labels.get("arena") == name and (metric == PREFIX + "full" or "consumer" in labels):
                found[metric.removeprefix(PREFIX), labels.get("consumer")] = value
        return found

    def test_of_consumers(self):
        name = self.lossless("--time")
        self.join(name, "store", durable=True).end()
        risk = self.join(name)
        self.write(name, 5)
        found = self.consumer_metrics(name)
        self.assertGreater(found.pop(("consumer_lag_seconds", "risk")), 0)
        self.assertGreater(found.pop(("consumer_lag_seconds", "store")), 0)
        self.assertEqual(found, {
            ("full", None): 0,
            ("consumer_alive", "risk"): 1, ("consumer_alive", "store"): 0,
            ("consumer_lag_values", "risk"): 5, ("consumer_lag_values", "store"): 5,
            ("consumer_blocks_seconds", "risk"): 0, ("consumer_blocks_seconds", "store"): 0})
        risk.ask(5)
        self.blocked_writer(name)
        found = self.consumer_metrics(name)
        self.assertEqual(found["full", None], 1)
        self.assertGreaterEqual(found["consumer_blocks_seconds", "store"], 0)
        self.eventually(lambda: self.consumer_metrics(name)["consumer_blocks_seconds", "store"] > 0)

    def test_an_evicted_one_and_one_that_died(self):
        name = self.lossless()
        self.join(name)
        self.join(name, "dead").end()
        self.expect(OK, "consumers", name, "--evict", "risk")
        self.assertEqual(self.consumer_metrics(name), {
            ("full", None): 0, ("consumer_alive", "risk"): 0, ("consumer_lag_values", "risk"): 0,
            ("consumer_blocks_seconds", "risk"): 0})

    def test_an_overwriting_arena_has_none(self):
        self.assertEqual(self.consumer_metrics(self.create_filled(1)), {})

    def test_no_sample_comes_twice_whatever_the_names(self):
        name = self.lossless()
        self.join(name, "one", durable=True)
        self.join(name, "two", durable=True)
        self.poke_consumer_seat(SHM / name, 1, 96, b"one")
        self.poke_consumer_seat(SHM / name, 0, 96, b"one")
        self.assertEqual(len(self.consumer_metrics(name)), 4)
        self.poke_consumer_seat(SHM / name, 0, 96, b'"\n\\\xff')
        self.assertEqual(len(self.consumer_metrics(name)), 7)

    def test_the_label_is_taken(self):
        self.expect(USAGE, "metrics", "--label", "consumer=x", says="does not use itself")


if __name__ == "__main__":
    unittest.main()
