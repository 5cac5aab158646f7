"""Laned arenas into recordings and back: record, export, replay."""

import re
import signal
import unittest

from arena_cli import LOST, OK
from lane_files import LaneFileTest, needs_numpy

try:
    import numpy as np
except ImportError:
    np = None


class LanesRecordedTest(LaneFileTest):
    def stop(self, recorder, code=OK):
        recorder.send_signal(signal.SIGINT)
        _, err = recorder.communicate(timeout=30)
        self.assertEqual(recorder.returncode, code, err)
        return err

    @needs_numpy
    def test_three_lanes_are_recorded_while_they_are_written(self):
        name = self.create_laned(slots=1 << 18)
        directory = self.directory()
        recorder = self.start("record", name, "-o", directory / "t.npy", "--max-size", "200K", "--rotate")
        writers = self.start_lanes(name, 3)
        ends = [self.feed(writer, lane) for lane, writer in enumerate(writers[:2])]
        self.write_lane(name, writers, 2, 5)
        writers[2].send_signal(signal.SIGSTOP)
        self.eventually(lambda: self.head(name, 0) > 40000)
        writers[0].kill()  # in the middle
        for end in ends:
            if end is ends[1]:
                self.eventually(lambda: self.head(name, 1) > 40000)
            end()
        writers[1].communicate(timeout=30)

        def files():
            paths = [directory / "t.npy"] + [directory / f"t.{i}.npy" for i in range(1, 1000)]
            return [path for path in paths if path.exists()]

        heads = [self.head(name, lane) for lane in range(3)]

        def have_all_come():
            rows = np.concatenate([np.load(path) for path in files()])
            newest = [rows["n"][rows["who"] == lane].max(initial=0) for lane in range(3)]
            return newest[0] + 2 >= heads[0] and newest[1] + 1 == heads[1]  # the one that was killed may leave a hole

        self.eventually(have_all_come)
        recorder.send_signal(signal.SIGINT)
        _, err = recorder.communicate(timeout=30)
        self.assertIn(recorder.returncode, [OK, LOST], err)
        self.assertGreater(len(files()), 3)
        rows = np.concatenate([np.load(path) for path in files()])
        self.assertTrue((rows["_seq"] == rows["n"] * 3 + rows["who"]).all())
        lost = int(re.search(r"lost (\d+)", err)[1])
        self.assertIn(sum(heads) - len(rows) - lost, [0, 1])
        for lane in range(3):
            numbers = rows["n"][rows["who"] == lane].astype(np.int64)
            self.assertTrue((np.diff(numbers) > 0).all())
            self.assertGreaterEqual(len(numbers), heads[lane] - lost - 1)

    @needs_numpy
    def test_a_recording_that_was_killed_has_every_lane_up_to_there(self):
        name = self.create_laned(slots=1 << 16)
        writers = self.start_lanes(name, 3)
        ends = [self.feed(writer, lane) for lane, writer in enumerate(writers)]
        for least in [1, 1 << 21]:
            path = self.directory() / "t.npy"
            recorder = self.start("record", name, "-o", path, "--from", "newest")
            self.eventually(lambda: path.exists() and path.stat().st_size > 192 + least)
            recorder.kill()
            recorder.wait()
            rows = (path.stat().st_size - 192) // 24
            found = self.exported(path)
            self.assertEqual(sum(map(len, found)), rows)
            for numbers in found:
                self.assertEqual(numbers, sorted(set(numbers)))
        for writer, end in zip(writers, ends):
            writer.kill()
            end()

    @needs_numpy
    def test_rows_that_the_header_does_not_tell_of_need_not_grow(self):
        name, writers = self.create_filled_lanes([0, 9, 4], slots=16)
        path = self.directory() / "t.npy"
        self.expect(OK, "snapshot", name, "-o", path)
        self.write_lane(name, writers, 0, 3)
        late = path.with_name("late.npy")
        self.expect(OK, "snapshot", name, "-o", late)
        whole = np.load(late)
        with path.open("ab") as file:
            file.write(whole[whole["who"] == 0].tobytes())  # among them value 0, all of whose bytes are zero
            file.write(bytes(4096))
        found = self.exported(path, says="invalid rows at its end, from row 17 on")
        self.assertEqual(found, [[0, 1, 2], [*range(9)], [*range(4)]])

    def test_gaps_are_told_with_their_lane(self):
        name, writers = self.create_filled_lanes([2, 2, 2])
        path = self.directory() / "t.csv"
        recorder = self.start("record", name, "-o", path)
        self.eventually(lambda: path.exists() and len(path.read_text().splitlines()) == 7)
        recorder.send_signal(signal.SIGSTOP)
        self.write_lane(name, writers, 1, 30)
        recorder.send_signal(signal.SIGCONT)
        self.eventually(lambda: path.read_text().endswith("\n94,1,31\n"))
        err = self.stop(recorder, LOST)
        found = self.values(path.read_text())
        self.assertEqual((found[0], found[2]), ([0, 1], [0, 1]))
        lost = [n for n in range(32) if n not in found[1]]
        self.assertGreaterEqual(len(lost), 22)
        told = []
        for first, last in re.findall(r"^gap in lane 1: (\d+)\.\.(\d+) \(\d+ ", err, re.M):
            told += range(int(first) // 3, int(last) // 3 + 1)
        self.assertEqual(told, lost)
        self.assertIn(f"recorded {6 + 30 - len(lost)}, lost {len(lost)} in ", err)

    def test_record_begins_and_ends_where_asked_to(self):
        name, _ = self.create_filled_lanes([20, 3, 6])
        for arguments, code, expected in [
            ([], OK, [[*range(12, 20)], [0, 1, 2], [*range(6)]]),
            (["--from", "newest"], OK, [[], [], []]),
            (["--from", 40], OK, [[*range(14, 20)], [], []]),
            (["--from", 7], LOST, [[*range(12, 20)], [2], [2, 3, 4, 5]]),
        ]:
            with self.subTest(arguments=arguments):
                arguments = ["-o", "-", "--format", "csv", "--max-duration", "100ms", *arguments]
                done = self.expect(code, "record", name, *arguments)
                self.assertEqual(self.values(done.stdout), expected)
        self.assertIn("gap in lane 0: 9..33 (9 overwritten)\n", done.stderr)
        done = self.expect(OK, "record", name, "-o", "-", "--format", "csv", "--max-count", 5)
        self.assertEqual(sum(map(len, self.values(done.stdout))), 5)

    def test_replay_goes_into_one_lane(self):
        name, _ = self.create_filled_lanes([4, 0, 7])
        image = self.saved(name)
        other = self.create_laned(slots=16)
        done = self.expect(OK, "replay", image, other, "--speed", "max", says="replayed 11 values")
        text = self.expect(OK, "tail", other, "--from", "oldest", "--format", "csv").stdout
        rows = [tuple(map(int, line.split(","))) for line in text.splitlines()[1:]]
        self.assertEqual([who for _, who, _ in rows], [0] * 4 + [2] * 7)
        self.assertEqual([n for _, _, n in rows], [*range(4), *range(7)])
        self.assertEqual({seq % 3 for seq, _, _ in rows}, {0})
        copy = self.name()
        self.expect(OK, "replay", image, copy, "--create", "--slots", 16, "--speed", "max", says="replayed 11 values")
        self.assertEqual(self.tail_rows(copy), [row[1:] for row in rows])

    def tail_rows(self, name):
        text = self.expect(OK, "tail", name, "--from", "oldest", "--format", "csv").stdout
        return [tuple(map(int, line.split(",")[1:])) for line in text.splitlines()[1:]]


if __name__ == "__main__":
    unittest.main()
