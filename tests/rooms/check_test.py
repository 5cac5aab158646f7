"""The check itself: each kind of offender is named, and nothing else is."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("check")


class RoomsTest(unittest.TestCase):
    def check(self, path, include):
        """The complaints about a project whose only file includes that."""
        with tempfile.TemporaryDirectory() as root:
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True)
            file.write_text(f"// a file\n#include {include}\n")
            done = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1 if done.stdout else 0, done.stderr)
            return done.stdout.removeprefix(f"{root}/").strip()

    def test_what_points_up_is_named_with_its_line(self):
        self.assertEqual(
            self.check("src/recording/put.cpp", '"terminal/signals.hpp"'),
            "src/recording/put.cpp:2: includes terminal/signals.hpp; recording may use core, filter, inspect, schema, text",
        )

    def test_every_arrow_that_is_not_allowed_is_found(self):
        for path, include in {
            "src/core/mutex.cpp": '"inspect/facts.hpp"',
            "src/text/utf8.cpp": '"schema/schema.hpp"',
            "src/terminal/names.cpp": '"inspect/image.hpp"',
            "src/tool/views/watch.hpp": '"tool/verbs/stat.hpp"',
            "src/bench/main.cpp": '"tool/verbs/verbs.hpp"',
            "src/tool/verbs/bench.cpp": '"bench/harness/clock.hpp"',
            "src/recording/recorder.hpp": "<CLI/CLI.hpp>",
            "src/tool/verbs/top.cpp": "<curses.h>",
            "src/somewhere/new.cpp": "<vector>",
            "src/stray.cpp": "<vector>",
            "include/arena_shm/core/slot.hpp": '"arena_shm/arena.hpp"',
            "include/arena_shm/arena.hpp": '"core/text_file.hpp"',
        }.items():
            self.assertNotEqual(self.check(path, include), "", f"{path} includes {include}")

    def test_what_points_down_is_let_pass(self):
        for path, include in {
            "src/tool/verbs/tail.cpp": '"recording/cursor_file.hpp"',
            "src/tool/verbs/bench.cpp": '"bench/bench_command_line.hpp"',
            "src/tool/verbs/stat.cpp": '"tool/verbs/stat.hpp"',
            "src/core/mutex.cpp": '"arena_shm/core/mutex.hpp"',
            "src/recording/put.cpp": "<vector>",
        }.items():
            self.assertEqual(self.check(path, include), "")


if __name__ == "__main__":
    unittest.main()
