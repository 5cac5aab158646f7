"""gc: removes what nobody uses. Other arenas of this host are none of a test's business: it names its own."""

import mmap
import os
import shlex
import shutil
import socket
import struct
import subprocess
import unittest

from arena_cli import ABSENT, FAILED, OF_ALL, OK, SHM, TOOL, CliTest

# Why it is not sure of arenas that others than root look at: it may not look at root's processes. In a pid namespace
# (a container) there may be some that it does not even see, and that is said first.
FIRST_PID_NAMESPACE = 0xEFFFFFFC  # of the kernel: PROC_PID_INIT_INO
IS_INSIDE = os.stat("/proc/self/ns/pid").st_ino != FIRST_PID_NAMESPACE
UNSURE = "/proc does not show all processes" if IS_INSIDE else "no permission to look at"


class GcTest(CliTest):
    def gc(self, *args, says="", code=OK, **kwargs):
        return self.expect(code, "gc", *args, says=says, **kwargs).stdout.splitlines()

    def setUp(self):
        super().setUp()
        # Without the permission to look at others, --force is needed; then it is as if there were no others.
        self.looks = []
        probe = self.create()
        if not self.gc(probe, "--dry-run"):
            self.looks = ["--force"]

    def test_removes_what_nobody_uses(self):
        unused, dead = self.create_filled(3), self.create()
        writer = self.start_writer(dead)
        writer.kill()
        writer.wait()
        self.assertEqual(self.gc(unused, dead, *self.looks, says="removed 2 arenas, kept 0"), [unused, dead])
        self.assertFalse((SHM / unused).exists() or (SHM / dead).exists())

    def test_a_dry_run_removes_nothing(self):
        name = self.create()
        self.assertEqual(self.gc(name, "--dry-run", *self.looks, says="would remove 1 arena, kept 0"), [name])
        self.assertTrue((SHM / name).exists())

    def test_without_names_it_looks_at_all(self):
        unused, used = self.create(), self.create()
        self.start_writer(used)
        names = self.gc("--dry-run", *self.looks, code=OF_ALL, says=f"kept '{used}': 1 writer alive")
        self.assertIn(unused, names)
        self.assertNotIn(used, names)

    def test_keeps_what_is_written(self):
        name = self.create()
        writer = self.start_writer(name)
        self.assertEqual(self.gc(name, "--force", says=f"kept '{name}': 1 writer alive"), [])
        writer.communicate()
        self.assertEqual(self.gc(name, *self.looks), [name])

    def test_keeps_what_is_read(self):
        name = self.create_filled(1)
        reader = self.start("tail", name, "-f")
        reader.stdout.readline()
        self.assertEqual(self.gc(name, "--force", says=f"kept '{name}': mapped by pid {reader.pid} (arena-shm)"), [])
        self.assertTrue((SHM / name).exists())

    def test_keeps_what_is_damaged(self):
        name = self.create()
        with open(SHM / name, "r+b") as segment:
            segment.seek(128)
            segment.write(struct.pack("<Q", 1))
        self.assertEqual(self.gc(name, "--force", code=FAILED, says=f"kept '{name}': the arena is damaged"), [])

    def test_its_hints_are_quoted_for_the_shell(self):
        name, plain = self.name("it's;odd$"), self.create()
        (SHM / plain).rename(SHM / name)
        with open(SHM / name, "r+b") as segment:
            segment.seek(128)
            segment.write(struct.pack("<Q", 1))
        said = self.expect(FAILED, "gc", name, "--dry-run").stderr
        command = said.partition("remove it: ")[2].splitlines()[0]
        self.assertEqual(shlex.split(command), ["arena-shm", "rm", name])

    def test_keeps_what_it_cannot_be_sure_of_unless_forced(self):
        name = self.create("--mode", "0666")
        nobody = self.as_nobody()
        self.start("tail", self.create_filled(1), "-f")  # a process of root's
        self.assertEqual(self.gc(name, "--dry-run", says=UNSURE, **nobody), [])
        self.assertEqual(self.gc(name, "--dry-run", "--force", **nobody), [name])

    def as_owner(self, mode="0600"):
        """An arena of nobody's, and how to be nobody, beside a process of root's that nobody may not look at."""
        nobody = self.as_nobody()
        self.start("tail", self.create_filled(1), "-f")
        name = self.name()
        self.expect(OK, "create", name, "--slots", 8, "--fields", "u64 ts", "--mode", mode, **nobody)
        return name, nobody

    def test_removes_ones_own_without_being_root(self):
        for mode in ["0600", "0644", "0666"]:
            name, nobody = self.as_owner(mode)
            self.eventually(lambda: self.gc(name, "--dry-run", **nobody) == [name])  # others look at all arenas
            self.eventually(lambda: self.gc(name, **nobody) == [name])
            self.assertFalse((SHM / name).exists())

    def test_keeps_ones_own_that_others_have_open(self):
        name, nobody = self.as_owner()
        with open(SHM / name, "rb") as segment:  # as root, whom nobody may not look at
            self.assertEqual(self.gc(name, says=UNSURE, **nobody), [])
            with mmap.mmap(segment.fileno(), 4096, prot=mmap.PROT_READ) as mapped:
                segment.close()
                self.assertEqual(self.gc(name, says=UNSURE, **nobody), [])
                self.assertEqual(len(mapped), 4096)
        self.eventually(lambda: self.gc(name, "--dry-run", **nobody) == [name])

    def test_keeps_ones_own_while_a_descriptor_of_it_is_on_its_way(self):
        name, nobody = self.as_owner()
        here, there = socket.socketpair()
        self.addCleanup(there.close)
        with open(SHM / name, "rb") as segment:
            socket.send_fds(here, [b"x"], [segment.fileno()])
        here.close()
        self.assertEqual(self.gc(name, says=UNSURE, **nobody), [])

    def test_keeps_what_another_pid_namespace_reads(self):
        """As a container does that shares /dev/shm with this one: its /proc shows none of our processes."""
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            self.skipTest("needs root and unshare")
        inside = ["unshare", "--pid", "--fork", "--mount-proc"]
        if subprocess.run([*inside, "true"], stderr=subprocess.PIPE).returncode != 0:
            self.skipTest("pid namespaces cannot be made here")
        name = self.create_filled(1)
        reader = self.start("tail", name, "-f")
        reader.stdout.readline()
        done = subprocess.run([*inside, TOOL, "gc", name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn(f"kept '{name}': /proc does not show all processes", done.stderr)
        self.assertEqual((done.returncode, done.stdout), (OK, ""))
        self.assertTrue((SHM / name).exists())
        reader.terminate()
        reader.communicate()
        self.eventually(lambda: subprocess.run([*inside, TOOL, "gc", name], stderr=subprocess.PIPE,
                                               stdout=subprocess.PIPE, text=True).stdout == f"{name}\n")

    def test_names_that_are_no_arenas(self):
        self.expect(ABSENT, "gc", self.name())
        other = self.name()
        (SHM / other).write_bytes(b"x" * 5000)
        self.expect(FAILED, "gc", other, "--force", says="a file that is not an arena")
        self.assertTrue((SHM / other).exists())


    def test_objects_tell_what_became_of_each_arena(self):
        unused, used = self.create(), self.create()
        self.start_writer(used)
        kept = {"name": used, "outcome": "kept", "reason": "1 writer alive"}
        for args, outcome in [(["--dry-run"], "would remove"), ([], "removed")]:
            self.assertEqual(self.objects("gc", unused, used, *args, *self.looks),
                             [{"name": unused, "outcome": outcome, "reason": None}, kept])
        self.assertFalse((SHM / unused).exists())
        self.assertEqual(self.csv_rows("gc", used), [kept])


if __name__ == "__main__":
    unittest.main()
