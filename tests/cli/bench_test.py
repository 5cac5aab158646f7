"""bench: finds arena-bench and becomes it. What arena-bench does then is tests/bench's."""

import shutil
import unittest

from arena_cli import FAILED, OK, TOOL, USAGE, CliTest

PRINTS_ITS_ARGUMENTS = '#!/bin/sh\nprintf "%s\\n" "$@"\n'


class BenchTest(CliTest):
    def setUp(self):
        super().setUp()
        self.prefix = self.directory()
        (self.prefix / "bin").mkdir()
        shutil.copy(TOOL, self.prefix / "bin" / "arena-shm")

    def add_bench(self, directory):
        (self.prefix / directory).mkdir(parents=True, exist_ok=True)
        program = self.prefix / directory / "arena-bench"
        program.write_text(PRINTS_ITS_ARGUMENTS)
        program.chmod(0o755)

    def bench(self, code, *args, **kwargs):
        return self.expect(code, "bench", *args, executable=self.prefix / "bin" / "arena-shm", **kwargs)

    def test_arguments_are_handed_over_as_they_are(self):
        for directory in ["bin", "libexec/arena-shm"]:
            with self.subTest(directory=directory):
                self.add_bench(directory)
                self.assertEqual(self.bench(OK, "--quick", "--only=W1,W8").stdout, "--quick\n--only=W1,W8\n")
                (self.prefix / directory / "arena-bench").unlink()

    def test_without_it_the_error_says_where_it_should_be(self):
        error = self.bench(FAILED).stderr
        self.assertIn(f"{self.prefix}/bin/arena-bench", error)
        self.assertIn(f"{self.prefix}/libexec/arena-shm/arena-bench", error)
        self.assertIn("-DARENA_SHM_BUILD_BENCH=ON", error)

    def test_quantities_are_written_as_in_other_verbs(self):
        self.add_bench("bin")
        for args in [["--rounds", "010"], ["--rounds", "1K"], ["--cpus", "00,01"], ["--slice", "1.5s"],
                     ["--slice-ms", "20"], ["--only", "w1,W10"]]:
            with self.subTest(args=args):
                self.bench(OK, *args)

    def test_wrong_options_are_refused_before(self):
        self.add_bench("bin")
        for args in [["--only", "W99"], ["--rounds", "0"], ["--rounds", "0x10"], ["--cpus", "0,x"], ["--slice", "20"],
                     ["--slice-ms", "0"], ["--slice", "1h"], ["--format", "xml"], ["--nonsense"]]:
            with self.subTest(args=args):
                self.assertEqual(self.bench(USAGE, *args, says="see arena-shm bench --help").stdout, "")


if __name__ == "__main__":
    unittest.main()
