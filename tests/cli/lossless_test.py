"""create --lossless, and what inspect and seats show of such an arena."""

import re
import unittest

from arena_cli import OF_ALL, OK, SHM, USAGE
from lossless import LosslessTest


class LosslessCreateTest(LosslessTest):
    def test_says_what_it_made(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 8, "--fields", "u64 ts", "--lossless",
                    says="lossless: writers wait (8 consumers, patience without end); ")
        (found,) = self.objects("inspect", name)
        self.assertEqual([found[key] for key in ["full", "consumer_count", "patience_ns", "consumers"]],
                         ["wait", 8, 0, []])

    def test_consumers_and_patience(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 8, "--fields", "u64 ts", "--lossless", "--consumers", 1,
                    "--patience", "1m30s", says="writers wait (1 consumer, patience 90s)")
        (found,) = self.objects("inspect", name)
        self.assertEqual([found[key] for key in ["consumer_count", "patience_ns"]], [1, 90 * 10**9])

    def test_of_exclusive_and_laned_arenas(self):
        for args in [["--exclusive"], ["--lanes", 3], ["--time", "--lanes", 2]]:
            with self.subTest(args=args):
                self.expect(OK, "check", self.lossless(*args))

    def test_options_of_lossless_arenas_are_refused_elsewhere(self):
        for option in [["--consumers", 4], ["--patience", "5s"]]:
            with self.subTest(option=option):
                name = self.name()
                self.expect(USAGE, "create", name, "--slots", 8, "--fields", "u64 ts", *option,
                            says=f"{option[0]}: expected with --lossless, found alone")
                self.assertFalse((SHM / name).exists())

    def test_wrong_values_are_refused(self):
        for option in [["--consumers", 0], ["--consumers", 257], ["--consumers", -1], ["--patience", "5"],
                       ["--patience", "0s"], ["--patience", "-1s"], ["--patience", "never"], ["--patience", "1000d"]]:
            with self.subTest(option=option):
                name = self.name()
                self.expect(USAGE, "create", name, "--slots", 8, "--fields", "u64 ts", "--lossless", *option,
                            says="expected")
                self.assertFalse((SHM / name).exists())


class LosslessInspectTest(LosslessTest):
    def test_the_page(self):
        name = self.lossless("--consumers", 4, "--patience", "5s")
        self.join(name)
        page = self.expect(OK, "inspect", name).stdout
        self.assertRegex(page, r"(?m)^full        writers wait \(4 consumers, patience 5s\)$")
        self.assertRegex(page, r"(?m)^consumers +\d+ +320$")
        self.assertRegex(page, r"(?m)^4 consumers: 1 alive, 3 free\nNAME +PID .*\nrisk ")

    def test_an_overwriting_arena_has_none_of_it(self):
        name = self.create()
        self.assertNotIn("consumers", self.expect(OK, "inspect", name).stdout)
        (found,) = self.objects("inspect", name)
        self.assertEqual([found[key] for key in ["full", "blocked_by", "consumer_count", "patience_ns", "consumers"]],
                         ["overwrite", None, 0, None, None])
        self.assertNotIn("consumers", found["regions"])

    def test_the_object(self):
        name = self.lossless()
        risk = self.join(name, durable=True)
        self.write(name, 8)
        (found,) = self.objects("inspect", name)
        self.assertEqual([found[key] for key in ["blocked_by", "blocked_ns"]], ["risk", None])
        self.assertEqual(found["regions"]["consumers"]["size_bytes"], 64 + 8 * 64)
        (consumer,) = found["consumers"]
        self.assertEqual([consumer[key] for key in ["name", "pid", "lag", "is_durable", "is_in_the_way"]],
                         ["risk", risk.pid, 8, True, True])
        quoted = self.objects("inspect", name, "--int64", "string")[0]["consumers"][0]
        self.assertEqual([quoted["lag"], quoted["position"]], ["8", "0"])

    def test_consumers_are_no_writers(self):
        name = self.lossless("--seats", 2)
        self.join(name)
        self.join(name, "store")
        self.assertEqual(self.objects("seats", name), [])
        self.expect(OK, "seats", name, says="has 2 seats: 2 never used")
        self.assertEqual([item["writers_alive"] for item in self.objects("list", code=OF_ALL) if item["name"] == name], [0])

    def test_a_writer_that_waits_says_for_whom(self):
        for args in [[], ["--exclusive"], ["--lanes", 2]]:
            with self.subTest(args=args):
                name = self.lossless(*args)
                risk = self.join(name)
                writer = self.blocked_writer(name)
                (seat,) = self.objects("seats", name)
                self.assertEqual(seat["waits_for"], "risk")
                self.assertGreaterEqual(seat["waits_ns"], 0)
                lines = self.expect(OK, "seats", name).stdout.splitlines()
                self.assertIn("WAITS FOR", lines[0])
                self.assertRegex(lines[1], r" risk, [\d.]+[mu]?s ")
                self.assertEqual(risk.ask(20), "took 20")
                writer.wait()
                self.assertEqual([self.objects("seats", name)[0][key] for key in ["waits_for", "waits_ns"]],
                                 [None, None])

    def test_a_writer_that_died_waits_no_more(self):
        name = self.lossless()
        self.join(name)
        writer = self.blocked_writer(name)
        writer.kill()
        writer.wait()
        self.assertEqual([seat["waits_for"] for seat in self.objects("seats", name)], [None])
        self.assertEqual(self.consumers(name)["risk"]["writers_waiting"], 0)

    def test_seats_of_an_overwriting_arena_have_no_such_column(self):
        name = self.create_filled(3)
        self.assertNotIn("WAITS", self.expect(OK, "seats", name).stdout)
        self.assertEqual(self.objects("seats", name)[0]["waits_for"], None)

    def test_nobody_waits_in_a_copy(self):
        name = self.lossless()
        self.join(name)
        self.join(name, "store", durable=True)
        self.blocked_writer(name)
        image = self.directory() / "copy.arena"
        self.expect(OK, "snapshot", name, "-o", image)
        self.expect(OK, "check", "--file", image)
        found = self.objects("inspect", "--file", image)[0]
        self.assertEqual([seat["waits_for"] for seat in found["seats"]], [None])
        self.assertEqual({one["name"]: one["holder"] for one in found["consumers"]},
                         {"risk": "unknown", "store": "unknown"})
        self.assertEqual([one["writers_waiting"] for one in found["consumers"]], [0, 0])
        self.assertTrue(re.search(r"(?m)^store +\d+ .* unknown +yes ",
                                  self.expect(OK, "consumers", "--file", image).stdout))


if __name__ == "__main__":
    unittest.main()
