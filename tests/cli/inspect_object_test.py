"""inspect --format ndjson: the object has what the page has."""

import json
import os
import shutil
import struct
import unittest

from arena_cli import FAILED, INCOMPATIBLE, OK, SHM
from inspecting import LAYOUT_VERSION_AT, InspectCase


class InspectObjectTest(InspectCase):
    def test_the_object_has_the_facts_of_the_page(self):
        name = self.create_filled(20)
        page, found = self.page(name), self.object(name)
        self.assertEqual([found[key] for key in ["name", "path", "is_live", "mode"]],
                         [name, str(SHM / name), True, "0600"])
        self.assertIn(f"version {found['layout_version']}, stride {found['stride_bytes']} bytes, epoch "
                      f"{found['epoch']}", page)
        self.assertIn(f"by pid {found['creator_pid']}", page)
        self.assertRegex(page, rf"file .* {found['file_bytes']} bytes")
        self.assertEqual(found["file_bytes"], found["segment_bytes"])
        self.assertEqual([found[key] for key in ["slots", "record_bytes", "align_bytes", "is_exclusive"]],
                         [8, 24, 8, False])
        self.assertEqual([found[key] for key in ["head", "oldest", "written", "skipped", "seat_count"]],
                         [20, 12, 20, 0, 64])
        self.assertEqual([found[key] for key in ["values_per_s", "lap_s", "reader_may_be_asleep"]], [0, None, False])
        for region, place in found["regions"].items():
            self.assertRegex(page, rf"\n{region} +{place['offset_bytes']} +{place['size_bytes']}\n")
        self.assertEqual(len(found["regions"]), 6)
        self.assertEqual(found["mutex"], {"state": "free", "seat": None, "is_waited_for": False})
        self.assertEqual(found["newest"][-1], {"_seq": 19, "ts": 19, "px": 9.5, "sym": "S9"})
        self.assertEqual([value["_seq"] for value in found["newest"]], [15, 16, 17, 18, 19])
        self.assertEqual(found["problems"], [])

    def test_the_object_has_the_schema_as_it_is_stored(self):
        name = self.create()
        stored = (SHM / name).read_bytes()[self.field(name, 48) :][: self.field(name, 56)]
        self.assertEqual(self.object(name)["schema"], json.loads(stored))

    def test_the_object_has_the_seats_and_the_mappers(self):
        name = self.create()
        alive, dead = self.start_writer(name), self.start_writer(name)
        dead.kill()
        dead.wait()
        self.patch(name, self.field(name, 80) + 64, struct.pack("<Q", 1 << 16 | 1 << 13 | 2))
        found = self.object(name)
        self.assertEqual([{"arena": name, **seat} for seat in found["seats"]], self.objects("seats", name))
        self.assertEqual([(seat["pid"], seat["holder"]) for seat in found["seats"]],
                         [(alive.pid, "alive"), (dead.pid, "dead")])
        self.assertEqual(found["mutex"], {"state": "held", "seat": 1, "is_waited_for": True})
        (mapper,) = found["mappers"]
        self.assertEqual([mapper[key] for key in ["pid", "process", "writes"]], [alive.pid, "arena-shm", True])

    def test_numbers_of_the_object_are_exact(self):
        name = self.create(fields="u64 big, i64 small, f64 px, f32[2] pos")
        rows = f"{2**64 - 1},{-(2**63)},nan,0.1,inf\n{2**53 + 1},{-(2**53) - 1},0.1,1.5,2\n"
        self.expect(OK, "write", name, stdin="big,small,px,pos[0],pos[1]\n" + rows)
        self.assertEqual(self.object(name)["newest"], [
            {"_seq": 0, "big": 2**64 - 1, "small": -(2**63), "px": None, "pos": [0.1, "Infinity"]},
            {"_seq": 1, "big": 2**53 + 1, "small": -(2**53) - 1, "px": 0.1, "pos": [1.5, 2]},
        ])
        self.patch(name, self.field(name, 96) + 40, struct.pack("<Q", 2**63 + 1))
        found = self.object(name)
        self.assertEqual([found["skipped"], found["seats"][0]["skipped"]], [2**63 + 1] * 2)

    def test_the_object_of_records_without_schema_has_bytes(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 2, "--size", 12)
        self.expect(OK, "write", name, "--format", "raw", stdin=b"Hello, world")
        found = self.object(name)
        self.assertIsNone(found["schema"])
        self.assertEqual(found["newest"], [{"_seq": 0, "hex": b"Hello, world".hex()}])
        self.assertEqual(self.object(name, "--as", "s5 word, 7x")["newest"], [{"_seq": 0, "word": "Hello"}])

    def test_the_object_of_a_saved_segment_has_no_processes(self):
        image = self.directory() / "saved.img"
        shutil.copy(SHM / self.create_filled(20), image)
        found = self.object("--file", image)
        self.assertEqual([found[key] for key in ["is_live", "head", "mappers", "mappers_unreadable", "values_per_s"]],
                         [False, 20, None, None, None])

    def test_the_object_of_a_damaged_segment_has_the_problems_of_the_page(self):
        def compare(code):
            found, page = self.object(name, code=code), self.page(name, code=code)
            self.assertEqual(page.split("problems\n")[1].split("\n\n")[0].splitlines(), found["problems"])
            self.assertGreater(len(found["problems"]), 0)
            return found

        name = self.create_filled(20)
        self.patch(name, self.field(name, 48) + len('{"names":["'), b"x")
        self.patch(name, self.field(name, 80) + 64, struct.pack("<I", 1000))
        found = compare(FAILED)
        self.assertEqual([found[key] for key in ["is_usable", "schema", "head"]], [True, None, 20])
        self.assertEqual(found["mutex"]["seat"], 999)
        self.assertEqual(len(found["problems"]), 2)
        os.truncate(SHM / name, 8192)
        found = compare(FAILED)
        self.assertEqual([found[key] for key in ["is_usable", "head", "mutex", "reader_may_be_asleep", "oldest"]],
                         [True] + [None] * 4)
        self.assertEqual([found["seats"], found["newest"]], [[], []])
        self.patch(name, LAYOUT_VERSION_AT, struct.pack("<I", 7))
        self.assertFalse(compare(INCOMPATIBLE)["is_usable"])
        os.truncate(SHM / name, 0)
        self.assertEqual(compare(FAILED)["file_bytes"], 0)

    def test_texts_of_the_object_are_repaired(self):
        name = self.create()
        self.start_writer(name)
        self.patch(name, self.field(name, 96) + 96, b"\x1b[31mred\xff\0")
        done = self.expect(OK, "inspect", name, "--format", "ndjson")
        self.assertNotIn("\x1b", done.stdout)
        self.assertEqual(json.loads(done.stdout)["seats"][0]["name"], "\x1b[31mred\ufffd")


if __name__ == "__main__":
    unittest.main()
