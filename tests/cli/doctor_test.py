"""doctor: what this host offers."""

import os
import pathlib
import resource
import shutil
import subprocess
import unittest

from arena_cli import FAILED, OK, SHM, TOOL, CliTest


class DoctorTest(CliTest):
    def lines(self, code=OK, **kwargs):
        """What was said about each thing."""
        lines = self.expect(code, "doctor", **kwargs).stdout.splitlines()
        for line in lines:
            self.assertRegex(line, r"^(ok|note|warning|broken) ")
        return {line[9:24].strip(): line for line in lines}

    def in_namespace(self, script):
        """Runs the tool where `script` has changed the mounts, for it alone."""
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            self.skipTest("needs root and unshare")
        trial = subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.PIPE)
        if trial.returncode != 0:
            self.skipTest("mount namespaces cannot be made here")
        return subprocess.run(
            ["unshare", "--mount", "sh", "-ec", f'{script}\nexec "$0" doctor', TOOL],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    def test_a_host_on_which_the_other_tests_pass_is_not_broken(self):
        lines = self.lines()
        for what in ["/dev/shm", "memory", "memory limit", "RLIMIT_FSIZE", "RLIMIT_MEMLOCK", "O_TMPFILE", "OFD locks",
                     "an arena", "membarrier", "/proc", "deaths", "RemoveIPC", "huge pages", "frequency", "pinning"]:
            self.assertIn(what, lines)
        for what in ["OFD locks", "an arena"]:
            self.assertTrue(lines[what].startswith("ok "), lines[what])

    def test_leaves_nothing_behind(self):
        self.lines()
        self.assertEqual([path for path in SHM.iterdir() if path.name.startswith("arena-shm-doctor")], [])

    def test_a_file_size_limit_is_a_warning_or_worse(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        lines = self.lines(FAILED, preexec_fn=limit)
        self.assertRegex(lines["RLIMIT_FSIZE"], r"^warning .*4096 bytes; .*ulimit -f")
        self.assertRegex(lines["an arena"], r"^broken ")

    def test_shows_the_tightest_limit_of_the_control_groups(self):
        for hierarchy, control in [("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")]:
            group = pathlib.Path(hierarchy, f"arena-shm-doctor-{os.getpid()}")
            try:
                group.mkdir()
            except OSError:
                continue
            self.addCleanup(group.rmdir)
            if (group / control).exists():
                break
        else:
            self.skipTest("may not make a control group with a memory limit")
        outer, inner = group / control, group / "inner"
        if control == "memory.max":
            (group / "cgroup.subtree_control").write_text("+memory")
        inner.mkdir()
        self.addCleanup(inner.rmdir)
        outer.write_text(str(32 << 20))
        (inner / control).write_text(str(64 << 20))

        def enter():
            (inner / "cgroup.procs").write_text(str(os.getpid()))

        line = self.lines(preexec_fn=enter)["memory limit"]
        self.assertRegex(line, rf"^warning .* \d+ MiB left under {outer} of {32 << 20} bytes: \d+ in use, .*; .*raise this limit")

    def test_a_small_directory_is_a_warning(self):
        done = self.in_namespace("mount -t tmpfs -o size=1m tmpfs /dev/shm")
        self.assertEqual(done.returncode, OK, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?m)^warning  /dev/shm +1 MiB of 1 MiB free; .*remount,size=")

    def test_a_full_directory_is_broken(self):
        done = self.in_namespace("mount -t tmpfs -o size=4k tmpfs /dev/shm")
        self.assertEqual(done.returncode, FAILED, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?m)^broken   an arena ")

    def test_systemd_that_removes_arenas_is_a_warning(self):
        conf = "mkdir -p /run/systemd/system /etc/systemd/logind.conf.d"
        hide = "mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /etc"
        for setting, says in [("yes", r"warning  RemoveIPC +yes; .*RemoveIPC=no in"), ("no", "ok       RemoveIPC +no")]:
            done = self.in_namespace(
                f"{hide}; {conf}; printf '[Login]\\nRemoveIPC=maybe\\n' > /etc/systemd/logind.conf;"
                f"printf '[Login]\\n#RemoveIPC=x\\nRemoveIPC={setting}\\n' > /etc/systemd/logind.conf.d/z.conf"
            )
            self.assertRegex(done.stdout, f"(?m)^{says}")

    def test_needs_no_privileges(self):
        lines = self.lines(**self.as_nobody())
        self.assertTrue(lines["an arena"].startswith("ok "), lines)

    def test_without_proc_it_says_so(self):
        done = self.in_namespace("mount -t tmpfs tmpfs /proc")
        self.assertRegex(done.stdout, r"(?m)^warning  /proc +not mounted; ")
        self.assertRegex(done.stdout, r"(?m)^note     deaths +not detected early: /proc is not mounted; .*50 ms per GiB")

    def test_whether_deaths_can_be_proved_early(self):
        shown = self.in_namespace("mount -t proc proc /proc")
        self.assertRegex(shown.stdout, r"(?m)^ok +deaths +detected within milliseconds$")
        hidden = self.in_namespace("mount -t proc -o hidepid=2 proc /proc")
        self.assertRegex(hidden.stdout, r"(?m)^note +deaths +not detected early: /proc hides processes .*; a death ")

    def test_objects_and_rows_have_what_the_lines_have(self):
        lines, objects, rows = self.lines(), self.objects("doctor"), self.csv_rows("doctor")
        # Lossless arenas of other tests, which come and go, have a line each.
        lines.pop("consumers", None)
        objects, rows = ([one for one in all if one["what"] != "consumers"] for all in (objects, rows))
        self.assertEqual([found["what"] for found in objects], list(lines))
        for found in objects:
            self.assertEqual(list(found), ["what", "state", "found", "remedy"])
            line = lines[found["what"]]
            self.assertTrue(line.startswith(found["state"] + " "), line)
            if found["what"] in ["OFD locks", "an arena"]:
                self.assertTrue(line.endswith(found["found"]) and found["remedy"] is None, found)
            self.assertIn(found["remedy"] or "", line)
        for found, row in zip(objects, rows, strict=True):
            self.assertEqual([row[key] for key in ["what", "state", "remedy"]],
                             [found["what"], found["state"], found["remedy"] or ""])

    def test_what_is_broken_is_so_in_every_format(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        found = {each["what"]: each for each in self.objects("doctor", code=FAILED, preexec_fn=limit)}
        self.assertEqual([found["RLIMIT_FSIZE"]["state"], found["an arena"]["state"]], ["warning", "broken"])
        self.assertIn("ulimit -f", found["RLIMIT_FSIZE"]["remedy"])


if __name__ == "__main__":
    unittest.main()
