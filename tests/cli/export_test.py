"""export: recordings and saved segments, from one format to another."""

import json
import os
import struct
import subprocess
import unittest

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, LOST, OK, SHM, TICK, TOOL, USAGE, CliTest
from hostile_image import SLOTS, SLOTS_REGION, STRIDE, make_sparse, word

try:
    import numpy as np
except ImportError:
    np = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")
FIELDS = "u64 a, f64 b, f32[2][3] m, s8 d, bool e, 3x, i8 f, char g"


@needs_numpy
class ExportTest(CliTest):
    def create_various(self):
        name = self.create(fields=FIELDS, slots=32)
        for i in range(20):
            text = ["x", " y", '"', "é,"][i % 4]
            value = {"a": 2**64 - 1 - i, "b": i / 3, "m": [[i, 1, 2], [0.5, 4, 5]], "d": text, "e": i % 2 == 0}
            self.expect(OK, "write", name, stdin=json.dumps(value | {"f": -i, "g": "z"}))
        return name

    def test_every_format_becomes_every_other(self):
        name = self.create_various()
        directory = self.directory()
        for form in ["npy", "csv", "ndjson", "arena"]:
            self.expect(OK, "snapshot", name, "-o", directory / f"first.{form}")
        for source in ["npy", "csv", "ndjson", "arena"]:
            fields = ["--fields", FIELDS] if source in ["csv", "ndjson"] else []
            for form in ["npy", "csv", "ndjson"]:
                with self.subTest(source=source, form=form):
                    path = directory / f"{source}.{form}"
                    done = self.expect(OK, "export", directory / f"first.{source}", "-o", path, *fields)
                    self.assertRegex(done.stderr, r"^arena-shm: exported 20 values, .*, 1 file\n$")
                    self.assertEqual(path.read_bytes(), (directory / f"first.{form}").read_bytes())

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

    def test_lines_that_are_no_records_are_refused_and_the_rest_goes_in(self):
        directory = self.directory()
        (directory / "t.csv").write_text("ts,px,sym\n1,1,A\n2,x,B\n3,3,C\n")
        arguments = ["export", directory / "t.csv", "-o", directory / "t.npy"]
        self.expect(INCOMPATIBLE, *arguments, says="give the fields: --fields")
        done = self.expect(FAILED, *arguments, "--fields", TICK, says="refused line 3, column 2 (px)")
        self.assertIn("exported 2 values", done.stderr)
        self.assertEqual(np.load(directory / "t.npy")[["_seq", "ts"]].tolist(), [(0, 1), (1, 3)])
        says = "expected the columns ts,price,sym, found 'px'"
        self.expect(FAILED, *arguments, "--force", "--fields", "u64 ts, f64 price, s4 sym", says=says)

    def test_without_schema(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 4, "--size", 12)
        self.expect(OK, "write", name, "--format", "raw", stdin=bytes(range(24)))
        directory = self.directory()
        self.expect(OK, "snapshot", name, "-o", directory / "t.npy")
        self.expect(OK, "snapshot", name, "-o", directory / "t.arena")
        for form in ["npy", "arena"]:
            self.expect(INCOMPATIBLE, "export", directory / f"t.{form}", "-o", directory / "t.csv", says="--fields")
            self.expect(OK, "export", directory / f"t.{form}", "-o", directory / f"{form}.csv", "--fields", "u8[12] b")
            lines = (directory / f"{form}.csv").read_text().splitlines()
            self.assertEqual(lines[2], "1," + ",".join(map(str, range(12, 24))))
        self.expect(OK, "export", directory / "t.npy", "-o", directory / "u.npy")
        self.assertEqual((directory / "u.npy").read_bytes(), (directory / "t.npy").read_bytes())

    def test_an_empty_ring_stays_empty(self):
        name = self.create()
        directory = self.directory()
        for form in ["npy", "arena", "csv"]:
            self.expect(OK, "snapshot", name, "-o", directory / f"t.{form}")
            out = directory / f"{form}.npy"
            self.expect(OK, "export", directory / f"t.{form}", "-o", out, "--fields", TICK, says="exported 0 values")
            self.assertEqual(len(np.load(out)), 0)

    def test_files_that_are_nothing_of_the_kind_are_refused(self):
        name = self.create_filled(3)
        directory = self.directory()
        path = directory / "bad"
        out = directory / "out.npy"
        for content in [b"", b"\x00\x01\x02" * 100, b"\xff\xfe\n"]:
            path.write_bytes(content)
            self.expect(FAILED, "export", path, "-o", out, "--fields", TICK, says="expected a recording")
        path.write_bytes((SHM / name).read_bytes()[:8192])
        self.expect(FAILED, "export", path, "-o", out, says="expected a whole segment")
        self.expect(FAILED, "export", directory, "-o", out, says="a regular file")
        self.expect(ABSENT, "export", directory / "none", "-o", out, says="no such file")
        self.assertFalse(out.exists())
        self.expect(OK, "snapshot", name, "-o", out)
        self.expect(USAGE, "export", out, "-o", out, "--force", says="an output file other than the input")
        self.assertEqual(len(np.load(out)), 3)
        self.expect(FAILED, "export", out, "-o", "/dev/full", "--format", "csv", says="'/dev/full'")

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

    def test_an_image_that_claims_more_than_it_holds_is_no_trap(self):
        name, directory = self.create_filled(3), self.directory()
        path = directory / "t.arena"
        for head, seqs in [
            (SLOTS, [5, SLOTS // 2, SLOTS - 1]),
            (SLOTS + SLOTS // 3, [SLOTS // 3, SLOTS - 2, SLOTS, SLOTS + SLOTS // 3 - 1]),
            (SLOTS * 1000 + 7, [SLOTS * 1000]),
            (SLOTS, []),
        ]:
            make_sparse((SHM / name).read_bytes(), path, head, seqs)
            out = directory / "out.npy"
            self.expect(OK, "export", path, "-o", out, "--force", says="found no value for")
            self.assertEqual(np.load(out)["_seq"].tolist(), seqs)
            self.expect(OK, "replay", path, self.create(), says=f"replayed {len(seqs)} value")
            self.run_tool("inspect", "--file", path)
            done = self.run_tool("check", "--file", path)
            self.assertIn(f"({len(seqs)} published, 0 being written, {min(head, SLOTS) - len(seqs)} holes)", done.stdout)

    def test_standard_input_and_output(self):
        name = self.create_filled(5)
        directory = self.directory()
        expected = self.expect(OK, "tail", name, "--format", "csv").stdout.encode()
        for form in ["npy", "arena", "csv", "ndjson"]:
            path = directory / f"t.{form}"
            self.expect(OK, "snapshot", name, "-o", path)
            arguments = ["export", "-", "-o", "-", "--format", "csv"] + ["--fields", TICK] * (form in ["csv", "ndjson"])
            self.assertEqual(self.expect(OK, *arguments, stdin=path.read_bytes()).stdout, expected)
            arguments[1] = "/proc/self/fd/0"
            self.assertEqual(self.expect(OK, *arguments, stdin=path.read_bytes()).stdout, expected)
            copy = self.create()
            self.expect(OK, "replay", "-", copy, *arguments[6:], stdin=path.read_bytes())
            self.assertEqual(self.expect(OK, "tail", copy, "--format", "csv", stdin=b"").stdout, expected)
        self.expect(USAGE, "replay", "-", copy, "--loop", stdin="", says="a file")
        self.expect(FAILED, "export", "-", "-o", "-", "--format", "csv", stdin="", says="an empty file")
        with (directory / "t.csv").open("a") as out:
            arguments = ["export", directory / "t.csv", "-o", "-", "--format", "csv", "--fields", TICK]
            self.expect(USAGE, *arguments, stdout=out, says="an output file other than the input")

    def test_texts_that_were_cut_off_yield_no_shortened_value(self):
        directory = self.directory()
        rows = [(1, 1.5, "AB"), (22, 22.5, "CD"), (333, 333.25, "EFG")]
        texts = {
            "csv": "ts,px,sym\n" + "".join(f"{ts},{px},{sym}\n" for ts, px, sym in rows),
            "q.csv": "ts,px,sym\n" + "".join(f'{ts},{px},"{sym}"\n' for ts, px, sym in rows),
            "seq.csv": "_seq,ts,px,sym\n" + "".join(f"{i},{row[0]},{row[1]},{row[2]}\n" for i, row in enumerate(rows)),
            "ndjson": "".join(json.dumps({"ts": ts, "px": px, "sym": sym}) + "\n" for ts, px, sym in rows),
            "seq.ndjson": "".join(
                json.dumps({"_seq": i, "ts": row[0], "px": row[1], "sym": row[2]}) + "\n" for i, row in enumerate(rows)
            ),
        }
        copy = self.create(slots=1 << 12)
        for form, text in texts.items():
            path, out = directory / f"t.{form}", directory / "out.npy"
            begin = text.index("\n") + 1 if "csv" in form else 1
            for size in range(begin, len(text), 3):
                path.write_text(text[:size])
                self.run_tool("export", path, "-o", out, "--fields", TICK, "--force")
                for found, row in zip(np.load(out), rows):
                    self.assertEqual((found["ts"], found["px"], found["sym"].decode()), row, text[:size])
        path.write_text(texts["csv"][:-3])
        self.expect(FAILED, "export", path, "-o", out, "--force", "--fields", TICK, says="refused line 4")
        with path.open() as file:
            done = subprocess.run([TOOL, "write", copy], stdin=file, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("refused line 4: expected a line end after the last line", done.stderr)
        self.expect(OK, "write", copy, stdin=texts["csv"][:-1], says="wrote 3 values")  # a pipe ends as it should

    def test_a_heading_that_is_not_understood_leaves_no_file(self):
        directory = self.directory()
        source, target = directory / "bad.csv", directory / "out.csv"
        source.write_text("ts,price\n1,2\n")
        self.expect(FAILED, "export", source, "-o", target, "--fields", "u64 ts, f64 px")
        self.assertFalse(target.exists())
        target.write_text("kept")
        self.expect(FAILED, "export", source, "-o", target, "--force", "--fields", "u64 ts, f64 px")
        self.assertEqual(target.read_text(), "kept")

    def test_names_with_delimiters_in_them_are_known_in_a_heading(self):
        directory = self.directory()
        schema = directory / "schema"
        names = ["a,b", "c;d", 'e"f']
        schema.write_text(json.dumps({"names": names, "formats": ["<u8"] * 3, "offsets": [0, 8, 16], "itemsize": 24}))
        name = self.name()
        self.expect(OK, "create", name, "--slots", 8, "--schema", schema)
        for number in range(5):
            line = json.dumps(dict.fromkeys(names, number))
            self.expect(OK, "write", name, "--format", "ndjson", stdin=line + "\n")
        source, target = directory / "a.csv", directory / "b.ndjson"
        text = self.expect(OK, "tail", name, "--from", 2, "--format", "csv").stdout
        for delimiter in ",;\t":
            heading, *rest = text.splitlines()
            quoted = delimiter.join(["_seq", '"a,b"', '"c;d"', '"e""f"'])
            self.assertTrue(delimiter != "," or heading.count(",") == quoted.count(","))
            source.write_text("\n".join([quoted, *[line.replace(",", delimiter) for line in rest]]) + "\n")
            self.expect(OK, "export", source, "-o", target, "--force", "--fields", schema.read_text())
            rows = [json.loads(line) for line in target.read_text().splitlines()]
            self.assertEqual(rows, [{"_seq": i} | dict.fromkeys(names, i) for i in range(2, 5)])
        source.write_text("1;2\n")
        fields = json.dumps({"names": ["c;d", "x"], "formats": ["<u8"] * 2, "offsets": [0, 8], "itemsize": 16})
        args = ["--header", "c;d,x", "--delimiter", ";", "--fields", fields]
        self.expect(OK, "export", source, "-o", target, "--force", *args)
        self.assertEqual(json.loads(target.read_text()), {"_seq": 0, "c;d": 1, "x": 2})


if __name__ == "__main__":
    unittest.main()
