"""record --consumer: what is continued, what is refused, and what is said."""

import fcntl
import signal
import unittest

from arena_cli import FAILED, INCOMPATIBLE, LOST, OK, USAGE
from consuming import RecordingConsumerTest

try:
    import numpy as np
except ImportError:
    np = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")
FORMATS = ["npy", "csv", "ndjson"] if np else ["csv", "ndjson"]


class ConsumeRecordTest(RecordingConsumerTest):
    def test_half_a_row_is_cut_off(self):
        for form in FORMATS:
            row = self.row_bytes(form, 5, 5)
            for length in [1, len(row) // 2, len(row) - 1]:
                with self.subTest(form=form, length=length):
                    name = self.lossless(slots=16)
                    self.write(name, 0, 10)
                    path = self.directory() / f"t.{form}"
                    self.record(name, path, "-n", 5, says="recorded 5, lost 0")
                    self.append(path, row[:length])
                    self.record(name, path, says=f"going on in '{path}' behind _seq 4; removed {length} byte")
                    self.assert_values(path, range(10))

    def test_half_a_row_with_the_end_of_a_line_in_a_cell_is_cut_off(self):
        for seconds in ['5,0,5,"a\n', '5,0,5,"a\nb', '5,0,5,"""\n\n']:
            name = self.lossless("text", slots=16)
            values = "".join('{"who":0,"n":%d,"s":"\\n\\"%d"}\n' % (n, n) for n in range(8))
            self.expect(OK, "write", name, stdin=values)
            path = self.directory() / "t.csv"
            self.record(name, path, "-n", 5)
            before = path.read_bytes()
            self.append(path, seconds.encode())
            self.record(name, path, says=f"removed {len(seconds)} bytes")
            whole = self.expect(OK, "tail", name, "--format", "csv", "--from", "oldest").stdout
            self.assertEqual(path.read_text(), whole)
            self.assertTrue(path.read_bytes().startswith(before))

    def test_rows_that_were_not_released_are_not_written_again(self):
        for form in FORMATS:
            for there, then in [([5, 6], range(10)), ([6, 7], [0, 1, 2, 3, 4, 6, 7, 5, 8, 9])]:
                with self.subTest(form=form, there=there):
                    name = self.lossless(slots=16)
                    self.write(name, 0, 10)
                    path = self.directory() / f"t.{form}"
                    self.record(name, path, "-n", 5)
                    self.append(path, b"".join(self.row_bytes(form, n, n) for n in there))
                    self.record(name, path, says="recorded 3, lost 0")
                    self.assert_values(path, then)
                    self.write(name, 10, 16)  # all was released
                    self.record(name, path, says="recorded 16, lost 0")

    def test_a_file_of_another_arena_is_refused(self):
        for form in FORMATS:
            with self.subTest(form=form):
                name, other = self.lossless(slots=16), self.lossless(slots=16)
                self.write(name, 0, 10)
                self.write(other, 100, 6)
                path = self.directory() / f"t.{form}"
                self.record(name, path, "-n", 5)
                before = self.rows(path)
                self.record(other, path, code=USAGE, says="keeps the place of a durable consumer 'rec'")
                self.record(other, path.with_name("u." + form), "-n", 2)
                self.record(other, path, code=INCOMPATIBLE, says="the row of _seq 2 as it is now")
                self.record(name, path, "-n", 3)
                self.record(other, path, code=INCOMPATIBLE, says="a row of _seq 6: of another arena")
                self.assertEqual(self.rows(path)[:5], before)
                self.record(other, path.with_name("u." + form), says="recorded 4, lost 0")

    def test_a_file_of_other_things_is_refused(self):
        name = self.lossless()
        for file, content in [("t.npy", b"precious" * 100), ("t.csv", b"_seq,a,b\n1,2,3\n"), ("t.csv", b"precious"),
                              ("t.ndjson", b'{"a":1}\n')]:
            path = self.directory() / file
            path.write_bytes(content)
            code = USAGE if file == "t.ndjson" else INCOMPATIBLE
            self.record(name, path, code=code, says=f"'{path}'")
            self.assertEqual(path.read_bytes(), content)
        self.record(name, self.directory() / "t.csv", "-n", 0)
        path.write_bytes(b'{"a":1}\n')
        self.record(name, path, code=FAILED, says="rows that begin with _seq")
        self.assertEqual(path.read_bytes(), content)

    def test_part_of_a_heading_is_begun_anew(self):
        for form in FORMATS:
            name = self.lossless()
            self.write(name, 0, 3)
            path = self.directory() / f"t.{form}"
            self.record(name, path, "-n", 0)
            heading = path.read_bytes()
            for length in {0, 1, max(len(heading) - 1, 0)}:
                path.write_bytes(heading[:length])
                self.record(name, path, "-n", 1)
            self.assertEqual(len(self.rows(path)), 1)

    def test_what_cannot_be_continued_is_refused(self):
        name = self.lossless()
        directory = self.directory()
        self.record(name, "-", "--format", "csv", code=USAGE, says="a regular file")
        self.record(name, "/dev/null", "--format", "csv", code=USAGE, says="a regular file")
        self.record(name, directory / "t.csv", "--max-size", "1M", "--rotate", code=USAGE, says="--rotate")
        self.record(name, directory / "t.csv", "-F", code=USAGE, says="--follow-name")
        self.record(name, directory / "t.csv", "--since", "1s", code=USAGE, says="--since")
        self.record(name, directory / "none" / "t.csv", code=FAILED, says="No such file or directory")
        self.record(name, directory / "t.parquet", code=USAGE, says=".npy, .csv, .ndjson, .arrows or .mcap")
        with open(directory / "locked.csv", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.record(name, file.name, code=FAILED, says="another process that has it locked")
        self.write(name, 0, 100)  # nobody has been left who would be waited for

    def test_a_refused_consumer_leaves_no_file(self):
        name = self.lossless(consumers=1)
        directory = self.directory()
        recorder = self.start("record", name, "-o", directory / "t.csv", "--consumer", "rec")
        self.eventually(lambda: (directory / "t.csv").exists())
        self.eventually(lambda: "rec" in self.run_tool("tail", name, "--consumer", "x").stderr)
        self.record(name, directory / "u.csv", code=FAILED, says="'rec', which process")
        self.record(name, directory / "u.csv", code=FAILED, consumer="x", says="a free place among 1")
        self.assertEqual([path.name for path in directory.iterdir()], ["t.csv"])
        _, err = self.end(recorder, OK, signal.SIGTERM)
        self.assertIn(f"if it is not to come back: arena-shm consumers {name} --remove rec\n", err)

    def test_a_full_file_keeps_what_does_not_fit_for_the_next_run(self):
        for form in FORMATS:
            name = self.lossless(slots=32)
            self.write(name, 0, 20)
            path = self.directory() / f"t.{form}"
            self.record(name, path, "-n", 0)
            size = path.stat().st_size + len(b"".join(self.row_bytes(form, n, n) for n in range(7)))
            for _ in range(3):
                self.record(name, path, "--max-size", size)
                self.assert_values(path, range(7))
            self.record(name, path, says="recorded 13, lost 0")
            self.assert_values(path, range(20))

    def test_another_file_goes_on_behind_the_first(self):
        name = self.lossless(slots=16)
        self.write(name, 0, 10)
        directory = self.directory()
        self.record(name, directory / "a.csv", "-n", 3)
        self.record(name, directory / "b.csv", "-n", 4)
        self.assert_values(directory / "b.csv", range(3, 7))
        self.record(name, directory / "a.csv", says="the values 3..6 are not in '")
        self.assert_values(directory / "a.csv", [0, 1, 2, 7, 8, 9])
        self.write(name, 10, 2)
        self.record(name, directory / "a.csv", "--force", "-n", 2)
        self.assert_values(directory / "a.csv", [10, 11])

    def test_an_evicted_recorder_says_what_is_missing(self):
        name = self.lossless(patience_ms=200)
        path = self.directory() / "t.csv"
        self.record(name, path, "-n", 0)
        self.end(self.start_writing(name, 0, 50), OK)
        err = self.record(name, path, code=LOST, says="lost 42 in 1 gap")
        self.assertIn("gap: 0..41 (42 overwritten)\n", err)
        self.assert_values(path, range(42, 50))

    @needs_numpy
    def test_times_are_kept_and_do_not_matter_to_repeats(self):
        name = self.lossless("time", slots=16, lanes=2)
        self.write(name, 0, 10)
        for form in FORMATS:
            path = self.directory() / f"t.{form}"
            self.record(name, path, "-n", 5, consumer=form)
            whole = self.directory() / f"w.{form}"
            self.expect(OK, "record", name, "-o", whole, "--max-duration", "100ms")
            if form == "npy":
                self.append(path, np.load(whole)[5:7].tobytes())
            else:
                lines = whole.read_bytes().splitlines(keepends=True)
                self.append(path, b"".join(lines[5 + (form == "csv"):][:2]))
            self.record(name, path, consumer=form, says="recorded 3, lost 0")
            rows = np.load(path).tolist() if form == "npy" else path.read_text().splitlines()
            self.assertEqual(len(rows), 11 if form == "csv" else 10)


if __name__ == "__main__":
    unittest.main()
