"""Laned arenas as inspect, seats, list, stat, top and metrics show them."""

import re
import shutil
import signal
import struct
import unittest

from arena_cli import OF_ALL, OK, SHM, CliTest
from emulated_terminal import Terminal
from exposition import PREFIX, parse
from laned import Laned


class LanedTest(Laned, CliTest):
    def page(self, *args):
        return self.expect(OK, "inspect", *args).stdout

    def object(self, *args):
        (found,) = self.objects("inspect", *args)
        return found

    def test_inspect_tells_the_lanes(self):
        name = self.laned(counts=(20, 3, 0))
        page = self.page(name)
        self.assertRegex(page, rf"arena +{name}, 32 values of 8 bytes, laned: 4 lanes x 8 slots\n")
        self.assertRegex(page, r"head +77, 23 numbers handed out\n")
        self.assertRegex(page, r"lanes +2 of 4 used, 3 to 20 numbers handed out by each of them\n")
        self.assertRegex(page, r"readable +1\.\.76 over all lanes\n")
        self.assertRegex(page, r"written +23 values, 0 skipped")
        self.assertRegex(page, r"SEAT .* HEAD +FULL +VALUES  HOLES  TAKEN\n"
                               r" +0  left .* 80  100% +20 .*\n +1  left .* 13 +38% +3 .*\n +2  left .* 2 +0% +0 .*\n")
        empty = self.page(self.laned())
        self.assertRegex(empty, r"head +0, 0 numbers handed out\nlanes +0 of 4 used\nreadable +no values yet\n")

    def test_inspect_takes_the_newest_values_of_all_lanes_that_have_some(self):
        name = self.laned(counts=(20, 3, 0, 1))
        self.assertRegex(self.page(name), r"newest values of lanes\nLANE .*\n   0    72  18\n   0    76  19\n"
                                          r"   1     5   1\n   1     9   2\n   3     3   0\n$")
        value = lambda lane, number: {"_seq": 4 * number + lane, "_lane": lane, "ts": number}
        self.assertEqual(self.object(name)["newest"], [value(0, 18), value(0, 19), value(1, 1), value(1, 2), value(3, 0)])
        self.assertEqual(self.object(name, "-n", 2)["newest"], [value(0, 19), value(1, 2)])
        self.assertEqual(len(self.object(name, "-n", 99)["newest"]), 8 + 3 + 1)

    def test_inspect_shows_values_without_schema_beside_their_lane(self):
        name = self.laned(counts=(1, 1))
        image = self.directory() / "saved.img"
        shutil.copy(SHM / name, image)
        schema = self.offset(image, 48)
        self.poke(image, schema, b"x")  # then nobody believes it
        page = self.run_tool("inspect", "--file", image).stdout
        self.assertRegex(page, r"newest values of lanes\n.*\n?   0  .*\n(.*\n)*   1  ")

    def test_the_object_tells_the_lanes(self):
        found = self.object(self.laned(counts=(20, 3)))
        self.assertEqual([found[key] for key in ["slots", "writers", "is_exclusive", "lanes", "slots_per_lane"]],
                         [32, "laned", False, 4, 8])
        self.assertEqual([found[key] for key in ["head", "handed_out", "oldest", "written"]], [77, 23, 1, 23])
        lanes = ["seat", "lane_head", "lane_handed_out", "lane_slots_used", "values", "claim", "claim_seq"]
        self.assertEqual([[seat[key] for key in lanes] for seat in found["seats"]],
                         [[0, 80, 20, 8, 20, "since 0", 0], [1, 13, 3, 3, 3, "since 1", 1]])
        other = self.object(self.create_filled(3))
        self.assertEqual([other[key] for key in ["writers", "lanes", "slots_per_lane", "handed_out"]], ["shared", 1, 8, 3])
        self.assertEqual([other["seats"][0][key] for key in lanes[1:4]], [None] * 3)
        self.assertNotIn("_lane", other["newest"][0])

    def test_an_image_that_was_cut_off_shows_what_it_has(self):
        image = self.directory() / "saved.img"
        sound = (SHM / self.laned(counts=(20, 3))).read_bytes()
        seats, lane = self.offset_in(sound, 96), self.offset_in(sound, 112)
        for size, says in [(seats + 192, "heads: expected the seats with them"), (lane + 8, "header: "), (10, "header")]:
            image.write_bytes(sound[:size])
            self.assertIn(says, self.run_tool("inspect", "--file", image).stdout)

    def offset_in(self, image, at):
        return struct.unpack_from("<Q", image, at)[0]

    def test_seats_show_their_lanes(self):
        name = self.laned(counts=(20, 3))
        self.hold_lanes(name, 1, 0, 5)
        lines = self.expect(OK, "seats", name).stdout.splitlines()
        self.assertEqual(lines[0].split(), ["SEAT", "HOLDER", "PID", "TID", "PROCESS", "NAME", "CLAIM", "HEAD", "FULL",
                                            "VALUES", "HOLES", "TAKEN"])
        for line, rest in zip(lines[1:], ["since 80  +84  100% +21 +0 ", "since 13  +13 +38% +3 +0 ", "since 2  +22 +62% +5 +0 "]):
            self.assertRegex(line, " alive .*" + rest)
        rows = self.csv_rows("seats", name)
        self.assertEqual([row["lane_head"] for row in rows], ["84", "13", "22"])

    def test_what_a_dead_batch_leaves_is_told(self):
        name = self.laned(counts=(20, 3))
        writer = self.halt(name, signal.SIGKILL, 5)
        (seat, _) = self.objects("seats", name)
        self.assertEqual([seat[key] for key in ["holder", "lane_handed_out", "values"]], ["dead", 25, 20])
        self.assertRegex(self.expect(OK, "seats", name).stdout, r"dead .* 100  100% +20 +0\.\.5 ")
        (line,) = self.objects("stat", name)
        self.assertEqual([line[key] for key in ["head", "handed_out", "written", "holes_max"]], [97, 28, 23, 5])
        self.assertEqual(self.object(name)["newest"][1]["_seq"], 76)
        done = self.expect(OK, "seats", name, "--clear-stale", says="cleared 1 seat of")
        self.assertEqual(done.stdout, f"cleared seat 0: pid {writer.pid} died, since 80\n")
        self.expect(OK, "check", name)

    def test_list_and_stat_have_the_sums(self):
        name = self.laned(counts=(20, 3))
        row = self.row(name)
        self.assertEqual([row[3], row[5]], ["32", "23"])
        found = next(line for line in self.objects("list", code=OF_ALL) if line["name"] == name)
        self.assertEqual([found[key] for key in ["slots", "written", "writers", "lanes", "slots_per_lane"]],
                         [32, 23, "laned", 4, 8])
        cells = self.expect(OK, "stat", name).stdout.splitlines()[1].split()
        self.assertEqual([cells[i] for i in (1, 2, 5, 6)], ["23", "0", "0", "0"])

    def test_a_lap_is_that_of_the_fastest_lane(self):
        name = self.laned(lanes=2, slots=1000)
        writer = self.start("write", name, "--rate", 5000)
        writer.stdin.write("ts\n" + "1\n" * 20000)
        writer.stdin.flush()
        self.eventually(lambda: self.objects("stat", name)[0]["lap_s"] is not None)
        for line in [self.objects("stat", name)[0], self.object(name)]:
            # Nearly 1000, the slots that are written to; those of both lanes would be 2000.
            self.assertLess(line["lap_s"] * line["values_per_s"], 1500)

    def metrics(self, name):
        samples = parse(self.expect(OF_ALL, "metrics", stdin=b"").stdout.decode())
        return {key.removeprefix(PREFIX) + " " + dict(labels).get("lane", ""): value
                for (key, labels), value in samples.items() if ("arena", name) in labels}

    def test_metrics_have_the_sums_and_the_lanes_that_were_used(self):
        name = self.laned(lanes=4096, slots=1, counts=(20, 3))
        found = self.metrics(name)
        for key, value in {"slots ": 4096, "lanes ": 4096, "sequence_numbers_total ": 23, "values_written_total ": 23,
                           "holes_max ": 0, "lane_sequence_numbers_total 0": 20, "lane_values_written_total 1": 3}.items():
            self.assertEqual(found[key], value, key)
        self.assertEqual(len([key for key in found if key.startswith("lane_")]), 4)
        self.halt(name, signal.SIGKILL, 0, "lane_claimed")
        found = self.metrics(name)
        self.assertEqual([found["holes_max "], found["lane_sequence_numbers_total 0"], found["lane_values_written_total 0"]],
                         [1, 21, 20])
        self.assertIn('writers="laned"', self.expect(OF_ALL, "metrics").stdout)

    def test_top_shows_the_lanes_of_the_selected_arena(self):
        name = self.laned(counts=(20, 3))
        top = Terminal(self, name)
        self.eventually(lambda: any(re.search(r" 80  100% +20 ", line) for line in top.lines()))
        self.assertTrue(any(f"{name}: 4 lanes x 8 slots for Lap of 8 bytes" in line for line in top.lines()))
        narrow = Terminal(self, name, columns=80)
        self.eventually(lambda: any(re.search(r" 80  100% +20\b", line) for line in narrow.lines()))


if __name__ == "__main__":
    unittest.main()
