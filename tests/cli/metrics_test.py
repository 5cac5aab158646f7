"""metrics: all arenas as Prometheus reads them."""

import os
import shutil
import struct
import subprocess
import time
import unittest
import urllib.request

from arena_cli import DAMAGED, FAILED, OF_ALL, OK, SHM, USAGE
from exposition import MetricsCase, parse
from hostile_image import HEADER_BYTES


class MetricsTest(MetricsCase):
    def test_tells_what_an_arena_is_and_what_it_counts(self):
        name = self.create_filled(20)
        metrics = self.of(self.scrape(), name)
        for key, value in {
            "readable": 1,
            "problems": 0,
            "slots": 8,
            "lanes": 1,
            "record_bytes": 24,
            "segment_bytes": (SHM / name).stat().st_size,
            "sequence_numbers_total": 20,
            "values_written_total": 20,
            "skipped_total": 0,
            "holes_max": 0,
            "seats alive": 0,
            "seats dead": 0,
            "seats left": 1,
            "seats never_used": 63,
            "seats dying": 0,
            "seats dumping_core": 0,
            "seats gone_memory_shared": 0,
            "seats unknown": 0,
            "seats_in_flight": 0,
            "mutex_held": 0,
            "mutex_waited_for": 0,
        }.items():
            self.assertEqual(metrics.pop(key), value, key)
        self.assertNotIn("newest_value_age_seconds", metrics)  # its times are none of this clock
        created = metrics.pop("created_timestamp_seconds")
        self.assertAlmostEqual(created, (SHM / name).stat().st_ctime, delta=60)
        ((info, one),) = metrics.items()
        self.assertRegex(info, r"^info  [0-9a-f]{32} shared$")
        self.assertEqual(one, 1)

    def test_tells_the_living_from_the_dead(self):
        name = self.create()
        self.start_writer(name)
        dying = self.start_writer(name)
        dying.kill()
        dying.wait()
        metrics = self.of(self.scrape(), name)
        seats = [metrics[f"seats {state}"] for state in ["alive", "dead", "left", "never_used"]]
        self.assertEqual(seats, [1, 1, 0, 62])

    def test_what_is_in_the_segment_is_what_is_told(self):
        name = self.create_filled(20)
        control, seats = self.region(name, 80), self.region(name, 96)
        self.poke(name, control, struct.pack("<Q", 2**60 + 1))
        self.poke(name, control + 64, struct.pack("<Q", 1 << 16 | 1 << 13 | 1))
        self.poke(name, seats, struct.pack("<Q", 15 << 2 | 2))
        self.poke(name, seats + 56, struct.pack("<Q", 0))  # its holder has not said that it left
        self.poke(name, seats + 32, struct.pack("<QQ", 2**60 - 2**53 - 5, 2**53 + 1))
        metrics = self.of(self.scrape(), name)
        self.assertEqual(metrics["sequence_numbers_total"], 2**60 + 1)
        self.assertEqual(metrics["values_written_total"], 2**60 - 2**53 - 5)
        self.assertEqual(metrics["skipped_total"], 2**53 + 1)
        self.assertEqual(metrics["holes_max"], 2**53 + 6)
        self.assertEqual([metrics[key] for key in ["mutex_held", "mutex_waited_for", "seats_in_flight"]], [1, 1, 1])
        self.poke(name, control + 64, struct.pack("<Q", 1 << 14 | 1))
        metrics = self.of(self.scrape(), name)
        self.assertEqual([metrics["mutex_held"], metrics["mutex_waited_for"]], [0, 0])

    def test_labels_are_escaped(self):
        name = self.name('a"b\\c{}=,n\\')
        self.expect(OK, "create", name, "--slots", 8, "--size", 8)
        self.assertEqual(self.of(self.scrape(), name)["slots"], 8)

    def test_a_hostile_type_name_is_text_like_another(self):
        name = self.create_filled(3)
        segment = bytearray((SHM / name).read_bytes()[:HEADER_BYTES])
        evil = b'a"b\\c\nd 1\n\xff"} 5\r'
        segment[328 : 328 + len(evil)] = evil
        segment[24:32] = bytes(8)
        checksum = 0xCBF29CE484222325
        for byte in segment:
            checksum = (checksum ^ byte) * 0x100000001B3 % 2**64
        segment[24:32] = struct.pack("<Q", checksum)
        self.poke(name, 0, segment)
        metrics = self.of(self.scrape(), name)
        info = [key for key in metrics if key.startswith("info ")]
        self.assertEqual(len(info), 1, metrics)
        self.assertIn('a"b\\c\nd 1\n\N{REPLACEMENT CHARACTER}"} 5\r', info[0])

    def test_a_damaged_arena_is_counted_and_the_others_are_shown(self):
        good, bad = self.create(), self.create()
        self.poke(bad, 128, b"\xff")
        samples = parse(self.page(DAMAGED, says=f"'{bad}': header: expected header checksum"))
        self.assertEqual(self.of(samples, bad), {"readable": 0, "problems": 1})
        self.assertEqual(self.of(samples, good)["slots"], 8)

    def test_needs_read_permission_only(self):
        name, hidden = self.create("--mode", "0444"), self.create()
        samples = parse(self.page(OF_ALL, says=f"skipped '{hidden}': no permission", **self.as_nobody()))
        self.assertEqual(self.of(samples, name)["slots"], 8)
        self.assertEqual(self.of(samples, hidden), {})
        self.assertGreaterEqual(self.skipped(samples)["no_permission"], 1)

    def test_the_age_of_the_newest_value_by_its_own_time(self):
        for unit, per_second in [("ns", 10**9), ("us", 10**6), ("ms", 10**3), ("s", 1)]:
            schema = self.directory() / "schema"
            schema.write_text(
                '{"names":["ts","px"],"formats":["<i8","<f8"],"offsets":[0,8],"itemsize":16,'
                f'"metadata":{{"fields":{{"ts":{{"unit":"{unit}"}}}},"time":"ts"}}}}'
            )
            name = self.name()
            self.expect(OK, "create", name, "--slots", 8, "--schema", schema)
            for value, known in [(time.time() + 0.5, True), (time.time() - 10**6, False), (time.time() + 10**6, False)]:
                self.expect(OK, "write", name, stdin=f"ts,px\n{int(value * per_second)},1\n")
                metrics = self.of(self.scrape(), name)
                self.assertEqual("newest_value_age_seconds" in metrics, known, (unit, value))
                if known:
                    self.assertLess(metrics["newest_value_age_seconds"], 60)

    def test_when_it_last_changed_as_far_as_the_looks_tell(self):
        name = self.create_filled(1)
        self.assertNotIn("last_change_timestamp_seconds", self.of(self.scrape(), name))
        _, url, _, _ = self.serve()

        def last_change():
            with urllib.request.urlopen(url, timeout=30) as response:
                return self.of(parse(response.read().decode()), name).get("last_change_timestamp_seconds")

        self.assertIsNone(last_change())
        first = last_change()
        self.assertEqual(last_change(), first)
        between = time.time()
        self.expect(OK, "write", name, stdin="ts,px,sym\n1,1,A\n")
        second = last_change()
        self.assertGreater(second, between - 0.001)
        self.assertEqual(last_change(), second)
        self.expect(OK, "rm", name)
        self.assertIsNone(last_change())

    def test_constant_labels(self):
        name = self.create()
        samples = parse(self.page(OF_ALL, "--label", "rack=b7", "--label", 'x_1=a"b\\='))
        self.assertIn(("slots"), {key.split()[0] for key in self.of(samples, name)})
        for _, labels in samples:
            self.assertLessEqual({("rack", "b7"), ("x_1", 'a"b\\=')}, labels)
        for wrong in ["", "x", "=y", "1x=y", "a-b=y", "arena=y", "reason=y", "__x=y"]:
            self.expect(USAGE, "metrics", "--label", wrong, says="expected")
        self.expect(USAGE, "metrics", "--label", "x=1", "--label", "x=2", says="twice")
        _, url, _, _ = self.serve("0", "--label", "rack=b7")
        with urllib.request.urlopen(url, timeout=30) as response:
            for _, labels in parse(response.read().decode()):
                self.assertIn(("rack", "b7"), labels)

    def test_a_file_is_replaced_as_a_whole(self):
        name = self.create_filled(3)
        directory = self.directory()
        target = directory / "arena.prom"
        self.assertEqual(self.expect(OF_ALL, "metrics", "-o", target).stdout, "")
        self.assertEqual(self.of(parse(target.read_bytes().decode()), name)["values_written_total"], 3)
        target.chmod(0o640)
        before = target.open(newline="")
        link = directory / "link.prom"
        link.symlink_to(target)
        self.expect(OF_ALL, "metrics", "-o", link)
        self.assertNotEqual(target.stat().st_ino, os.fstat(before.fileno()).st_ino)
        parse(before.read())
        before.close()
        self.assertTrue(link.is_symlink())
        self.assertEqual(target.stat().st_mode & 0o777, 0o640)
        self.assertEqual(sorted(os.listdir(directory)), ["arena.prom", "link.prom"])
        self.expect(FAILED, "metrics", "-o", directory / "none" / "arena.prom", says="No such file")
        self.expect(FAILED, "metrics", "-o", "/dev/full", says="cannot write to '/dev/full'")
        self.assertEqual(parse(self.page(OF_ALL, "-o", "-")).keys() > set(), True)
        self.assertIn(name, self.expect(OF_ALL, "metrics", "-o", "/dev/stdout").stdout)
        self.expect(USAGE, "metrics", "-o", target, "--listen", "0")

    def test_promtool_finds_nothing(self):
        if shutil.which("promtool") is None:
            self.skipTest("promtool is not installed")
        self.create_filled(3)
        text = self.page(OF_ALL)
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_a_closed_pipe_is_no_error(self):
        command = [self.start("metrics").args[0], "metrics"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            process.wait(timeout=30)
            self.assertEqual(process.returncode, OK)

    def test_leaves_no_trace(self):
        name = self.create_filled(20)
        before = (SHM / name).read_bytes()
        self.scrape()
        self.assertEqual((SHM / name).read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
