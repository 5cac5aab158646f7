"""record --consumer: a recorder that may be killed at any time, and whose file has every value once."""

import os
import random
import signal
import threading
import time
import unittest

from arena_cli import OK
from consuming import RecordingConsumerTest

try:
    import numpy as np
except ImportError:
    np = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")
FORMATS = ["npy", "csv", "ndjson"] if np else ["csv", "ndjson"]
COUNT = 100_000
KILLS = 20


class ConsumeKilledTest(RecordingConsumerTest):
    def kill_recorders(self, name, path, most_bytes):
        """Each at a random place of the file."""
        for part in range(KILLS):
            recorder = self.start("record", name, "-o", path, "--consumer", "rec")
            until = most_bytes * (part + random.random()) / KILLS
            self.eventually(lambda: path.exists() and (path.stat().st_size > until or recorder.poll() is not None))
            time.sleep(random.random() / 200)
            self.assertIsNone(recorder.poll())
            recorder.kill()
            recorder.communicate()

    def survive(self, form, lanes):
        name = self.lossless(slots=2048, lanes=lanes)
        path = self.directory() / f"t.{form}"
        self.record(name, path, "-n", 0)  # from now on, writers wait for it
        writers = max(lanes, 1)
        feeders = []
        for who in range(writers):
            writer = self.start("write", name, "--format", "raw")
            feeders.append((writer, threading.Thread(target=self.feed, args=(writer, who, COUNT // writers))))
            feeders[-1][1].start()
        total = COUNT // writers * writers
        size = sum(len(self.row_bytes(form, n, n // writers)) for n in range(0, total, 100)) * 100
        self.kill_recorders(name, path, size * 0.95)
        recorder = self.start("record", name, "-o", path, "--consumer", "rec")
        self.assertIn(f"going on in '{path}' behind _seq ", recorder.stderr.readline())
        for writer, thread in feeders:
            thread.join()
            self.assertEqual(writer.wait(timeout=60), OK)
        self.eventually(lambda: self.row_count(path) == total)
        _, err = self.end(recorder, OK, signal.SIGINT)
        self.assertIn("lost 0", err)
        rows = self.rows(path)
        self.assertEqual(len(rows), total)
        if lanes < 2:
            self.assertEqual(rows, [(n, 0, n) for n in range(total)])
            return
        for lane in range(lanes):
            mine = [seq for seq, _, _ in rows if seq % lanes == lane]
            self.assertEqual(mine, list(range(lane, lane + len(mine) * lanes, lanes)))
        for who in range(writers):  # one that begins when another has ended goes on in its lane
            self.assertEqual([n for _, by, n in rows if by == who], list(range(total // writers)))

    def row_count(self, path):
        if path.suffix == ".npy":
            return len(np.load(path, mmap_mode="r"))
        return path.read_bytes().count(b"\n") - (path.suffix == ".csv")

    def feed(self, writer, who, count):
        for first in range(0, count, 1000):
            writer.stdin.buffer.write(self.records(first, min(1000, count - first), who))
        writer.stdin.close()
        writer.stdin = None

    def record_killed(self, name, path, number, phase):
        preloaded = {"LD_PRELOAD": os.environ["ARENA_SHM_KILLED_WRITING"], "ARENA_SHM_KILL_AT": f"{number} {phase}"}
        done = self.run_tool("record", name, "-o", path, "--consumer", "rec", "--max-duration", "100ms",
                             env=os.environ | preloaded)
        self.assertIn(done.returncode, [OK, -signal.SIGKILL], done.stderr)
        return done.returncode != OK

    @needs_numpy
    def test_survives_kills_npy(self):
        self.survive("npy", 1)

    def test_survives_kills_csv(self):
        self.survive("csv", 1)

    def test_survives_kills_ndjson(self):
        self.survive("ndjson", 0)

    @needs_numpy
    def test_survives_kills_in_lanes_npy(self):
        self.survive("npy", 3)

    def test_survives_kills_in_lanes_csv(self):
        self.survive("csv", 3)

    def test_survives_kills_at_each_write(self):
        count = 60
        for form in FORMATS:
            for lanes in [0, 2]:
                with self.subTest(form=form, lanes=lanes):
                    name = self.lossless(slots=64, lanes=lanes)
                    path = self.directory() / f"t.{form}"
                    for number in range(1, 3):  # of the heading
                        for phase in ["before", "within", "after"]:
                            self.record_killed(name, path, number, phase)
                    self.record(name, path, "-n", 0)
                    self.write(name, 0, count)
                    kills = 0
                    for number in [3, 1, 2, 4]:  # of the rows, and of their number
                        for phase in ["within", "before", "after"]:
                            kills += self.record_killed(name, path, number, phase)
                    self.assertGreater(kills, 2)
                    self.record(name, path)
                    self.assertEqual(self.rows(path), [(n * max(lanes, 1), 0, n) for n in range(count)])


if __name__ == "__main__":
    unittest.main()
