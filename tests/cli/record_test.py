"""record: following into files, and what is in them when it ends, however it ends."""

import json
import os
import pathlib
import pty
import re
import resource
import signal
import struct
import subprocess
import threading
import unittest

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, LOST, OK, SHM, TOOL, USAGE, CliTest
from segment_pokes import Pokes

try:
    import numpy as np
except ImportError:
    np = None
try:
    import pandas as pd
except ImportError:
    pd = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")
RECORD = struct.Struct("<Qd4s4x")


class RecordTest(Pokes, CliTest):
    def write(self, name, first, count):
        records = b"".join(RECORD.pack(i, i / 2, b"S%d" % (i % 10)) for i in range(first, first + count))
        self.expect(OK, "write", name, "--format", "raw", stdin=records)

    def stop(self, recorder, code=OK, number=signal.SIGINT):
        """Ends a recorder; returns what it said on standard error."""
        recorder.send_signal(number)
        _, err = recorder.communicate(timeout=30)
        self.assertEqual(recorder.returncode, code, err)
        return err

    def rows_on_disk(self, path):
        return len(np.load(path)) if path.exists() and path.stat().st_size > 0 else 0

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

    @needs_numpy
    def test_follows_until_a_signal_and_the_file_grows_meanwhile(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            name = self.create_filled(3, slots=64)
            path = self.directory() / "t.npy"
            recorder = self.start("record", name, "-o", path)
            self.eventually(lambda: self.rows_on_disk(path) == 3)
            self.write(name, 3, 7)
            self.eventually(lambda: self.rows_on_disk(path) == 10)
            self.assertRegex(self.stop(recorder, number=number), r"^arena-shm: recorded 10, lost 0, \d+ B, 1 file\n$")
            self.assertEqual(np.load(path)["ts"].tolist(), list(range(10)))

    @needs_numpy
    def test_an_empty_ring_makes_an_empty_array(self):
        name = self.create()
        path = self.directory() / "t.npy"
        self.expect(OK, "record", name, "-o", path, "--max-duration", "100ms", says="recorded 0, lost 0")
        array = np.load(path)
        self.assertEqual((len(array), array.dtype.names), (0, ("_seq", "ts", "px", "sym")))

    @needs_numpy
    def test_begins_where_asked_to(self):
        name = self.create_filled(20)
        for arguments, code, seqs in [
            ([], OK, list(range(12, 20))),
            (["--from", "newest"], OK, []),
            (["--from", 15], OK, [15, 16, 17, 18, 19]),
            (["--from", 10], LOST, list(range(12, 20))),
        ]:
            with self.subTest(arguments=arguments):
                path = self.directory() / "t.npy"
                done = self.expect(code, "record", name, "-o", path, *arguments, "--max-duration", "100ms")
                self.assertEqual(np.load(path)["_seq"].tolist(), seqs)
        self.assertIn("gap: 10..11 (2 overwritten)\n", done.stderr)
        self.assertIn("recorded 8, lost 2 in 1 gap, ", done.stderr)

    @needs_numpy
    def test_a_stopped_recorder_tells_exactly_what_is_missing(self):
        name = self.create_filled(2)
        path = self.directory() / "t.npy"
        recorder = self.start("record", name, "-o", path)
        self.eventually(lambda: self.rows_on_disk(path) == 2)
        for first in [2, 102]:
            recorder.send_signal(signal.SIGSTOP)
            self.write(name, first, 100)
            recorder.send_signal(signal.SIGCONT)
            self.eventually(lambda: np.load(path)["_seq"][-1] == first + 99)
        err = self.stop(recorder, LOST)
        seqs = np.load(path)["_seq"].tolist()
        missing = sorted(set(range(202)) - set(seqs))
        told = []
        for first, last, count in re.findall(r"^gap: (\d+)\.\.(\d+) \((\d+) overwritten\)$", err, re.M):
            self.assertEqual(int(count), int(last) - int(first) + 1)
            told += range(int(first), int(last) + 1)
        self.assertGreater(len(missing), 100)
        self.assertEqual(told, missing)
        self.assertIn(f"recorded {len(seqs)}, lost {len(missing)} in 2 gaps, ", err)

    @needs_numpy
    def test_each_cause_of_a_loss_is_told_with_its_seqs(self):
        name = self.create_filled(2)
        path = self.directory() / "t.npy"
        recorder = self.start("record", name, "-o", path)
        self.eventually(lambda: self.rows_on_disk(path) == 2)
        self.poke_control(SHM / name, head=4)  # 2 and 3 were handed out, to nobody who lives
        self.write(name, 4, 1)
        self.eventually(lambda: self.rows_on_disk(path) == 3)
        recorder.send_signal(signal.SIGSTOP)
        self.write(name, 5, 20)  # 5 to 24: eight are left
        recorder.send_signal(signal.SIGCONT)
        self.eventually(lambda: self.rows_on_disk(path) == 11)
        self.start_writer(name)  # writes 25, and lives
        self.eventually(lambda: self.rows_on_disk(path) == 12)
        seat = next(row["seat"] for row in self.objects("seats", name) if row["holder"] == "alive")
        self.poke_claim(SHM / name, seat, "writing", 26)  # and seems to be stopped in the middle of 26
        self.poke_control(SHM / name, head=27)
        self.write(name, 27, 1)
        self.eventually(lambda: self.rows_on_disk(path) == 13)
        err = self.stop(recorder, LOST)
        self.assertEqual(np.load(path)["_seq"].tolist(), [0, 1, 4, *range(17, 26), 27])
        self.assertEqual(
            re.findall(r"^gap: (.*)$", err, re.M),
            ["2..3 (2 holes)", "5..16 (12 overwritten)", "26..26 (1 passed over)"],
        )
        self.assertIn("recorded 13, lost 15 in 3 gaps, ", err)

    @needs_numpy
    def test_a_recording_cut_off_by_a_kill_has_whole_records(self):
        name = self.create(slots=1 << 14)
        path = self.directory() / "t.npy"
        recorder = self.start("record", name, "-o", path)
        writer = self.start("write", name, "--format", "raw", stdin=subprocess.PIPE)

        def feed():
            try:
                for i in range(1 << 20):
                    writer.stdin.buffer.write(RECORD.pack(i, i / 2, b"S%d" % (i % 10)))
            except OSError:
                pass

        feeder = threading.Thread(target=feed)
        feeder.start()
        self.eventually(lambda: path.exists() and path.stat().st_size > 1 << 20)
        recorder.kill()
        recorder.wait()
        writer.kill()
        feeder.join()
        array = np.load(path)
        self.assertGreater(len(array), 0)
        with open(path, "rb") as file:
            np.lib.format.read_magic(file)
            _, _, dtype = np.lib.format.read_array_header_1_0(file)
            offset = file.tell()
        whole = (path.stat().st_size - offset) // dtype.itemsize
        self.assertGreaterEqual(whole, len(array))
        mapped = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=(whole,))
        self.assertTrue((np.diff(mapped["_seq"].astype(np.int64)) > 0).all())
        self.assertTrue((mapped["px"] == mapped["ts"] / 2).all())
        self.assertTrue((mapped["sym"] == np.char.add(b"S", (mapped["ts"] % 10).astype("S1"))).all())

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

    def test_progress_is_for_terminals(self):
        name = self.create_filled(3)
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        recorder = self.start("record", name, "-o", self.directory() / "t.csv", stderr=follower)
        os.close(follower)
        text = b""
        while b"recorded 3, lost 0" not in text:
            text += os.read(leader, 1000)
        self.assertIn(b"\r", text)
        recorder.send_signal(signal.SIGINT)
        recorder.wait(timeout=30)

    def test_mistakes_are_named(self):
        name = self.create_filled(1)
        directory = self.directory()
        self.expect(ABSENT, "record", "no-such-arena", "-o", directory / "t.npy", says="no-such-arena")
        self.expect(USAGE, "record", name, says="--output is required")
        self.expect(USAGE, "record", name, "-o", directory / "t.parquet", says=".npy, .csv or .ndjson")
        self.expect(FAILED, "record", name, "-o", directory / "none" / "t.npy", says="No such file or directory")
        self.expect(USAGE, "record", name, "-o", directory / "t.npy", "--rotate", says="--max-size")
        self.expect(USAGE, "record", name, "-o", directory / "t.npy", "--max-duration", "5")
        self.expect(USAGE, "record", name, "-o", directory / "t.npy", "--max-duration", "0s")
        self.expect(USAGE, "record", name, "-o", directory / "t.npy", "--max-size", "-1")
        self.assertEqual(list(directory.iterdir()), [])

    def test_needs_read_permission_only(self):
        name = self.create_filled(3)
        os.chmod(SHM / name, 0o444)
        directory = self.directory()
        os.chmod(directory, 0o777)
        self.expect(OK, "record", name, "-o", directory / "t.csv", "--max-count", 3, **self.as_nobody())


if __name__ == "__main__":
    unittest.main()
