"""list: which arenas there are."""

import json
import os
import struct
import time
import unittest

from arena_cli import DAMAGED, OF_ALL, OK, SHM, CliTest


class ListTest(CliTest):
    def test_shows_what_an_arena_is(self):
        name = self.create_filled(20)
        heading = self.expect(OF_ALL, "list").stdout.splitlines()[0].split()
        self.assertEqual(heading, ["NAME", "TYPE", "REC", "SLOTS", "SIZE", "WRITTEN", "RATE/s", "WRITERS", "NEWEST", "AGE"])
        row = self.row(name)
        self.assertEqual(row[:4], [name, "?", "24B", "8"])
        self.assertRegex(row[4], r"^\d+(\.\d)?K$")
        self.assertEqual(row[5:9], ["20", "0", "0", "alive"])

    def test_json_is_exact(self):
        name = self.create_filled(20)
        objects = [json.loads(line) for line in self.expect(OF_ALL, "list", "--format", "ndjson").stdout.splitlines()]
        found = next(item for item in objects if item["name"] == name)
        self.assertAlmostEqual(found.pop("created_ns") / 1e9, time.time(), delta=60)
        self.assertEqual(
            found,
            {
                "name": name,
                "type": "",
                "record_bytes": 24,
                "slots": 8,
                "segment_bytes": (SHM / name).stat().st_size,
                "written": 20,
                "values_per_s": 0.0,
                "writers_alive": 0,
                "writers_dead": 0,
                "writers": "shared",
                "lanes": 1,
                "slots_per_lane": 8,
                "clock": "none",
                "newest_time_ns": None,
                "newest_age_ns": None,
            },
        )

    def test_csv_has_the_cells_of_the_object(self):
        name = self.name('a,"b"')
        self.expect(OK, "create", name, "--slots", 8, "--fields", "u64 ts, f64 px, s4 sym")
        self.patch_written(name, 2**63 + 1)
        (found,) = [item for item in self.objects("list", code=OF_ALL) if item["name"] == name]
        (row,) = [item for item in self.csv_rows("list", code=OF_ALL) if item["name"] == name]
        self.assertEqual(row, {key: "" if value is None else str(value) for key, value in found.items()})
        self.assertEqual(row["written"], str(2**63 + 1))

    def patch_written(self, name, count):
        with open(SHM / name, "r+b") as segment:
            segment.seek(96)
            (seats,) = struct.unpack("<Q", segment.read(8))
            segment.seek(seats + 32)
            segment.write(struct.pack("<Q", count))

    def test_counts_the_living_and_the_dead(self):
        name = self.create()
        self.start_writer(name)
        dying = self.start_writer(name)
        dying.kill()
        dying.wait()
        self.assertEqual(self.row(name)[7:11], ["1", "alive,", "1", "dead"])

    def test_shows_the_rate_while_somebody_writes(self):
        name = self.create()
        writer = self.start("write", name, "--rate", 1000, stderr=None)
        writer.stdin.write("ts,px,sym\n" + "1,1,A\n" * 1000)
        writer.stdin.flush()
        rates = []

        def is_counted():
            rates.append(self.row(name)[6])
            return rates[-1] != "0"

        self.eventually(is_counted)

    def test_files_that_are_no_arenas_are_ignored(self):
        for content in [b"", b"short", b"x" * 5000]:
            (SHM / self.name("other")).write_bytes(content)
        directory = SHM / self.name("directory")
        directory.mkdir()
        self.addCleanup(directory.rmdir)
        link = SHM / self.name("link")
        link.symlink_to(SHM / self.create())
        os.mkfifo(SHM / self.name("fifo"))
        done = self.expect(OF_ALL, "list")
        for hint in ["other", "directory", "link", "fifo"]:
            self.assertNotRegex(done.stdout + done.stderr, rf"cli-{os.getpid()}-\w+-{hint}\b")

    def test_a_damaged_arena_is_noted_and_the_others_are_shown(self):
        good, bad = self.create(), self.create()
        with open(SHM / bad, "r+b") as segment:
            segment.seek(128)
            segment.write(b"\xff")
        done = self.expect(DAMAGED, "list", says=f"'{bad}': header: expected header checksum")
        self.assertIn(good, done.stdout)
        self.assertNotIn(bad, done.stdout)

    def test_arenas_that_may_not_be_read_are_noted(self):
        hidden, shown = self.create(), self.create("--mode", "0644")
        done = self.expect(OF_ALL, "list", says=f"skipped '{hidden}': no permission", **self.as_nobody())
        self.assertIn(shown, done.stdout)
        self.assertNotIn(hidden, done.stdout)


if __name__ == "__main__":
    unittest.main()
