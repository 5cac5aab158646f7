"""inspect: everything about one arena, sound or damaged."""

import hashlib
import mmap
import os
import re
import shutil
import signal
import struct
import unittest

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, OK, SHM
from inspecting import LAYOUT_VERSION_AT, SLOT_COUNT_AT, InspectCase


class InspectTest(InspectCase):
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
        self.assertRegex(pages, rf"[^\n]\n\narena +{names[1]},")
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
        self.assertIn("expected layout version 6, found version 7", self.page(name, code=INCOMPATIBLE))

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


if __name__ == "__main__":
    unittest.main()
