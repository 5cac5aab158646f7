"""create and rm."""

import json
import os
import struct
import unittest

from arena_cli import ABSENT, FAILED, OK, SHM, USAGE, CliTest

try:
    import numpy
except ImportError:
    numpy = None


class CreateTest(CliTest):
    def schema_text(self, name):
        """The schema as it stands in the segment: the header's first region."""
        segment = (SHM / name).read_bytes()
        offset, size = struct.unpack_from("<QQ", segment, 48)
        return segment[offset : offset + size].decode()

    def test_fields_are_laid_out_as_in_c(self):
        name = self.create(fields="u8 a, u64 b, 3x, f32[3] c, i16 d, bool e, s5 f, char g", slots=5)
        schema = json.loads(self.schema_text(name))
        self.assertEqual(schema["names"], list("abcdefg"))
        self.assertEqual(schema["formats"], ["u1", "<u8", "(3,)<f4", "<i2", "?", "S5", "S1"])
        self.assertEqual(schema["offsets"], [0, 8, 20, 32, 34, 35, 40])
        self.assertEqual(schema["itemsize"], 48)
        self.assertEqual(self.row(name)[2:4], ["48B", "5"])

    @unittest.skipIf(numpy is None, "python3-numpy is not installed")
    def test_numpy_reads_the_schema_as_it_is(self):
        name = self.create(fields="u8 a, u64 b, 3x, f32[3] c, i16[2][3] d, bool e, s5 f, char g")
        dtype = numpy.dtype(json.loads(self.schema_text(name)))
        self.assertEqual(dtype.itemsize, 56)
        self.assertEqual(dtype.fields["d"][0].shape, (2, 3))
        self.assertEqual(dtype.fields["f"][0], numpy.dtype("S5"))

    def test_a_schema_file_may_hold_json_or_fields(self):
        text = '{ "names": ["a", "b"], "formats": ["<u4", "<f8"],\n "offsets": [0, 8], "itemsize": 16, "x": 1 }\n'
        directory = self.directory()
        (directory / "json").write_text(text)
        (directory / "fields").write_text("u32 a,\nf64 b\n")
        for file in ["json", "fields"]:
            name = self.name()
            self.expect(OK, "create", name, "--slots", 2, "--schema", directory / file)
            self.assertEqual(self.row(name)[2], "16B")
            self.expect(OK, "write", name, stdin="a,b\n1,2\n")
        self.assertEqual(self.expect(OK, "tail", name, "--format", "csv").stdout, "_seq,a,b\n0,1,2.0\n")

    def test_notes_of_a_schema_are_kept_shown_and_used(self):
        text = (
            '{"names":["ts","side"],"formats":["<u8","i1"],"offsets":[0,8],"itemsize":16,"metadata":'
            '{"fields":{"ts":{"unit":"ns"},"side":{"enum":{"none":-1,"buy":0}}},"time":"ts"}}'
        )
        path = self.directory() / "schema"
        path.write_text(text)
        name = self.name()
        self.expect(OK, "create", name, "--slots", 2, "--schema", path)
        self.assertEqual(self.schema_text(name), text)
        self.expect(OK, "write", name, stdin="ts,side\n1,none\n2,7\n")
        self.assertEqual(self.expect(OK, "tail", name, "--format", "csv").stdout, "_seq,ts,side\n0,1,none\n1,2,7\n")
        shown = self.expect(OK, "inspect", name).stdout
        self.assertRegex(shown, r"0 +8 +u64 +ts +ns +time\n +8 +1 +i8 +side +none -1, buy 0\n")
        if numpy:
            self.assertEqual(numpy.dtype(json.loads(text)).itemsize, 16)

    def test_a_schema_file_that_cannot_be_read_is_named(self):
        path = self.directory() / "missing"
        done = self.expect(FAILED, "create", self.name(), "--slots", 2, "--schema", path, says=str(path))
        self.assertIn("No such file", done.stderr)
        path.write_text('{"names": ["a"], "formats": [">u4"], "offsets": [0], "itemsize": 4}')
        self.expect(USAGE, "create", self.name(), "--slots", 2, "--schema", path, says="'>u4'")

    def test_wrong_arguments_leave_nothing_behind(self):
        for args, says in [
            (["--slots", 0, "--size", 8], "slots > 0"),
            (["--slots", -3, "--size", 8], "whole number"),
            (["--slots", 8, "--size", 0], "1 to 2^31 bytes"),
            (["--slots", 8, "--size", 8, "--align", 3], "power of two"),
            (["--slots", 8, "--fields", "u64 ts, f63 px"], "column 9"),
            (["--slots", 8, "--fields", "u8 a", "--align", 8], "--size"),
            (["--slots", 8, "--fields", "u8 a", "--size", 8], "expected one of --as, --fields, --schema, --size"),
            (["--slots", 8], "expected one of --as, --fields, --schema, --size"),
            (["--size", 8], "--slots"),
            (["--slots", 8, "--size", 8, "--mode", "0999"], "octal"),
            (["--slots", 8, "--size", 8, "--seats", 0], "seats"),
            (["--slots", 8, "--size", 8, "--seats", 2, "--exclusive"], "expected without"),
            (["--slots", 2**63, "--size", 8], "2^47"),
        ]:
            with self.subTest(args=args):
                name = self.name()
                self.expect(USAGE, "create", name, *args, says=says)
                self.assertFalse((SHM / name).exists())

    def test_a_name_that_is_taken_is_an_error(self):
        name = self.create()
        self.expect(FAILED, "create", name, "--slots", 1, "--size", 8, says=name)
        self.assertEqual(self.row(name)[3], "8")

    def test_mode_is_exact_whatever_the_umask(self):
        for mode, umask in [("0600", 0), ("0644", 0o077), ("666", 0o027)]:
            name = self.name()
            self.expect(OK, "create", name, "--slots", 1, "--size", 8, "--mode", mode, umask=umask)
            self.assertEqual(os.stat(SHM / name).st_mode & 0o777, int(mode, 8))

    def test_more_than_there_is_room_for_is_refused(self):
        name = self.name()
        self.expect(FAILED, "create", name, "--slots", 2**40, "--size", 64, says="bytes of free space")
        self.assertFalse((SHM / name).exists())

    def test_a_schema_of_many_names_is_taken(self):
        schema = self.directory() / "schema.json"
        base = {"names": ["a"], "formats": ["<u8"], "offsets": [0], "itemsize": 8}
        for more in [
            {f"k{i:x}": 1 for i in range(90000)},
            {"metadata": {"fields": {"a": {"enum": {f"k{i:x}": i for i in range(60000)}}}}},
        ]:
            schema.write_text(json.dumps(base | more, separators=(",", ":")))
            name = self.name()
            self.expect(OK, "create", name, "--slots", 2, "--schema", schema)
            self.assertEqual(json.loads(self.schema_text(name)), base | more)
            self.expect(OK, "snapshot", name, "-o", schema.parent / "s.npy", "--force")
            self.expect(OK, "replay", schema.parent / "s.npy", self.name(), "--create", "--slots", 2)

    def test_an_exclusive_arena_has_one_writer(self):
        name = self.create("--exclusive")
        self.start_writer(name)
        self.expect(FAILED, "write", name, stdin="ts,px,sym\n1,2,A\n", says="exclusive arena has one writer")

    def test_one_of_a_thing_is_not_told_as_several(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 1, "--fields", "u8 a", "--seats", 1, says="1 slot for records of 1 byte, aligned to 1;")
        self.expect(OK, "write", name, stdin="a\n7\n", says="wrote 1 value\n")
        page = self.expect(OK, "inspect", name).stdout
        for text in ["1 value of 1 byte", "1 value, 0 skipped", "\n1 seat: 1 "]:
            self.assertIn(text, page)
        self.assertRegex(self.expect(OK, "check", name).stdout, r"1 seat, 1 slot \(1 published, 0 being written, 0 holes\)")
        self.expect(FAILED, "write", name, stdin="a\n7,8\n", says="expected 1 column, found 2")


class RmTest(CliTest):
    def test_removes_every_name_that_it_can(self):
        first, second = self.create(), self.create()
        absent = self.name("absent")
        self.expect(ABSENT, "rm", first, absent, second, says=absent)
        self.assertFalse((SHM / first).exists())
        self.assertFalse((SHM / second).exists())

    def test_files_that_are_no_arenas_stay(self):
        name = self.name()
        (SHM / name).write_bytes(b"something else, and longer than a magic number")
        self.expect(FAILED, "rm", name, says="expected an arena")
        self.assertTrue((SHM / name).exists())

    def test_a_damaged_arena_can_be_removed(self):
        name = self.create()
        os.truncate(SHM / name, 100)
        self.expect(OK, "rm", name)
        self.assertFalse((SHM / name).exists())

    def test_a_follower_goes_on_with_what_it_has(self):
        name = self.create_filled(3)
        tail = self.start("tail", name, "-f", "--format", "csv")
        self.assertEqual(tail.stdout.readline(), "_seq,ts,px,sym\n")
        self.expect(OK, "rm", name)
        self.assertIn("was removed or replaced", tail.stderr.readline())
        self.assertIsNone(tail.poll())


if __name__ == "__main__":
    unittest.main()
