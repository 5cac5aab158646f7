"""Verbs that look at several arenas: what is wrong with one is said and tells in the exit code; the others are shown."""

import unittest

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, OK, SHM, CliTest

OF_ALL_VERBS = [["list"], ["seats"], ["stat"], ["inspect"], ["check"], ["metrics"], ["gc", "--dry-run", "--force"]]
OF_NAMED_VERBS = [args for args in OF_ALL_VERBS if args[0] not in ("list", "metrics", "gc")]
FRESH = """mount -t tmpfs -o mode=1777 tmpfs /dev/shm
for name in good other; do "$0" create $name --slots 2 --fields 'u8 a' --mode 0644 2> /dev/null; done"""


def poked(at, byte="\\377"):
    """A line of the shell that damages the arena `other`."""
    return f"\nprintf '{byte}' | dd of=/dev/shm/other bs=1 seek={at} conv=notrunc status=none"


class SeveralTest(CliTest):
    def expect_all(self, code, script, args):
        """Of a verb for all, in a directory with `good` and `other`; `good` is shown."""
        done = self.in_namespace(FRESH + script, *args)
        self.assertEqual(done.returncode, code, f"{args}\n{done.stdout}\n{done.stderr}")
        self.assertRegex(done.stdout, r"\bgood\b", args)
        return done

    def test_all_of_them_intact(self):
        for args in OF_ALL_VERBS:
            self.expect_all(OK, "", args)

    def test_a_damaged_header(self):
        for args in OF_ALL_VERBS:
            done = self.expect_all(FAILED, poked(128), args)
            self.assertRegex(done.stdout + done.stderr, r"\bother\b.*(damaged|checksum)|(?s:other.*header checksum)", args)

    def test_another_layout_version(self):
        for args in OF_ALL_VERBS:
            self.expect_all(INCOMPATIBLE, poked(8, "\\143"), args)

    def test_damage_that_leaves_it_readable(self):
        for args in OF_ALL_VERBS:
            if args[0] != "gc":  # which needs nothing but the seats
                self.expect_all(FAILED, "\ntruncate -s -1 /dev/shm/other", args)

    def as_nobody_in_namespace(self, script, args):
        copy = self.as_nobody()["executable"]
        return FRESH + script + f'\nexec setpriv --reuid 65534 --regid 65534 --clear-groups {copy} "$@"', *args

    def test_another_users_that_may_not_be_read_is_a_remark(self):
        for args in OF_ALL_VERBS:
            done = self.in_namespace(*self.as_nobody_in_namespace("\nchmod 0600 /dev/shm/other", args))
            self.assertEqual(done.returncode, OK, f"{args}\n{done.stderr}")
            self.assertIn("skipped 'other': no permission", done.stderr, args)

    def test_ones_own_that_may_not_be_read_is_a_failure(self):
        for args in OF_ALL_VERBS:
            done = self.in_namespace(*self.as_nobody_in_namespace("\nchown 65534 /dev/shm/other; chmod 0 /dev/shm/other", args))
            self.assertEqual(done.returncode, FAILED, f"{args}\n{done.stderr}")
            self.assertIn("skipped 'other'", done.stderr, args)

    def test_of_those_named_the_others_are_shown(self):
        good, bad = self.create(), self.create()
        absent = self.name()
        with open(SHM / bad, "r+b") as segment:
            segment.seek(128)
            segment.write(b"\xff")
        for args in OF_NAMED_VERBS:
            for names, code in [([absent, good], ABSENT), ([good, absent], ABSENT), ([bad, good], FAILED), ([good, bad], FAILED)]:
                done = self.expect(code, *args, *names)
                self.assertIn(good, done.stdout, args)
                self.assertIn(names[1 - names.index(good)], done.stdout + done.stderr, args)

    def test_patterns_and_names_that_stand_for_nothing(self):
        good, absent = self.create(), self.name()
        done = self.expect(ABSENT, "stat", absent + "*", good, absent)
        self.assertIn(good, done.stdout)
        self.assertEqual(done.stderr.count(absent), 2)
        self.assertEqual(self.expect(ABSENT, "stat", absent, absent + "x").stderr.count(f"'{absent}"), 2)
        self.expect(OK, "stat", good[:-1] + "*", good)


if __name__ == "__main__":
    unittest.main()
