"""export of .npy files: of recordings that were cut off, and of arrays of others."""

import os
import struct
import unittest

from arena_cli import FAILED, LOST, OK
from exporting import FIELDS, ExportCase, needs_numpy
from hostile_image import SLOTS_REGION, STRIDE, word

try:
    import numpy as np
except ImportError:
    np = None


@needs_numpy
class ExportNpyTest(ExportCase):
    def test_a_recording_that_was_cut_off_is_read_to_its_last_whole_record(self):
        name = self.create_various()
        directory = self.directory()
        for form in ["npy", "csv", "ndjson"]:
            path = directory / f"t.{form}"
            self.expect(OK, "snapshot", name, "-o", path)
            os.truncate(path, path.stat().st_size - 2)
            out = directory / f"out-{form}.npy"
            done = self.expect(OK, "export", path, "-o", out, "--fields", FIELDS, says="was cut off")
            self.assertIn("exported 19 values", done.stderr)
            self.assertEqual(np.load(out)["_seq"].tolist(), list(range(19)))

    def test_rows_that_the_header_does_not_tell_of_yet_are_taken(self):
        name = self.create_various()
        directory = self.directory()
        path = directory / "t.npy"
        self.expect(OK, "snapshot", name, "-o", path)
        bytes_ = path.read_bytes()
        self.assertIn(b"(20,), }", bytes_)
        path.write_bytes(bytes_.replace(b"(20,), }", b"(7,), } "))
        self.assertEqual(len(np.load(path)), 7)
        done = self.expect(OK, "export", path, "-o", directory / "out.npy", says="expected 7 records, as its header says, found 20;")
        self.assertEqual(len(np.load(directory / "out.npy")), 20)

    def test_rows_of_zeros_behind_a_crash_are_left_out(self):
        name, directory = self.create_various(), self.directory()
        path = directory / "t.npy"
        self.expect(OK, "snapshot", name, "-o", path)
        with path.open("ab") as file:
            file.truncate(path.stat().st_size + 4096)
        self.expect(OK, "export", path, "-o", directory / "out.npy", says="from row 21 on")
        self.assertEqual(np.load(directory / "out.npy")["_seq"].tolist(), list(range(20)))

    def test_rows_that_were_never_written_are_left_out(self):
        """A file made longer beforehand, and its header too: the rows at its end are a hole."""
        name, directory = self.create_various(), self.directory()
        path = directory / "t.npy"
        self.expect(OK, "snapshot", name, "-o", path)
        whole = path.read_bytes()
        row_bytes = np.load(path).dtype.itemsize
        begin = len(whole) - 20 * row_bytes
        for rows, written in [(10**9, 20), (10**6, 20), (10**6, 0), (9999, 3)]:
            header = whole[:begin].replace(b"(20,), }", b"(%d,), }" % rows).ljust(begin)[:begin - 1].rstrip(b"\n").ljust(begin - 1) + b"\n"
            path.write_bytes(header + whole[begin : begin + written * row_bytes])
            os.truncate(path, begin + rows * row_bytes - (rows & 1))
            with path.open("ab") as file:
                file.write(b"\0" * (rows & 1))  # as numpy.memmap does
            done = self.expect(OK, "export", path, "-o", directory / "out.npy", "--force", says=f"from row {written + 1} on")
            self.assertIn(f"exported {written} values", done.stderr)
            self.assertEqual(np.load(directory / "out.npy")["_seq"].tolist(), list(range(written)))

    def test_a_hole_in_an_array_of_others_is_zeros_as_its_header_says(self):
        directory = self.directory()
        array = np.lib.format.open_memmap(directory / "a.npy", mode="w+", dtype=[("t", "<i8"), ("x", "<f8")], shape=(5000,))
        array[:3] = [(1, 0.5), (2, 1.5), (0, 0)]
        array.flush()
        done = self.expect(OK, "export", directory / "a.npy", "-o", directory / "out.npy", says="the last 4998 records were never written, or are zeros")
        self.assertIn("exported 5000 values", done.stderr)

    def test_arrays_of_others_are_read_too(self):
        directory = self.directory()
        formats = ["<i8", ("<f4", (2,))]
        array = np.zeros(3, {"names": ["t", "größe"], "formats": formats, "offsets": [0, 8], "itemsize": 24})
        array["t"], array["größe"] = [-1, 2, 3], [[1, 2], [3, 4], [5, 6]]
        np.save(directory / "a.npy", array)
        self.expect(OK, "export", directory / "a.npy", "-o", directory / "a.csv")
        self.assertEqual(
            (directory / "a.csv").read_text().splitlines()[:2], ["_seq,t,größe[0],größe[1]", "0,-1,1.0,2.0"]
        )
        self.expect(OK, "export", directory / "a.npy", "-o", directory / "b.npy")
        self.assertEqual(np.load(directory / "b.npy")["größe"].tolist(), array["größe"].tolist())

    def test_arrays_that_are_no_records_are_refused_with_the_reason(self):
        directory = self.directory()
        for array, says in [
            (np.zeros(3), "found an array of '<f8'"),
            (np.zeros((2, 2), "u4,u4"), "one dimension"),
            (np.zeros(2, [("x", "<U4")]), "<U4"),
            (np.zeros(2, [("x", ">f8")]), ">f8"),
            (np.zeros(2, [("x", "<c16")]), "<c16"),
            (np.zeros(2, [("x", [("y", "<f8")])]), "x"),
            (np.zeros(2, [("x", "<f8"), ("_seq", "<u8")]), "_seq as the first field"),
            (np.zeros(2, [("_seq", "<u8")]), "fields besides _seq"),
            (np.zeros(2, [("x", "<M8[ns]")]), "M8[ns]"),
        ]:
            with self.subTest(says=says):
                np.save(directory / "a.npy", array)
                self.expect(FAILED, "export", directory / "a.npy", "-o", directory / "out.csv", says=says)
                self.assertFalse((directory / "out.csv").exists())

    def test_hostile_headers_are_refused(self):
        directory = self.directory()

        def npy(text, version=1):
            text = text.encode(errors="surrogateescape") + b"\n"
            return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(text)) + text

        shape = "'fortran_order': False, 'shape': (1,), }"
        for data in [
            b"\x93NUMPY",
            b"\x93NUMPY\x01\x00\xff\xff",
            npy("{'descr': [('a', '<u8')], " + shape, version=9),
            npy("nonsense"),
            npy("[" * 1000),
            npy("{'descr': '<u8'"),
            npy("{'descr': [('a', '<u8', (4294967296, 4294967296))], " + shape),
            npy("{'descr': [('a', '<u99999999999999999999')], " + shape),
            npy("{'descr': [('a',)], " + shape),
            npy("{'descr': [], " + shape),
            npy("{'descr': [('', '|V0')], " + shape),
            npy("{'descr': [('a', '<u8'), ('a', '<u8')], " + shape),
            npy("{'descr': [('a\\x', '<u8')], " + shape),
            npy("{'descr': [('\\ud800', '<u8')], " + shape),
            npy("{'descr': '\\udfff', " + shape),
            npy("{'descr': [('\\U00110000', '<u8')], " + shape),
            npy("{'descr': [('\udcff', '<u8')], " + shape, version=3),
            npy("{'descr': [('a', '<u8')], 'shape': (-1,), }"),
        ]:
            with self.subTest(data=data[:60]):
                (directory / "a.npy").write_bytes(data)
                self.expect(FAILED, "export", directory / "a.npy", "-o", directory / "o.csv", says="a.npy': expected ")

    def test_what_is_whole_of_an_image_that_was_cut_off_is_saved(self):
        name = self.create_filled(300, slots=200)  # 100 to 299; slot 0 has 200
        directory = self.directory()
        self.expect(OK, "snapshot", name, "-o", directory / "t.arena")
        image = (directory / "t.arena").read_bytes()
        begin, stride = word(image, SLOTS_REGION), word(image, STRIDE)
        cut = directory / "cut.arena"
        for size, seqs in [
            (begin + 120 * stride, [*range(100, 120), *range(200, 300)]),
            (begin + 50 * stride + stride - 1, range(200, 250)),
            (begin + stride, [200]),
        ]:
            cut.write_bytes(image[:size])
            out = directory / "out.npy"
            done = self.expect(LOST, "export", cut, "-o", out, "--force", says=f"expected {len(image)} bytes, found {size}")
            self.assertIn(f"found no value for {200 - len(seqs)} sequence numbers", done.stderr)
            self.assertEqual(np.load(out)["_seq"].tolist(), list(seqs))
            self.assertEqual(np.load(out)["ts"].tolist(), list(seqs))
            copy = self.create(slots=256)
            self.expect(LOST, "replay", cut, copy, says=f"replayed {len(seqs)} value")
        for size in [0, 100, 4096, begin, begin + stride - 1]:
            cut.write_bytes(image[:size])
            out = directory / "none.npy"
            self.expect(FAILED, "export", cut, "-o", out)
            self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
