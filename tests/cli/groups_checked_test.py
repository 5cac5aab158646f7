"""check, of groups of consumers: sound, damaged, held up."""

import unittest

from arena_cli import FAILED, OK, SHM
from lossless import EPOCH, GROUP, JOINED, KEPT, MEMBER, RELEASED, SHARED, WORD, GroupTest


class GroupsCheckedTest(GroupTest):
    def test_sound_ones_are_ok(self):
        for args in [[], ["--lanes", 2], ["--exclusive", "--time"]]:
            with self.subTest(args=args):
                name = self.lossless(*args)
                members = [self.share(name) for _ in range(3)]
                self.hot_writer(name, 3000)
                for member in members:
                    member.tell(1000)
                for _ in range(3):
                    self.expect(OK, "check", name)
                for member in members:
                    self.assertEqual(member.process.stdout.readline(), "took 1000\n")
                members[1].end()
                self.assertRegex(self.expect(OK, "check", name).stdout, "^ok: ", "its place is anybody's")
                self.assertNotIn(2, self.members(name))
                self.write(name, 1)
                members[0].ask("hold")
                members[0].end()
                self.assertRegex(self.expect(OK, "check", name).stdout,
                                 "note: consumer 0 holder: .* died as 'workers/0'; another member takes what it holds")

    def test_a_copy_of_one_in_use_is_ok(self):
        for args, slots in [([], 64), (["--lanes", 64], 1024)]:
            with self.subTest(args=args):
                name = self.lossless(*args, slots=slots)
                self.hot_writer(name, 10**9)
                for _ in range(2):
                    self.share(name).tell(10**9)
                self.eventually(lambda: self.group(name)["position"] > 0)
                for _ in range(5):
                    image = self.directory() / "copy.arena"
                    self.expect(OK, "snapshot", name, "-o", image)
                    self.assertNotRegex(self.run_tool("check", "--file", image).stdout, r"(?m)^\w+: consumer")

    def test_each_damaged_word_is_named(self):
        name = self.lossless("--seats", 4)
        self.holding(name, 2)
        image = self.saved(name)
        sound = image.read_bytes()

        def held(seq, count):
            return (seq + 1) << 4 | count

        for says, place, word, value in [
            ("error: consumer 0 state: ", 0, 0, EPOCH | 3 << 2 | JOINED),
            ("error: consumer 0 state: ", 0, 0, EPOCH | MEMBER | KEPT),
            ("error: consumer 1 state: ", 1, 0, SHARED | JOINED),
            ("warning: consumer 1 padding: ", 1, WORD, held(1, 1)),
            ("warning: consumer 1 position: .* the head, 5, found 6;", 1, RELEASED, 6),
            ("warning: consumer 0 word: .* the head, 5, found 3 from 3 on;", 0, WORD, held(3, 3)),
            ("error: consumer 0 word: .* found 0x7;", 0, WORD, 7),
            ("warning: consumer 2 second word: ", 2, WORD + 1, held(5, 1)),
            ("error: consumer 2 second word: expected one number", 2, WORD + 1, held(1, 2)),
            ("warning: consumer 0 membership: ", 0, GROUP, 1 << 8 | 9),
            ("warning: consumer 0 membership: ", 0, GROUP, 2 << 8 | 1),
            ("warning: consumer 0 membership: ", 0, GROUP, 1 << 8 | 2),
            ("error: consumer 0 word: .* nobody takes; .* --evict workers", 0, 0, EPOCH | MEMBER),
        ]:
            with self.subTest(says=says, value=value):
                image.write_bytes(sound)
                self.expect(OK, "check", "--file", image)
                self.poke_consumer(image, place, word, value)
                self.assertRegex(self.expect(FAILED, "check", "--file", image).stdout, "(?m)^" + says)

    def test_what_is_taken_only_afterwards_is_no_damage(self):
        name = self.lossless()
        self.holding(name, 1)
        self.poke_consumer(SHM / name, 0, WORD, 4 << 4 | 2)  # behind `next`
        self.expect(OK, "check", name)

    def test_one_that_is_stopped_and_in_the_way(self):
        name = self.lossless()
        first, second = self.holding(name, 2)
        self.stop(name, first, 0)
        second.ask(3)
        self.write(name, 3)
        self.assertRegex(self.expect(FAILED, "check", name).stdout,
                         rf"^warning: consumer 0 holder: .* found pid {first.pid}, 'workers/0', stopped, .*; to continue it: "
                         rf"kill -CONT {first.pid}; to go on without it: arena-shm consumers {name} --evict workers/0\n")
        self.stop(name, second, 2)
        self.hot_writer(name, 1)
        self.expect(OK, "consumers", name, "--evict", "workers/0")
        self.assertIn("note: consumer 0 holder: ", self.expect(OK, "check", name).stdout)

    def test_all_stopped_or_away(self):
        name = self.lossless()
        member = self.share(name, durable=True)
        self.stop(name, member, 0)
        self.write(name, 8)
        self.assertRegex(self.expect(FAILED, "check", name).stdout,
                         rf"^warning: consumer 1 holder: .* found 1 member of 'workers', stopped, .* kill -CONT {member.pid}; "
                         rf".* --evict workers\n")
        member.end()
        self.assertRegex(self.expect(FAILED, "check", name).stdout,
                         "warning: consumer 1 holder: .* 'workers', durable and away, .* --remove workers\n")

    def test_any_words_do_no_harm(self):
        name = self.lossless("--consumers", 4, "--time", "--lanes", 3)
        self.holding(name, 2, lanes=3)
        image = self.saved(name)
        sound = image.read_bytes()
        for value in [0, 1, 2**24 + 5, 2**24 + 9, 2**59, 2**60 - 1, 2**63, 2**64 - 1]:
            for place in range(3):
                for word in range(8):
                    image.write_bytes(sound)
                    self.poke_consumer(image, place, word, value)
                    for verb in ["inspect", "consumers", "check"]:
                        done = self.run_tool(verb, "--file", image)
                        self.assertIn(done.returncode, [OK, FAILED], (verb, place, word, value, done.stderr))


if __name__ == "__main__":
    unittest.main()
