"""tail --file: the values of a saved segment."""

import json
import os
import unittest

from arena_cli import ABSENT, FAILED, LOST, OK, USAGE, CliTest


class TailFileTest(CliTest):
    def save(self, name, file="saved.arena"):
        path = self.directory() / file
        self.expect(OK, "snapshot", name, "-o", path)
        return path

    def test_prints_what_tail_of_the_arena_prints(self):
        name = self.create_filled(20)
        path = self.save(name)
        for args in [
            [],
            ["-n", 3],
            ["--until", 17],
            ["--until", 17, "-n", 2, "--every", 3],
            ["--from", "oldest", "--format", "csv"],
            ["--from", "newest"],
            ["--from", 14, "-n", 2, "--format", "json", "--fields", "px,ts"],
            ["--every", 4, "--format", "hex"],
            ["--as", "u64 a, 8x, u8[8] b"],
        ]:
            live = self.expect(OK, "tail", name, *args)
            saved = self.expect(OK, "tail", "--file", path, *args)
            self.assertEqual(saved.stdout, live.stdout, args)
            self.assertEqual(saved.stderr, live.stderr, args)

    def test_what_was_overwritten_is_lost(self):
        path = self.save(self.create_filled(20))
        done = self.expect(LOST, "tail", "--file", path, "--from", 3, "-n", 1, "--format", "json")
        self.assertEqual([json.loads(line)["_seq"] for line in done.stdout.splitlines()], [12])
        self.assertIn("gap: 3..11 (9 overwritten)", done.stderr)
        done = self.expect(LOST, "tail", "--file", path, "--from", 10, "--gaps", "inline", "--format", "json")
        self.assertEqual(json.loads(done.stdout.splitlines()[0])["_gap"]["last"], 11)

    def test_what_is_not_there_is_said(self):
        path = self.save(self.create_filled(5))
        self.expect(OK, "tail", "--file", path, "--from", 9, says="the newest value is 4; value 9 had not been written")
        self.expect(OK, "tail", "--file", path, "--until", 9, says="the newest value is 4; value 9 had not been written")
        done = self.expect(OK, "tail", "--file", self.save(self.create()))
        self.assertIn("the segment holds no values", done.stderr)
        self.assertNotIn(" -f ", done.stderr)

    def test_of_a_segment_that_was_cut_off_it_prints_what_is_whole(self):
        path = self.save(self.create_filled(400, slots=512))
        whole = self.expect(OK, "tail", "--file", path, "--from", "oldest", "--format", "csv").stdout.splitlines()
        os.truncate(path, os.path.getsize(path) - 512 * 32 + 100 * 32 + 5)
        done = self.expect(LOST, "tail", "--file", path, "--from", "oldest", "--format", "csv", says="was cut off")
        lines = done.stdout.splitlines()
        self.assertEqual(lines, whole[: len(lines)])
        self.assertGreater(len(lines), 50)
        self.assertIn(f"gap: {len(lines) - 1}..399 ", done.stderr)

    def test_what_it_cannot_do_is_refused(self):
        name = self.create_filled(3)
        path = self.save(name)
        for follow in ["-f", "--follow"]:
            self.expect(USAGE, "tail", "--file", path, follow, says="leave out -f")
        self.expect(USAGE, "tail", name, "--file", path, says="found both")
        self.expect(USAGE, "tail", says="found neither")
        self.expect(ABSENT, "tail", "--file", path.parent / "none", says="no such file")
        other = path.parent / "other file"
        other.write_text("ts,px\n" * 10000)
        self.expect(FAILED, "tail", "--file", other, says=f"see what is left: arena-shm inspect --file '{other}'")
        self.expect(FAILED, "tail", "--file", path.parent)

    def test_goes_on_where_the_run_before_ended(self):
        name = self.create_filled(5)
        cursor = self.directory() / "cursor"
        self.expect(OK, "tail", "--file", self.save(name), "--cursor-file", cursor, "-n", 2)
        self.expect(OK, "write", name, stdin="ts,px,sym\n7,7,B\n")
        done = self.expect(OK, "tail", "--file", self.save(name), "--cursor-file", cursor, "--format", "csv")
        self.assertEqual(done.stdout.splitlines()[1:], ["5,7,7.0,B"])

    def test_influx_calls_it_by_its_file(self):
        path = self.save(self.create_filled(1), "night run.arena")
        done = self.expect(OK, "tail", "--file", path, "--format", "influx")
        self.assertTrue(done.stdout.startswith("night\\ run seq=0i,ts=0i"), done.stdout)


if __name__ == "__main__":
    unittest.main()
