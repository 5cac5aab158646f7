"""What the tool says, and does, where something has run out: descriptors, room, permission."""

import os
import resource
import shutil
import subprocess
import unittest

from arena_cli import DAMAGED, FAILED, OF_ALL, OK, SHM, CliTest


def descriptors(count):
    """Before the tool runs: it may have no more descriptors than that at once."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))}


def file_size(count):
    """Before the tool runs: no file may be made longer than that. The signal of the limit is left as it is."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (count, count))}


class ScarceDescriptorsTest(CliTest):
    # Standard input, output and error, and one to open an arena by: what comes then fails.
    ONE = 4

    def arenas(self, count):
        return [self.create() for _ in range(count)]

    def test_more_arenas_than_descriptors_are_all_looked_at(self):
        names = self.arenas(40)
        for args in [["list"], ["stat"], ["metrics"], ["gc", "--dry-run", "--force"]]:
            done = self.expect(OF_ALL, *args, **descriptors(30))
            for name in names:
                self.assertIn(name, done.stdout, args)

    def test_gc_removes_more_arenas_than_it_has_descriptors(self):
        names = self.arenas(40)
        done = self.expect(OK, "gc", "--force", *names, **descriptors(30))
        self.assertEqual(sorted(done.stdout.split()), sorted(names))
        self.assertFalse([name for name in names if (SHM / name).exists()])

    def test_each_that_could_not_be_looked_at_is_named(self):
        names = self.arenas(3)
        for args in [["list"], ["metrics"]]:
            done = self.expect(DAMAGED, *args, **descriptors(self.ONE))
            for name in names:
                self.assertRegex(done.stderr, rf"skipped '{name}': found no free descriptor in this process; .*ulimit -n")

    def test_metrics_has_them_as_not_readable(self):
        name = self.create()
        done = self.expect(DAMAGED, "metrics", **descriptors(self.ONE))
        self.assertIn(f'arena_shm_readable{{arena="{name}"}} 0\n', done.stdout)

    def test_gc_removes_nothing_that_it_cannot_judge(self):
        held, free = self.create(), self.create()
        self.start("tail", held, "-f")  # maps it, and has no seat
        self.eventually(lambda: held in self.expect(OF_ALL, "gc", "--dry-run").stderr)
        for count in range(self.ONE, self.ONE + 5):
            for args in [[], ["--force"]]:
                done = self.run_tool("gc", held, *args, **descriptors(count))
                self.assertTrue((SHM / held).exists(), f"{count} descriptors, {args}\n{done.stderr}")
        done = self.expect(DAMAGED, "gc", "--dry-run", **descriptors(self.ONE))
        self.assertRegex(done.stderr, rf"'{free}': .*no free descriptor")
        self.assertEqual(done.stdout, "")

    def test_verbs_for_one_arena_say_what_has_run_out(self):
        name = self.create_filled(3)
        for args in [["inspect", name], ["seats", name], ["write", name]]:
            done = self.expect(FAILED, *args, **descriptors(self.ONE))
            self.assertRegex(done.stderr, "no free descriptor in this process.*ulimit -n", args)


class ScarceRoomTest(CliTest):
    def test_without_the_directory_everything_says_so(self):
        for args in [["list"], ["stat"], ["metrics"], ["gc"], ["tail", "a"], ["check", "a"],
                     ["create", "a", "--slots", "1", "--size", "8"]]:
            done = self.in_namespace("mount -t tmpfs tmpfs /dev", *args)
            self.assertEqual(done.returncode, FAILED, f"{args} {done.stderr}")
            self.assertRegex(done.stderr, "no directory /dev/shm.*mount -t tmpfs tmpfs /dev/shm", args)

    def test_gc_keeps_what_a_process_that_cannot_be_looked_at_may_use(self):
        name = self.create()
        self.start("tail", name, "-f")  # somebody has it open
        self.eventually(lambda: self.objects("inspect", name)[0]["mappers"])
        # A directory where the mappings should be: it opens, and cannot be read.
        done = self.in_namespace("mount -t tmpfs tmpfs /proc; mkdir -p /proc/1/maps /proc/self/fd", "gc", "--force", name)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertIn(f"cannot look at the processes that may use '{name}'", done.stderr)
        self.assertTrue((SHM / name).exists())

    def test_a_read_only_directory_says_so(self):
        for args in [["create", "a", "--slots", "1", "--size", "8"]]:
            done = self.in_namespace("mount -t tmpfs -o ro tmpfs /dev/shm", *args)
            self.assertEqual(done.returncode, FAILED, done.stderr)
            self.assertRegex(done.stderr, "/dev/shm mounted read-only.*remount,rw")

    def test_files_say_what_is_wrong_with_them(self):
        name, directory = self.create_filled(3), self.directory()
        for path, says in [(directory / "none" / "a.csv", "no such directory"), (directory, "a directory"),
                           ("/dev/full", "no space left there")]:
            self.expect(FAILED, "snapshot", name, "-o", path, "--force", "--format", "csv", says=says)
        self.expect(FAILED, "create", self.name(), "--slots", 1, "--schema", directory / "none", says="no such file")
        self.expect(FAILED, "create", self.name(), "--slots", 1, "--schema", directory, says="a directory")
        with open("/dev/full", "w") as full:
            self.expect(FAILED, "tail", name, stdout=full, says="no space left there")

    def test_a_full_disk_keeps_whole_rows(self):
        name = self.create_filled(5000, slots=5000)
        for form, header in [("csv", "_seq,ts,px,sym"), ("ndjson", None)]:
            script = f'mount -t tmpfs -o size=16k tmpfs /mnt; "$0" snapshot {name} -o /mnt/t.{form} 1>&2 || cat /mnt/t.{form}; exit'
            done = self.in_namespace(script)
            self.assertIn("no space left there", done.stderr)
            self.assert_whole_rows(done.stdout, header)

    def assert_whole_rows(self, text, header="_seq,ts,px,sym"):
        lines = text.splitlines(keepends=True)
        if header is not None:
            self.assertEqual(lines.pop(0), header + "\n")
        self.assertGreater(len(lines), 0)
        self.assertLess(len(lines), 5000)
        for i, line in enumerate(lines):
            expected = f"{i},{i},{i / 2},S{i % 10}\n"
            if header is None:
                expected = f'{{"_seq":{i},"ts":{i},"px":{i / 2},"sym":"S{i % 10}"}}\n'
            self.assertEqual(line, expected)

    def test_a_limit_of_a_files_size_keeps_whole_rows(self):
        name, directory = self.create_filled(5000, slots=5000), self.directory()
        verbs = [["record", name], ["snapshot", name]]
        self.expect(OK, "snapshot", name, "-o", directory / "whole.npy")
        verbs.append(["export", directory / "whole.npy"])
        for args in verbs:
            for limit in [1000, 20_001, 20_007]:
                path = directory / "t.csv"
                done = self.expect(FAILED, *args, "-o", path, says="a file-size limit", **file_size(limit))
                self.assertRegex(done.stderr, "ulimit -f")
                self.assert_whole_rows(path.read_text())
                self.assertRegex(done.stderr, rf"(recorded|exported) {len(path.read_text().splitlines()) - 1}[ ,]")
                path.unlink()

    def test_a_limit_of_a_files_size_leaves_a_true_npy_header(self):
        name, directory = self.create_filled(5000, slots=5000), self.directory()
        path = directory / "t.npy"
        for limit in range(192 + 32, 192 + 70):
            self.expect(FAILED, "record", name, "-o", path, says="a file-size limit", **file_size(limit))
            rows = (limit - 192) // 32
            self.assertEqual(path.stat().st_size, 192 + 32 * rows)
            self.assertIn(f"'shape': ({rows},)".encode(), path.read_bytes())
            path.unlink()
        for limit in [0, 1, 100, 191]:  # within the header
            self.expect(FAILED, "record", name, "-o", path, says="a file-size limit", **file_size(limit))
            self.assertFalse(path.exists())

    def test_a_limit_of_a_files_size_is_kept_by_what_goes_to_standard_output(self):
        name, directory = self.create_filled(5000, slots=5000), self.directory()
        for limit in [1000, 20_001, 70_001]:
            for mode in ["w", "a"]:
                path = directory / "t.csv"
                path.write_text("")
                with path.open(mode) as out:
                    arguments = ["tail", name, "--from", "oldest", "--format", "csv"]
                    self.expect(FAILED, *arguments, stdout=out, says="a file-size limit", **file_size(limit))
                self.assert_whole_rows(path.read_text())
        for args in [["--help"], ["completion", "bash"], ["metrics"]]:
            with (directory / "out").open("w") as out:
                self.expect(FAILED, *args, stdout=out, says="a file-size limit", **file_size(100))
        self.expect(FAILED, "man", directory / "man", says="a file-size limit", **file_size(100))
        self.assertEqual(list((directory / "man").iterdir()), [])
        cursor = directory / "cursor"
        self.expect(FAILED, "tail", name, "--cursor-file", cursor, says="a file-size limit", **file_size(3))
        self.assertFalse(cursor.exists())

    def test_a_row_that_cannot_be_taken_back_is_told(self):
        name, path = self.create_filled(5000, slots=5000), self.directory() / "t.csv"
        path.write_text("")
        if subprocess.run(["chattr", "+a", path], stderr=subprocess.PIPE).returncode != 0:
            self.skipTest("no file here can be made to grow only")
        try:
            with path.open("a") as out:
                arguments = ["tail", name, "--from", "oldest", "--format", "csv"]
                self.expect(FAILED, *arguments, stdout=out, says="is incomplete", **file_size(20_001))
        finally:
            subprocess.run(["chattr", "-a", path], check=True)


if __name__ == "__main__":
    unittest.main()
