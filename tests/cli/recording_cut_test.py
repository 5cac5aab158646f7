"""Recordings that describe themselves, while they are written, and after their recorder was killed."""

import json
import os
import unittest

from arena_cli import LOST, OK
from describing import DescribingCase
from lanes import FIELDS, LaneTest

FORMS = ["arrows", "mcap"]


class RecordingCutTest(DescribingCase):
    def values(self, path, code=(OK, LOST)):
        rows = [json.loads(line) for line in self.lines(path, code=code)]
        for row in rows:
            self.assertEqual((row["px"], row["sym"]), (row["ts"] / 2, f"S{row['ts'] % 10}"))
        return [row["ts"] for row in rows]

    def write(self, name, first, count):
        lines = "".join(f"{i},{i / 2},S{i % 10}\n" for i in range(first, first + count))
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + lines)

    def test_a_recording_can_be_read_at_any_moment_and_after_a_kill(self):
        name, directory = self.create(slots=1 << 16), self.directory()
        paths = [directory / f"t.{form}" for form in FORMS]
        recorders = [self.start("record", name, "-o", path) for path in paths]
        for part in range(4):
            self.write(name, 1000 * part, 1000)
            for path in paths:
                self.eventually(lambda: path.exists() and path.stat().st_size > 0)
                self.eventually(lambda: self.values(path) == list(range(1000 * (part + 1))))
        for recorder in recorders:
            recorder.kill()
            recorder.wait()
        for path in paths:
            self.assertEqual(self.values(path, code=OK), list(range(4000)))
        seen = self.node("read_arrow.mjs", paths[0])
        self.assertEqual([int(row["ts"]) for row in seen["rows"]], list(range(4000)))
        self.assertEqual(len(self.node("read_mcap.mjs", "stream", paths[1])["messages"]), 4000)

    def test_a_recorder_that_is_killed_at_a_write_leaves_whole_blocks(self):
        name, directory = self.create_filled(3000, slots=4096), self.directory()
        for form in FORMS:
            for phase in ["before", "within", "after"]:
                path = directory / f"{phase}.{form}"
                environment = os.environ | {"LD_PRELOAD": os.environ["ARENA_SHM_KILLED_WRITING"], "ARENA_SHM_KILL_AT": f"2 {phase}"}
                recorder = self.start("record", name, "-o", path, env=environment)
                self.assertEqual(recorder.wait(timeout=30), -9)
                values = self.values(path)
                self.assertEqual(values, list(range(len(values))))
                self.assertEqual(len(values) == 3000, phase == "after", (form, phase, len(values)))

    def test_a_file_that_is_cut_off_anywhere_is_salvaged(self):
        name, directory = self.create(slots=1 << 12), self.directory()
        for form in FORMS:
            path, cut = directory / f"t.{form}", directory / f"cut.{form}"
            recorder = self.start("record", name, "-o", path, "--from", "newest")
            self.eventually(path.exists)
            for part in range(3):
                size = path.stat().st_size
                self.write(name, 20 * part, 20)
                self.eventually(lambda: path.stat().st_size > size)
            recorder.send_signal(2)
            recorder.communicate(timeout=30)
            whole = path.read_bytes()
            self.assertEqual(self.values(path, code=OK), list(range(60)))
            step = 1 if os.environ.get("ARENA_SHM_LONG") else 97
            before = 0
            for size in range(len(whole) // 4, len(whole), step):
                cut.write_bytes(whole[:size])
                done = self.run_tool("export", cut, "-o", directory / "out.npy", "--force")
                if before == 0 and done.returncode not in (OK, LOST):
                    continue  # nothing but the schema
                values = self.values(cut)
                self.assertEqual(values, list(range(len(values))))
                self.assertGreaterEqual(len(values), before)
                before = len(values)
            self.assertEqual(before, 60)

    def test_rotation_leaves_files_that_are_whole_and_not_too_large(self):
        name, directory = self.create_filled(3000, slots=4096), self.directory()
        for form in FORMS:
            self.expect(OK, "record", name, "-o", directory / f"t.{form}", "-n", 3000, "--max-size", "30K", "--rotate")
            paths = [directory / f"t.{form}"] + [directory / f"t.{i}.{form}" for i in range(1, 100)]
            paths = [path for path in paths if path.exists()]
            self.assertGreater(len(paths), 3)
            seen = []
            for path in paths:
                self.assertLessEqual(path.stat().st_size, 30 * 1024)
                done = self.expect(OK, "export", path, "-o", "-", "--format", "ndjson")
                self.assertNotIn("end", done.stderr)
                seen += [json.loads(line)["ts"] for line in done.stdout.splitlines()]
            self.assertEqual(seen, list(range(3000)))

    def test_an_arena_that_was_made_anew_is_told_in_the_file(self):
        name, directory = self.create_filled(5), self.directory()
        paths = [directory / f"t.{form}" for form in FORMS]
        recorders = [self.start("record", name, "-F", "-o", path) for path in paths]
        first = self.objects("inspect", name)[0]["epoch"]
        for path in paths:
            self.eventually(lambda: path.exists() and path.stat().st_size > 0)
            self.eventually(lambda: self.values(path) == list(range(5)))
        self.expect(OK, "rm", name)
        self.expect(OK, "create", name, "--slots", 8, "--fields", "u64 ts, f64 px, s4 sym")
        self.write(name, 5, 3)
        second = self.objects("inspect", name)[0]["epoch"]
        for path, recorder in zip(paths, recorders):
            self.eventually(lambda: self.values(path) == list(range(8)))
            recorder.send_signal(2)
            recorder.communicate(timeout=30)
            again = directory / f"again{path.suffix}"
            self.expect(OK, "export", path, "-o", again)
            for file in [path, again]:
                self.assertIn(first.encode(), file.read_bytes())
                self.assertIn(second.encode(), file.read_bytes())


class LanesDescribedTest(LaneTest):
    def test_the_columns_beside_the_record_are_those_of_other_formats(self):
        name = self.create("--lanes", 3, "--time", slots=64, fields=FIELDS)
        writers = self.start_lanes(name, 3)
        for lane in range(3):
            self.write_lane(name, writers, lane, 5)
        directory = self.directory()
        self.expect(OK, "snapshot", name, "-o", directory / "t.csv")
        columns = (directory / "t.csv").read_text().splitlines()[0]
        self.assertEqual(columns, "_seq,_time_ns,who,n")
        for form in FORMS:
            path, again = directory / f"t.{form}", directory / f"again.{form}"
            self.expect(OK, "snapshot", name, "-o", path)
            done = self.expect(OK, "export", path, "-o", "-", "--format", "csv")
            self.assertEqual(done.stdout.splitlines()[0], columns)
            seqs = [int(line.split(",")[0]) for line in done.stdout.splitlines()[1:]]
            self.assertEqual(sorted(seqs), list(range(15)))
            self.expect(OK, "export", path, "-o", again)
            self.assertEqual(path.read_bytes(), again.read_bytes())
        for writer in writers:
            writer.kill()


if __name__ == "__main__":
    unittest.main()
