"""record: following into files, and what is in them when it ends, however it ends."""

import os
import pty
import re
import signal
import subprocess
import threading
import unittest

from arena_cli import ABSENT, FAILED, LOST, OK, SHM, USAGE
from recording import RECORD, RecordCase, needs_numpy

try:
    import numpy as np
except ImportError:
    np = None


class RecordTest(RecordCase):
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
        self.expect(USAGE, "record", name, "-o", directory / "t.parquet", says=".npy, .csv, .ndjson, .arrows or .mcap")
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
