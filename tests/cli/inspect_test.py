"""inspect: everything about one arena, sound or damaged."""

import hashlib
import json
import mmap
import os
import re
import signal
import shutil
import struct
import unittest

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, OK, SHM, CliTest

LAYOUT_VERSION_AT, CHECKSUM_AT, SLOT_COUNT_AT = 8, 24, 128


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


class InspectTest(CliTest):
    def page(self, name, *args, code=OK, **kwargs):
        return self.expect(code, "inspect", name, *args, **kwargs).stdout

    def object(self, name, *args, code=OK, **kwargs):
        (found,) = self.objects("inspect", name, *args, code=code, **kwargs)
        return found

    def patch(self, name, offset, data):
        with open(SHM / name, "r+b") as segment:
            segment.seek(offset)
            segment.write(data)

    def field(self, name, offset, form="<Q"):
        return struct.unpack_from(form, (SHM / name).read_bytes(), offset)[0]

    def sign_header(self, name):
        """Makes the checksum right again, as somebody does who means it."""
        header_bytes = self.field(name, 16, "<I")
        header = bytearray((SHM / name).read_bytes()[:header_bytes])
        header[CHECKSUM_AT : CHECKSUM_AT + 8] = bytes(8)
        self.patch(name, CHECKSUM_AT, struct.pack("<Q", fnv1a(header)))

    def test_tells_what_the_arena_holds(self):
        name = self.create_filled(20)
        page = self.page(name)
        self.assertRegex(page, r"arena +" + name + ", 8 values of 24 bytes")
        self.assertRegex(page, r"head +20\n")
        self.assertRegex(page, r"readable +12\.\.19")
        self.assertRegex(page, r"written +20 values, 0 skipped")
        self.assertRegex(page, r"mutex +free")
        self.assertRegex(page, r"\n +16 +4 +s4 +sym\n +20 +4 +padding\n")
        self.assertRegex(page, r"\n  19 +19 +9\.5 +S9\n$")
        self.assertNotIn("problems", page)

    def test_shows_as_many_of_the_newest_values_as_asked_for(self):
        name = self.create_filled(20)
        page = self.page(name, "-n", 2)
        self.assertIn("\n  18  18", page)
        self.assertNotIn("\n  17  17", page)

    def test_several_arenas_or_all(self):
        names = [self.create(), self.create()]
        pages = self.expect(OK, "inspect", *names).stdout
        objects = self.objects("inspect", *names)
        for name in names:
            self.assertRegex(pages, rf"(?m)^arena +{name},")
        self.assertEqual([found["name"] for found in objects], names)
        self.assertRegex(self.expect(ABSENT, "inspect", names[0] + "-", names[1]).stdout, rf"arena +{names[1]},")

    def test_without_a_name_it_is_all(self):
        done = self.in_namespace(
            "mount -t tmpfs tmpfs /dev/shm; for n in a b; do \"$0\" create $n --slots 2 --fields 'u8 a' 2> /dev/null; done",
            "inspect")
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(re.findall(r"(?m)^arena +(.),", done.stdout), ["a", "b"])

    def test_an_empty_arena_has_nothing_to_read(self):
        page = self.page(self.create())
        self.assertRegex(page, r"readable +no values yet")
        self.assertIn("64 seats: 64 never used", page)

    def test_records_without_schema_are_shown_as_bytes(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 2, "--size", 12)
        self.expect(OK, "write", name, "--format", "raw", stdin=b"Hello, world")
        done = self.expect(OK, "inspect", name, says="no schema")
        self.assertIn("aligned to 4", done.stdout)
        self.assertIn("|Hello, world|", done.stdout)
        self.assertRegex(self.page(name, "--as", "s5 word, 7x"), r"\n +0  Hello\n")

    def test_shows_living_stopped_and_dead_writers(self):
        name = self.create()
        alive, stopped, dead = (self.start_writer(name) for _ in range(3))
        stopped.send_signal(signal.SIGSTOP)
        dead.kill()
        dead.wait()
        self.eventually(lambda: "alive, stopped" in self.page(name))
        page = self.page(name)
        self.assertIn("64 seats: 2 alive, 1 dead, 61 never used", page)
        self.assertRegex(page, rf"\n +0  alive +{alive.pid} +{alive.pid}  arena-shm  arena-shm write +idle +1 +0 ")
        self.assertRegex(page, rf"\n +1  alive, stopped +{stopped.pid} ")
        self.assertRegex(page, rf"\n +2  dead +{dead.pid} ")

    def test_shows_who_has_it_mapped_and_whether_writable(self):
        name = self.create_filled(1)
        writer = self.start_writer(name)
        reader = self.start("tail", name, "-f")
        reader.stdout.readline()
        page = self.page(name)
        self.assertIn("mapped by 2 processes", page)
        self.assertRegex(page, rf"\n *{writer.pid}  arena-shm  running  read and write\n")
        self.assertRegex(page, rf"\n *{reader.pid}  arena-shm  running  read\n")

    def test_who_maps_the_doorbell_alone_writable_is_a_reader(self):
        name = self.create()
        with open(SHM / name, "r+b") as segment:
            doorbell = mmap.mmap(segment.fileno(), 4096, offset=self.field(name, 64))
        self.addCleanup(doorbell.close)
        self.assertRegex(self.page(name), rf"\n *{os.getpid()}  \S+ +running  read\n")

    def test_changes_nothing_and_needs_read_permission_only(self):
        name = self.create_filled(20)
        os.chmod(SHM / name, 0o444)
        before = hashlib.sha256((SHM / name).read_bytes()).hexdigest()
        page = self.page(name, **self.as_nobody())
        self.assertRegex(page, r"mode 0444")
        self.assertRegex(page, r"\n  19 +19 +9\.5 +S9\n$")
        self.assertEqual(hashlib.sha256((SHM / name).read_bytes()).hexdigest(), before)

    def test_a_saved_segment_is_shown_without_its_processes(self):
        name = self.create_filled(20)
        image = self.directory() / "saved.img"
        shutil.copy(SHM / name, image)
        page = self.page("--file", image)
        self.assertIn("a saved segment", page)
        self.assertNotIn("mapped by", page)
        self.assertNotIn("dead", page)
        self.assertRegex(page, r"\n  19 +19 +9\.5 +S9\n$")

    def test_a_file_that_was_cut_off_still_shows_what_it_has(self):
        name = self.create_filled(20)
        size = os.stat(SHM / name).st_size
        os.truncate(SHM / name, size - 4096)
        page = self.page(name, code=FAILED)
        self.assertIn(f"header: expected {size} bytes, found {size - 4096} bytes", page)
        self.assertRegex(page, r"head +20\n")
        for length in [0, 7, 100, 4096, 12288]:
            os.truncate(SHM / name, length)
            self.assertIn("problems", self.page(name, code=FAILED))

    def test_holes_in_the_file_are_named(self):
        name = self.create_filled(20, slots=5000)
        holed = self.name("holed")
        with open(SHM / holed, "wb") as copy:
            copy.write((SHM / name).read_bytes()[:32768])
            copy.truncate(os.stat(SHM / name).st_size)
        self.assertIn("holes were punched", self.page(holed, code=FAILED))

    def test_a_header_that_was_written_over_is_refused(self):
        name = self.create_filled(20)
        self.patch(name, SLOT_COUNT_AT, struct.pack("<Q", 2**60))
        self.assertIn("header checksum", self.page(name, code=FAILED))
        self.sign_header(name)
        self.assertIn("slots that fit their region", self.page(name, code=FAILED))

    def test_another_layout_version_is_incompatible(self):
        name = self.create()
        self.patch(name, LAYOUT_VERSION_AT, struct.pack("<I", 7))
        self.assertIn("expected layout version 5, found version 7", self.page(name, code=INCOMPATIBLE))

    def test_damage_behind_the_header_is_named(self):
        name = self.create_filled(20)
        schema, control = self.field(name, 48), self.field(name, 80)
        self.patch(name, schema + len('{"names":["'), b"x")
        self.patch(name, control, struct.pack("<Q", 2**62))
        self.patch(name, control + 64, struct.pack("<I", 1000))
        page = self.page(name, code=FAILED)
        self.assertRegex(page, r"schema: expected \d+ bytes with hash [0-9a-f]{16}, found")
        self.assertIn("head: expected a number below", page)
        self.assertIn("mutex: expected an owner among 64 seats, found seat 999", page)

    def test_a_mutex_held_by_a_dead_writer_is_shown(self):
        name = self.create()
        writer = self.start_writer(name)
        writer.kill()
        writer.wait()
        self.patch(name, self.field(name, 80) + 64, struct.pack("<I", 1))
        page = self.page(name)
        self.assertRegex(page, r"mutex +held by seat 0 \(dead, pid \d+\); the next process that needs it will free it")

    def test_texts_from_the_segment_cannot_write_on_the_terminal(self):
        name = self.create()
        self.start_writer(name)
        seats = self.field(name, 96)
        self.patch(name, seats + 96, b"\x1b[31mred\xff\0")
        page = self.page(name)
        self.assertNotIn("\x1b", page)
        self.assertIn(r"\x1b[31mred\xff", page)


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
        self.patch(name, self.field(name, 80) + 64, struct.pack("<Q", 1 << 15 | 1 << 13 | 2))
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
