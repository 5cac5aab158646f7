"""Arrow streams: what is in them, that the tool reads them back, and that apache-arrow does."""

import json
import re
import unittest

from arena_cli import FAILED, INCOMPATIBLE, LOST, OK, USAGE
from describing import SCHEMA, DescribingCase, float_bits, record
from recording import needs_numpy

try:
    import numpy as np
except ImportError:
    np = None


class ArrowTest(DescribingCase):
    @needs_numpy
    def test_the_tool_reads_back_what_it_wrote_byte_for_byte(self):
        name, directory = self.create_described(), self.directory()
        self.write_described(name, 50)
        self.expect(OK, "snapshot", name, "-o", directory / "t.arrows")
        self.expect(OK, "snapshot", name, "-o", directory / "t.npy")
        self.expect(OK, "export", directory / "t.arrows", "-o", directory / "back.npy")
        wrote, read = np.load(directory / "t.npy"), np.load(directory / "back.npy")
        self.assertEqual(wrote.dtype, read.dtype)
        for field in wrote.dtype.names:
            self.assertEqual(wrote[field].tobytes(), read[field].tobytes(), field)
        self.expect(OK, "export", directory / "t.arrows", "-o", directory / "again.arrows")
        self.assertEqual((directory / "t.arrows").read_bytes(), (directory / "again.arrows").read_bytes())

    def test_a_stream_is_replayed_with_enums_units_and_the_time_field(self):
        name, directory = self.create_described(), self.directory()
        self.write_described(name, 20)
        self.expect(OK, "record", name, "-o", directory / "t.arrows", "-n", 20)
        copy = self.name()
        self.expect(OK, "replay", directory / "t.arrows", copy, "--create", "--slots", 32, "--speed", "max")
        printed = [self.expect(OK, "tail", ring, "--from", 0, "--format", "ndjson").stdout for ring in (name, copy)]
        self.assertEqual(*printed)
        schema = self.objects("inspect", copy)[0]
        self.assertIn('"USD"', json.dumps(schema))
        self.expect(OK, "replay", directory / "t.arrows", name, "--speed", "max", says="replayed 20 values")

    def test_apache_arrow_reads_every_value(self):
        name, path = self.create_described(), self.directory() / "t.arrows"
        self.write_described(name, 50)
        self.expect(OK, "snapshot", name, "-o", path)
        seen = self.node("read_arrow.mjs", path)
        self.assertEqual(seen["batches"], [{"rows": 50}, {"rows": 0}])
        note = {key.removeprefix("arena_shm."): value for key, value in seen["metadata"].items()}
        self.assertEqual(note["arena"], name)
        self.assertEqual(note["time_field"], "ts")
        self.assertEqual(json.loads(note["schema"])["metadata"], SCHEMA["metadata"])
        self.assertEqual(note["epoch"], self.objects("inspect", name)[0]["epoch"])
        fields = {field["name"]: field for field in seen["fields"]}
        self.assertEqual(fields["g"]["metadata"]["unit"], "USD")
        self.assertEqual(fields["ts"]["metadata"]["time"], "true")
        self.assertEqual(fields["side"]["type"], "Dictionary<Int32, Utf8>")
        self.assertEqual(list(fields)[0], "_seq")
        for i, row in enumerate(seen["rows"]):
            raw = record(i)
            expected = {
                "_seq": str(i), "ts": str(1_700_000_000_000_000_000 + i), "a8": ["-128", "127", "0"][i % 3],
                "b16": str([-32768, 32767, i][i % 3]), "c32": str([-(2**31), 2**31 - 1, i][i % 3]),
                "d64": str([-(2**63), 2**63 - 1, 2**53 + 1][i % 3]), "ua": str([2**64 - 1, 2**53 + 1, 0][i % 3]),
                "f": float_bits([float("nan"), float("inf"), -0.0, 1.401298464324817e-45][i % 4]),
                "g": float_bits([float("-inf"), 5e-324, 1.7976931348623157e308, 0.1][i % 4]),
                "on": i % 2 == 1, "sym": raw[49:54].hex(), "side": ["buy", "sell", "200"][i % 3],
                "pos": {"x": float_bits(i), "y": float_bits(i + 1 / 8)},
                "legs[0]": {"px": float_bits(i + 2 / 8)}, "legs[1]": {"px": float_bits(i + 3 / 8)},
                "m": [[float_bits(i + (4 + 3 * r + c) / 8) for c in range(3)] for r in range(2)],
                "texts": [b"abc".hex(), b"x\0\0".hex()], "bits": [True, False, i % 2 == 1],
                "sides": ["up", "down", "up" if i % 128 == 1 else str(i % 128)],
                "w": ["big", "7", "-5", "small"][i % 4], "_gap": None,
            }
            self.assertEqual(row, expected)

    def test_what_apache_arrow_writes_again_is_the_same(self):
        name, directory = self.create_described(), self.directory()
        self.write_described(name, 30)
        self.expect(OK, "snapshot", name, "-o", directory / "t.arrows")
        self.node("rewrite_arrow.mjs", directory / "t.arrows", directory / "u.arrows")
        self.assertEqual(self.lines(directory / "t.arrows"), self.lines(directory / "u.arrows"))
        self.expect(OK, "replay", directory / "u.arrows", name, "--speed", "max")

    def test_streams_of_others_are_read_where_columns_have_a_fixed_size(self):
        path = self.directory() / "t.arrow"
        self.node("make_arrow.mjs", path)
        self.assertEqual(self.lines(path), [
            '{"_seq":0,"t":1,"half":1.5,"x":0.1,"ok":true,"pair":[1,2]}',
            '{"_seq":1,"t":-2,"half":-0.25,"x":null,"ok":false,"pair":[3,4]}',
            '{"_seq":2,"t":3,"half":65504.0,"x":3.0,"ok":true,"pair":[5,6]}',
        ])
        self.node("make_arrow.mjs", path, "texts")
        self.expect(INCOMPATIBLE, "export", path, "-o", "-", "--format", "csv", says="texts of any length in column 'name'")
        self.node("make_arrow.mjs", path, "nulls")
        self.expect(FAILED, "export", path, "-o", "-", "--format", "csv", says="a value in each row of column 'n'")

    def test_gaps_are_in_the_file_for_programs_and_for_people(self):
        name, directory = self.create_filled(20, slots=8), self.directory()
        done = self.expect(LOST, "record", name, "-o", directory / "t.arrows", "--from", 0, "-n", 8)
        self.assertIn("gap: 0..11 (12 overwritten)", done.stderr)
        note = b'[{"cause":"overwritten","count":12,"first":0,"last":11,"row":0,"step":1}]'
        self.assertIn(note, (directory / "t.arrows").read_bytes())
        self.expect(OK, "export", directory / "t.arrows", "-o", directory / "u.arrows")
        self.assertIn(note, (directory / "u.arrows").read_bytes())
        seen = self.node("read_arrow.mjs", directory / "u.arrows")
        self.assertEqual([row["_gap"] for row in seen["rows"]], ["gap: 0..11 (12 overwritten)"] + [None] * 7)

    def test_a_record_without_schema_is_bytes(self):
        name, directory = self.name(), self.directory()
        self.expect(OK, "create", name, "--slots", 4, "--size", 12)
        self.expect(OK, "write", name, "--format", "raw", stdin=bytes(range(24)))
        self.expect(OK, "snapshot", name, "-o", directory / "t.arrows")
        self.expect(OK, "export", directory / "t.arrows", "-o", directory / "t.npy")
        self.expect(OK, "snapshot", name, "-o", directory / "u.npy")
        self.assertEqual((directory / "t.npy").read_bytes(), (directory / "u.npy").read_bytes())
        self.expect(OK, "export", directory / "t.arrows", "-o", directory / "t.csv", "--fields", "u8[12] b")

    def test_a_stream_goes_through_a_pipe(self):
        name = self.create_filled(5)
        bytes_ = self.expect(OK, "snapshot", name, "-o", "-", "--format", "arrows", stdin=b"").stdout
        done = self.expect(OK, "export", "-", "-o", "-", "--format", "csv", stdin=bytes_)
        self.assertEqual(done.stdout.decode().splitlines()[:2], ["_seq,ts,px,sym", "0,0,0.0,S0"])

    def test_a_batch_that_is_missing_is_noticed(self):
        name, path = self.create_filled(6), self.directory() / "t.arrows"
        self.expect(OK, "snapshot", name, "-o", path)
        whole = path.read_bytes()
        begins = [match.start() for match in re.finditer(rb"\xff\xff\xff\xff[^\xff]{3}\0", whole)]
        self.assertEqual(len(begins), 4, "schema, rows, the end's count, the end")
        path.write_bytes(whole[:begins[2]])
        self.assertEqual(len(self.lines(path, says="has no end: it is being written, or was cut off; taking the 6 rows")), 6)
        path.write_bytes(whole[:begins[1]] + whole[begins[2]:])
        self.assertEqual(self.lines(path, code=LOST, says="6 rows missing in front of row 6"), [])
        path.write_bytes(whole[:begins[2] - 8])
        self.assertEqual(self.lines(path, code=LOST, says="cut off in a batch of 6 rows"), [])

    def test_a_file_that_is_no_stream_is_refused(self):
        path = self.directory() / "t.arrows"
        for data in [b"\xff\xff\xff\xff", b"\xff\xff\xff\xff\0\0\0\0", b"\xff\xff\xff\xff\x10\0\0\0" + b"\x01" * 16,
                     b"\xff" * 12, b"\xff" * 4000, b"\xff\xff\xff\xff\xf0\xff\xff\x7f" + b"\0" * 100]:
            path.write_bytes(data)
            self.expect(FAILED, "export", path, "-o", "-", "--format", "csv", says="expected an Arrow stream")

    def test_a_consumer_cannot_go_on_in_a_file_that_ends_with_an_account(self):
        name = self.create("--lossless")
        for form in ["arrows", "mcap"]:
            path = self.directory() / f"t.{form}"
            self.expect(USAGE, "record", name, "-o", path, "--consumer", "c", says="choose such a file; 'export'")
            self.assertFalse(path.exists())


if __name__ == "__main__":
    unittest.main()
