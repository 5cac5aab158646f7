"""record: what is in the files, in each format."""

import json
import unittest

from arena_cli import INCOMPATIBLE, OK
from recording import RecordCase, needs_numpy

try:
    import numpy as np
except ImportError:
    np = None

try:
    import pandas as pd
except ImportError:
    pd = None


class RecordFormatsTest(RecordCase):
    @needs_numpy
    def test_npy_has_every_field_as_it_is_in_memory(self):
        name = self.create(fields="u8 a, f64 b, s5 text, i16 c, f32[2][3] m, bool on, char d, u64[2] e", slots=4)
        value = {
            "a": 255,
            "b": 0.1,
            "text": 'é,"',
            "c": -2,
            "m": [[1, 2, 3], [4, 5, 6.5]],
            "on": True,
            "d": "x",
            "e": [2**64 - 1, 0],
        }
        self.expect(OK, "write", name, stdin=(json.dumps(value) + "\n") * 2)
        path = self.directory() / "all.npy"
        done = self.expect(OK, "record", name, "-o", path, "--max-count", 2)
        self.assertRegex(done.stderr, r"^arena-shm: recorded 2, lost 0, \d+ B, 1 file\n$")
        array = np.load(path)
        self.assertEqual(array.dtype.names, ("_seq", "a", "b", "text", "c", "m", "on", "d", "e"))
        self.assertEqual(array["_seq"].tolist(), [0, 1])
        row = array[1]
        self.assertEqual((row["a"], row["b"], row["c"], row["on"]), (255, 0.1, -2, True))
        self.assertEqual(row["text"].decode(), 'é,"')
        self.assertEqual(row["d"], b"x")
        self.assertEqual(row["m"].tolist(), value["m"])
        self.assertEqual(row["e"].tolist(), value["e"])
        self.assertEqual(array["m"].dtype, np.dtype("<f4"))

    @needs_numpy
    def test_names_may_be_any_text(self):
        schema = self.directory() / "schema.json"
        names = ["it's", "größe", "a\\b"]
        fields = {"names": names, "formats": ["<u4", "<u2", "u1"], "offsets": [8, 0, 2], "itemsize": 16}
        schema.write_text(json.dumps(fields))
        name = self.name()
        self.expect(OK, "create", name, "--slots", 2, "--schema", schema)
        self.expect(OK, "write", name, stdin=json.dumps({"it's": 1, "größe": 2, "a\\b": 3}))
        path = self.directory() / "names.npy"
        self.expect(OK, "record", name, "-o", path, "--max-count", 1)
        array = np.load(path)
        self.assertEqual(array.dtype.itemsize, 8 + 16)
        self.assertEqual({key: int(array[key][0]) for key in names}, {"it's": 1, "größe": 2, "a\\b": 3})

    @needs_numpy
    def test_many_fields_need_a_longer_header(self):
        name = self.create(fields=", ".join(f"u8 {'f' * 40}{i}" for i in range(1500)), slots=2)
        self.expect(OK, "write", name, "--format", "raw", stdin=bytes(i % 256 for i in range(1500)))
        path = self.directory() / "many.npy"
        self.expect(OK, "record", name, "-o", path, "--max-count", 1)
        array = np.load(path, max_header_size=1 << 20)
        self.assertEqual(array["f" * 40 + "1234"].tolist(), [1234 % 256])

    @needs_numpy
    def test_without_schema_the_record_is_bytes(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 4, "--size", 12)
        self.expect(OK, "write", name, "--format", "raw", stdin=bytes(range(24)))
        path = self.directory() / "raw.npy"
        self.expect(OK, "record", name, "-o", path, "--max-count", 2)
        array = np.load(path)
        self.assertEqual(array.dtype["record"], np.dtype("V12"))
        self.assertEqual([bytes(row) for row in array["record"]], [bytes(range(12)), bytes(range(12, 24))])
        csv = path.with_suffix(".csv")
        self.expect(INCOMPATIBLE, "record", name, "-o", csv, "--max-count", 2, says="--as")
        self.assertFalse(csv.exists())
        self.expect(OK, "record", name, "-o", csv, "--max-count", 2, "--as", "u8[12] b")
        self.assertEqual(len(csv.read_text().splitlines()), 1 + 2)

    def test_csv_and_ndjson_are_what_tail_prints(self):
        name = self.create_filled(5)
        for form in ["csv", "ndjson"]:
            path = self.directory() / f"t.{form}"
            self.expect(OK, "record", name, "-o", path, "--max-count", 5)
            printed = self.expect(OK, "tail", name, "--from", "oldest", "--format", form).stdout
            self.assertEqual(path.read_text(), printed)
            other = self.directory() / "no-extension"
            self.expect(OK, "record", name, "-o", other, "--format", form, "--max-count", 5)
            self.assertEqual(other.read_text(), printed)

    @unittest.skipIf(pd is None, "python3-pandas is not installed")
    def test_pandas_reads_all_three(self):
        name = self.create_filled(5)
        directory = self.directory()
        for form in ["npy", "csv", "ndjson"]:
            self.expect(OK, "record", name, "-o", directory / f"t.{form}", "--max-count", 5)
        frames = [
            pd.DataFrame(np.load(directory / "t.npy")),
            pd.read_csv(directory / "t.csv"),
            pd.read_json(directory / "t.ndjson", lines=True),
        ]
        for frame in frames:
            self.assertEqual(frame["px"].tolist(), [0, 0.5, 1, 1.5, 2])
            self.assertEqual(frame["_seq"].tolist(), list(range(5)))


if __name__ == "__main__":
    unittest.main()
