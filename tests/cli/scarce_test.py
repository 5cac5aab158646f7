"""What the tool says, and does, where something has run out: descriptors, room, permission."""

import os
import resource
import shutil
import subprocess
import unittest

from arena_cli import FAILED, OK, SHM, TOOL, CliTest


def descriptors(count):
    """Before the tool runs: it may have no more descriptors than that at once."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))}


class ScarceDescriptorsTest(CliTest):
    # Standard input, output and error, and one to open an arena by: what comes then fails.
    ONE = 4

    def arenas(self, count):
        return [self.create() for _ in range(count)]

    def test_more_arenas_than_descriptors_are_all_looked_at(self):
        names = self.arenas(40)
        for args in [["list"], ["stat"], ["metrics"], ["gc", "--dry-run", "--force"]]:
            done = self.expect(OK, *args, **descriptors(30))
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
            done = self.expect(FAILED, *args, **descriptors(self.ONE))
            for name in names:
                self.assertRegex(done.stderr, rf"skipped '{name}': no free descriptor in this process; .*ulimit -n")

    def test_metrics_has_them_as_not_readable(self):
        name = self.create()
        done = self.expect(FAILED, "metrics", **descriptors(self.ONE))
        self.assertIn(f'arena_shm_readable{{arena="{name}"}} 0\n', done.stdout)

    def test_gc_removes_nothing_that_it_cannot_judge(self):
        held, free = self.create(), self.create()
        self.start("tail", held, "-f")  # maps it, and has no seat
        self.eventually(lambda: held in self.expect(OK, "gc", "--dry-run").stderr)
        for count in range(self.ONE, self.ONE + 5):
            for args in [[], ["--force"]]:
                done = self.run_tool("gc", held, *args, **descriptors(count))
                self.assertTrue((SHM / held).exists(), f"{count} descriptors, {args}\n{done.stderr}")
        done = self.expect(FAILED, "gc", "--dry-run", **descriptors(self.ONE))
        self.assertRegex(done.stderr, rf"'{free}': .*no free descriptor")
        self.assertEqual(done.stdout, "")

    def test_verbs_for_one_arena_say_what_has_run_out(self):
        name = self.create_filled(3)
        for args in [["inspect", name], ["seats", name], ["write", name]]:
            done = self.expect(FAILED, *args, **descriptors(self.ONE))
            self.assertRegex(done.stderr, "no free descriptor in this process.*ulimit -n", args)


class ScarceRoomTest(CliTest):
    def in_namespace(self, script, *args):
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            self.skipTest("needs root and unshare")
        if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.PIPE).returncode != 0:
            self.skipTest("mount namespaces cannot be made here")
        return subprocess.run(["unshare", "--mount", "sh", "-ec", f'{script}\nexec "$0" "$@"', TOOL, *args],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)

    def test_without_the_directory_everything_says_so(self):
        for args in [["list"], ["stat"], ["metrics"], ["gc"], ["tail", "a"], ["check", "a"],
                     ["create", "a", "--slots", "1", "--size", "8"]]:
            done = self.in_namespace("mount -t tmpfs tmpfs /dev", *args)
            self.assertEqual(done.returncode, FAILED, f"{args} {done.stderr}")
            self.assertRegex(done.stderr, "no directory /dev/shm.*mount -t tmpfs tmpfs /dev/shm", args)

    def test_gc_keeps_what_a_process_that_cannot_be_looked_at_may_use(self):
        name = self.create()
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
                           ("/dev/full", "no room left there")]:
            self.expect(FAILED, "snapshot", name, "-o", path, "--force", "--format", "csv", says=says)
        self.expect(FAILED, "create", self.name(), "--slots", 1, "--schema", directory / "none", says="no such file")
        self.expect(FAILED, "create", self.name(), "--slots", 1, "--schema", directory, says="a directory")
        with open("/dev/full", "w") as full:
            self.expect(FAILED, "tail", name, stdout=full, says="no room left there")


if __name__ == "__main__":
    unittest.main()
