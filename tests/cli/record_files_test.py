"""record: which files there are, how large they get, and what stands in the way."""

import pathlib
import resource
import signal
import subprocess
import unittest

from arena_cli import FAILED, OK, SHM, TOOL, USAGE
from recording import RecordCase, needs_numpy

try:
    import numpy as np
except ImportError:
    np = None


class RecordFilesTest(RecordCase):
    @needs_numpy
    def test_rotation_leaves_no_gap(self):
        name = self.create_filled(50, slots=64)
        directory = self.directory()
        header = 192
        done = self.expect(
            OK, "record", name, "-o", directory / "t.npy", "--max-size", header + 32 * 7, "--rotate", "--max-count", 50
        )
        self.assertIn("recorded 50, lost 0, ", done.stderr)
        self.assertTrue(done.stderr.endswith(", 8 files\n"), done.stderr)
        paths = [directory / "t.npy"] + [directory / f"t.{i}.npy" for i in range(1, 8)]
        self.assertEqual(sorted(directory.iterdir()), sorted(paths))
        parts = [np.load(path)["_seq"].tolist() for path in paths]
        self.assertEqual([len(part) for part in parts], [7] * 7 + [1])
        self.assertEqual(sum(parts, []), list(range(50)))

    def test_rotation_of_texts_keeps_each_below_the_size(self):
        name = self.create_filled(50, slots=64)
        directory = self.directory()
        self.expect(OK, "record", name, "-o", directory / "t.csv", "--max-size", 100, "--rotate", 3, "--max-count", 50)
        paths = sorted(directory.iterdir(), key=lambda path: int(path.name.split(".")[1]))
        self.assertEqual(len(paths), 3)
        lines = []
        for path in paths:
            self.assertLessEqual(path.stat().st_size, 100)
            heading, *rest = path.read_text().splitlines()
            self.assertEqual(heading, "_seq,ts,px,sym")
            lines += rest
        seqs = [int(line.split(",")[0]) for line in lines]
        self.assertEqual(seqs, list(range(seqs[0], 50)))

    def test_a_size_without_rotation_ends_it(self):
        name = self.create_filled(50, slots=64)
        path = self.directory() / "t.ndjson"
        self.expect(OK, "record", name, "-o", path, "--max-size", "1K", says=", 1 file\n")
        self.assertLessEqual(path.stat().st_size, 1024)
        self.assertGreater(path.stat().st_size, 900)
        self.assertTrue(path.read_text().endswith("}\n"))

    def test_what_exists_is_kept_unless_forced(self):
        name = self.create_filled(3)
        directory = self.directory()
        path = directory / "t.csv"
        path.write_text("precious")
        self.expect(FAILED, "record", name, "-o", path, "--max-count", 1, says=f"'{path}': expected no file")
        self.assertEqual(path.read_text(), "precious")
        self.expect(OK, "record", name, "-o", path, "--max-count", 1, "--force")
        self.assertEqual(len(path.read_text().splitlines()), 2)

    def test_rotation_goes_on_behind_the_files_that_are_there(self):
        name = self.create_filled(3)
        directory = self.directory()

        def names():
            return sorted(path.name for path in directory.iterdir())

        arguments = ["record", name, "-o", directory / "u.csv", "--max-count", 3, "--max-size", 30, "--rotate"]
        self.expect(OK, *arguments, says=", 3 files")
        self.assertEqual(names(), ["u.1.csv", "u.2.csv", "u.csv"])
        before = {path: path.read_text() for path in directory.iterdir()}
        self.expect(OK, *arguments, says=", 3 files")
        self.assertEqual(names(), ["u.1.csv", "u.2.csv", "u.3.csv", "u.4.csv", "u.5.csv", "u.csv"])
        for path, text in before.items():
            self.assertEqual(path.read_text(), text)
        for other in ["u.9.csv", "u.x.csv", "u.01.csv", "u.99999999999999999999.csv", "v.csv"]:
            (directory / other).write_text("precious")
        done = self.expect(OK, *arguments, 3, says=", 3 files, 7 of them removed")  # keeps the newest three
        left = ["u.01.csv", "u.10.csv", "u.11.csv", "u.12.csv", "u.99999999999999999999.csv", "u.x.csv", "v.csv"]
        self.assertEqual(names(), left, done.stderr)
        self.expect(OK, *arguments, "--force")
        self.assertEqual(names(), sorted([left[0], "u.1.csv", "u.2.csv", "u.csv", *left[4:]]))
        self.expect(USAGE, "record", name, "-o", "-", "--format", "csv", "--max-size", 30, "--rotate", says="--rotate")

    @needs_numpy
    def test_standard_output(self):
        name = self.create_filled(3)
        directory = self.directory()
        for verb in [["record", "--max-count", 3], ["snapshot"]]:
            for form in ["csv", "ndjson", "JSONL"]:
                done = self.expect(OK, *verb, name, "-o", "-", "--format", form, says="recorded 3, lost 0")
                printed = self.expect(OK, "tail", name, "--format", form.lower().replace("jsonl", "ndjson")).stdout
                self.assertEqual(done.stdout, printed)
            self.expect(USAGE, *verb, name, "-o", "-", says="--format")
        self.expect(USAGE, "record", name, "-o", "-", "--format", "npy", says="a regular file")
        done = self.expect(OK, "snapshot", name, "-o", "-", "--format", "npy", stdin=b"")
        self.expect(OK, "snapshot", name, "-o", directory / "t.NPY")
        self.assertEqual(done.stdout, (directory / "t.NPY").read_bytes())
        done = self.expect(OK, "export", "-", "-o", "-", "--format", "NPY", stdin=done.stdout)
        self.assertEqual(done.stdout, (directory / "t.NPY").read_bytes())
        done = self.expect(OK, "snapshot", name, "-o", "-", "--raw", stdin=b"")
        self.assertEqual(done.stdout, (SHM / name).read_bytes())
        self.expect(OK, "snapshot", name, "-o", directory / "t.ARENA", says="saved")
        for form in ["jsonl", "CSV", "NDJSON"]:
            self.expect(OK, "snapshot", name, "-o", directory / f"t.{form}")
        self.assertEqual(self.run_tool("tail", name, "--format", "csv").stdout, (directory / "t.CSV").read_text())
        self.assertFalse(pathlib.Path("-").exists())

    def test_a_closed_pipe_ends_it_also_when_nothing_comes(self):
        name = self.create_filled(3)
        recorder = self.start("record", name, "-o", "-", "--format", "csv")
        self.assertEqual(recorder.stdout.readline(), "_seq,ts,px,sym\n")
        recorder.stdout.close()
        self.assertEqual(recorder.wait(timeout=30), OK)

    def test_a_full_disk_is_an_error_that_names_the_file(self):
        name = self.create_filled(3)
        done = self.expect(FAILED, "record", name, "-o", "/dev/full", "--format", "csv", says="'/dev/full'")
        self.assertIn("No space left on device", done.stderr)

    @needs_numpy
    def test_what_was_recorded_before_the_disk_was_full_is_safe(self):
        name = self.create_filled(1000, slots=1024)

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

        directory = self.directory()
        done = self.expect(FAILED, "record", name, "-o", directory / "t.npy", preexec_fn=limit, says="t.npy'")
        array = np.load(directory / "t.npy")
        self.assertEqual(array["_seq"].tolist(), list(range((10_000 - 192) // 32)))
        self.assertIn(f"recorded {len(array)}, lost 0, ", done.stderr)
        self.assertEqual((directory / "t.npy").stat().st_size, 192 + 32 * len(array))
        done = self.expect(FAILED, "record", name, "-o", directory / "t.csv", preexec_fn=limit, says="t.csv'")
        lines = (directory / "t.csv").read_text()
        self.assertTrue(lines.endswith("\n"))
        self.assertIn(f"recorded {len(lines.splitlines()) - 1}, lost 0, ", done.stderr)

    def test_a_closed_pipe_ends_it_silently(self):
        name = self.create_filled(5000, slots=5000)
        command = f"'{TOOL}' record {name} -o /dev/stdout --format csv | head -n 2"
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, "_seq,ts,px,sym\n0,0,0.0,S0\n")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.expect(USAGE, "record", name, "-o", "/dev/stdout", "--format", "npy", says="a regular file")


if __name__ == "__main__":
    unittest.main()
