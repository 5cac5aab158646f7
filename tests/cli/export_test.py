"""export: recordings and saved segments, from one format to another."""

import json
import subprocess
import unittest

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, OK, SHM, TICK, TOOL, USAGE
from exporting import FIELDS, ExportCase, needs_numpy
from hostile_image import SLOTS, make_sparse

try:
    import numpy as np
except ImportError:
    np = None


@needs_numpy
class ExportTest(ExportCase):
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
