"""replay: a recording back into a ring."""

import json
import os
import random
import signal
import time
import unittest

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, OK, SHM, TICK, USAGE, CliTest

try:
    import numpy as np
except ImportError:
    np = None

needs_numpy = unittest.skipIf(np is None, "python3-numpy is not installed")
HOUR_NS = 3600 * 10**9


class ReplayTest(CliTest):
    def recording(self, times, form="csv", fields=TICK):
        """A recording whose values were made at these times."""
        name = self.create(fields=fields, slots=64)
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + "".join(f"{t},{i},S{i}\n" for i, t in enumerate(times)))
        path = self.directory() / f"t.{form}"
        self.expect(OK, "snapshot", name, "-o", path)
        return path

    def values(self, name):
        lines = self.expect(OK, "tail", name, "--from", "oldest", "--format", "ndjson").stdout.splitlines()
        return [json.loads(line) for line in lines]

    @needs_numpy
    def test_what_was_recorded_replayed_and_recorded_again_has_the_same_bytes(self):
        fields = "u8 a, f64 b, f32[2][3] m, s5 d, bool e, i16 f, char g"
        name = self.create(fields=fields, slots=300)
        size = json.loads(self.schema_of(name))["itemsize"]
        # Any bytes at all, in the padding, too.
        self.expect(OK, "write", name, "--format", "raw", stdin=random.Random(1).randbytes(size * 200))
        directory = self.directory()
        self.expect(OK, "snapshot", name, "-o", directory / "all.npy")
        self.expect(OK, "record", name, "-o", directory / "first.npy", "--from", 50, "--max-count", 150)
        self.expect(OK, "snapshot", name, "-o", directory / "first.arena")
        copy = self.name()
        arguments = [copy, "--speed", "max"]
        done = self.expect(OK, "replay", directory / "first.npy", *arguments, "--create", "--slots", 1000)
        self.assertEqual(done.stderr, "arena-shm: replayed 150 values\n")
        self.assertEqual(self.schema_of(copy), self.schema_of(name))
        self.expect(OK, "replay", directory / "first.arena", *arguments, says="replayed 200 values")
        self.expect(OK, "record", copy, "-o", directory / "second.npy", "--max-count", 350)
        first, second = np.load(directory / "first.npy"), np.load(directory / "second.npy")
        self.assertEqual(first.dtype, second.dtype)
        self.assertEqual((first["_seq"][0], second["_seq"][0]), (50, 0))

        def records(path, count):
            rows = path.read_bytes()[-count * (8 + size) :]
            return b"".join(rows[i * (8 + size) + 8 : (i + 1) * (8 + size)] for i in range(count))

        everything = records(directory / "all.npy", 200)
        self.assertEqual(records(directory / "second.npy", 350), everything[50 * size :] + everything)

    def schema_of(self, name):
        image = (SHM / name).read_bytes()
        offset, size = (int.from_bytes(image[at : at + 8], "little") for at in (48, 56))  # Header::schema
        return image[offset : offset + size].decode()

    def test_texts_have_the_fields_of_the_ring_or_need_some(self):
        for form in ["csv", "ndjson"]:
            path = self.recording([1, 2, 3], form=form)
            self.expect(INCOMPATIBLE, "replay", path, self.name(), "--create", "--slots", 8, says="--fields")
            bare = self.name()
            self.expect(OK, "create", bare, "--slots", 8, "--size", 24)
            self.expect(INCOMPATIBLE, "replay", path, bare, says="--fields")
            for arguments in [[], ["--fields", TICK]]:
                copy = self.create()
                self.expect(OK, "replay", path, copy, *arguments, says="replayed 3 values")
                self.assertEqual([value["ts"] for value in self.values(copy)], [1, 2, 3])

    def test_times_may_be_written_as_such(self):
        path = self.directory() / "t.csv"
        path.write_text("ts,px,sym\n1970-01-01T00:00:01Z,1,A\n1970-01-01 00:00:02.5+00:00,1,B\n")
        copy = self.create()
        self.expect(OK, "replay", path, copy, "--time-field", "ts", "--time-unit", "ms", "--speed", "max")
        self.assertEqual([value["ts"] for value in self.values(copy)], [1000, 2500])
        self.expect(FAILED, "replay", path, self.create(), says="only the time field of the schema")

    def test_without_a_time_field_it_is_fast_and_says_so(self):
        path = self.recording([0, HOUR_NS], form="npy")
        copy = self.create()
        self.expect(OK, "replay", path, copy, says="as fast as possible: neither --time-field nor the schema names a time field")
        self.assertEqual(len(self.values(copy)), 2)
        for fast in [["--speed", "max"], ["--as-fast-as-possible"]]:
            done = self.expect(OK, "replay", path, copy, "--time-field", "ts", *fast)
            self.assertEqual(done.stderr, "arena-shm: replayed 2 values\n")

    def test_keeps_the_pace_of_the_time_field(self):
        path = self.recording([10**18, 10**18 + 1, 10**18 + HOUR_NS], form="npy")
        copy = self.create()
        replay = self.start("replay", path, copy, "--time-field", "ts")
        self.eventually(lambda: len(self.values(copy)) == 2)
        time.sleep(0.2)
        self.assertIsNone(replay.poll())
        replay.send_signal(signal.SIGTERM)
        _, err = replay.communicate(timeout=30)
        waits = "arena-shm: waiting 5 s instead of 1 h for the next record; --max-gap limits every wait\n"
        self.assertEqual((replay.returncode, err), (OK, waits + "arena-shm: replayed 2 values, 1 wait cut short\n"))
        self.assertEqual(len(self.values(copy)), 2)
        begin = time.monotonic()
        self.expect(OK, "replay", path, copy, "--time-field", "ts", "--speed", 3600 * 4)
        self.assertGreaterEqual(time.monotonic() - begin, 0.25)
        self.assertEqual(len(self.values(copy)), 5)

    def test_units_are_those_of_the_option_or_the_schema(self):
        path = self.recording([0, 3600], form="npy")
        self.expect(OK, "replay", path, self.create(), "--time-field", "ts")  # ns
        copy = self.create()
        schema = self.directory() / "schema.json"
        about = json.loads(self.schema_of(copy)) | {"metadata": {"fields": {"ts": {"unit": "s"}}}}
        schema.write_text(json.dumps(about))
        seconds = self.name()
        self.expect(OK, "create", seconds, "--slots", 8, "--schema", schema)
        for arguments in [[copy, "--time-unit", "s"], [seconds]]:
            replay = self.start("replay", path, *arguments, "--time-field", "ts")
            self.eventually(lambda: len(self.values(arguments[0])) == 1)
            time.sleep(0.2)
            self.assertIsNone(replay.poll())
            replay.send_signal(signal.SIGINT)
            replay.wait(timeout=30)
            self.assertEqual(len(self.values(arguments[0])), 1)
        about["metadata"]["fields"]["ts"]["unit"] = "USD"
        schema.write_text(json.dumps(about))
        money = self.name()
        self.expect(OK, "create", money, "--slots", 8, "--schema", schema)
        self.expect(USAGE, "replay", path, money, "--time-field", "ts", says="--time-unit")

    def test_times_may_be_fractions_go_back_or_be_none(self):
        name = self.create(fields="f64 t", slots=8)
        self.expect(OK, "write", name, stdin="t\n1.5\n0.5\nnan\ninf\n1.6\n")
        path = self.directory() / "t.npy"
        self.expect(OK, "snapshot", name, "-o", path)
        create = [self.name(), "--create", "--slots", 8]
        paced = ["--time-field", "t", "--time-unit", "s"]
        self.expect(OK, "replay", path, *create, *paced, says="replayed 5 values")

    def test_follows_the_steps_of_the_clock_whatever_it_does(self):
        year, most = 365 * 24 * HOUR_NS, 2**64 - 1
        for kind, times, cut in [
            ("u64", [5, 5 + 30 * year, 6 + 30 * year, 7, most, 0, 1, most], 3),
            ("i64", [5, -(2**63), 2**63 - 1, 0, -1, year, 0], 2),
            ("u32", [2**32 - 1, 0, 1], 0),
            ("f64", [1.0, 1e300, 1e300, float("nan"), -1e308, float("inf"), 1e308, 0, float("-inf"), 1e30], 3),
            ("f32", [1, 3e38, -3e38, 3e38], 2),
        ]:
            with self.subTest(kind=kind):
                name = self.create(fields=f"{kind} t", slots=16)
                self.expect(OK, "write", name, stdin="t\n" + "".join(f"{t}\n" for t in times))
                path = self.directory() / "t.arena"
                self.expect(OK, "snapshot", name, "-o", path)
                arguments = ["replay", path, self.create(fields=f"{kind} t", slots=16), "--time-field", "t"]
                done = self.expect(OK, *arguments, "--max-gap", "10ms")
                self.assertIn(f"replayed {len(times)} values", done.stderr)
                self.assertEqual(done.stderr.count("waiting 10 ms instead of"), min(cut, 1))
                self.assertEqual(f", {cut} wait" in done.stderr, cut > 0, done.stderr)
        path = self.recording([0, 30 * year, 1, 30 * year], form="arena")
        self.expect(OK, "replay", path, self.create(), "--time-field", "ts", "--max-gap", "0s", says="instead of 30 years")
        for wrong in ["5", "-1s", "soon"]:
            self.expect(USAGE, "replay", path, self.create(), "--max-gap", wrong)

    def test_loops_until_interrupted(self):
        path = self.recording([1, 2, 3], form="npy")
        copy = self.create()
        replay = self.start("replay", path, copy, "--loop", "--speed", "max")
        self.eventually(lambda: self.written(copy) > 10)
        replay.send_signal(signal.SIGINT)
        _, err = replay.communicate(timeout=30)
        self.assertEqual(replay.returncode, OK)
        self.assertRegex(err, r"^arena-shm: replayed \d+ values, in \d+ rounds\n$")
        empty = self.create()
        nothing = self.directory() / "e.npy"
        self.expect(OK, "snapshot", empty, "-o", nothing)
        self.expect(OK, "replay", nothing, empty, "--loop", says="replayed 0 values")

    def test_without_schema(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 4, "--size", 12)
        self.expect(OK, "write", name, "--format", "raw", stdin=bytes(range(24)))
        directory = self.directory()
        self.expect(OK, "snapshot", name, "-o", directory / "t.npy")
        copy = self.name()
        self.expect(OK, "replay", directory / "t.npy", copy, "--create", "--slots", 4)
        self.expect(OK, "snapshot", copy, "-o", directory / "u.npy")
        self.assertEqual((directory / "u.npy").read_bytes(), (directory / "t.npy").read_bytes())

    def test_records_that_do_not_fit_are_refused(self):
        path = self.recording([1, 2], form="npy")
        smaller = self.create(fields="u64 ts, f64 px")
        self.expect(INCOMPATIBLE, "replay", path, smaller, says="expected records of 16 bytes, found 24 bytes")
        other = self.create(fields="u64 ts, i64 px, s4 sym")
        self.expect(INCOMPATIBLE, "replay", path, other, says="i64 px at 8")
        for arena in [smaller, other]:
            self.assertEqual(self.values(arena), [])

    def test_mistakes_are_named_and_leave_nothing_behind(self):
        path = self.recording([1, 2], form="npy")
        copy = self.create()
        made = self.name()
        create = [made, "--create", "--slots", 4]
        self.expect(ABSENT, "replay", path, "no-such-arena", says="; create it with --create and --slots; to list the arenas")
        self.expect(ABSENT, "replay", path.with_name("none"), copy, says="no such file")
        self.expect(FAILED, "replay", path, copy, "--create", "--slots", 4, says="an arena of that name")
        self.expect(USAGE, "replay", path, *create, "--time-field", "time", says="one of the fields ts, px, sym")
        self.expect(USAGE, "replay", path, *create, "--time-field", "sym", says="a single number")
        self.expect(USAGE, "replay", path, made, "--create", says="--slots")
        for speed in ["0", "-1", "fast", "nan", "inf"]:
            self.expect(USAGE, "replay", path, copy, "--speed", speed)
        bad = path.with_name("bad")
        bad.write_bytes(b"\x00\x01")
        self.expect(FAILED, "replay", bad, *create, says="expected a recording")
        self.assertFalse((SHM / made).exists())

    def test_bad_lines_are_refused_and_the_rest_goes_in(self):
        path = self.directory() / "t.csv"
        path.write_text("ts,px,sym\n1,1,A\n2,x,B\n3,3,C\n")
        copy = self.create()
        done = self.expect(FAILED, "replay", path, copy, "--fields", TICK, says="refused line 3, column 2 (px)")
        self.assertIn("replayed 2 values, refused 1 line", done.stderr)

    def test_needs_write_permission(self):
        path = self.recording([1, 2], form="npy")
        os.chmod(path, 0o644)
        copy = self.create("--mode", "0444")
        self.expect(FAILED, "replay", path, copy, says="no permission", **self.as_nobody())


if __name__ == "__main__":
    unittest.main()
