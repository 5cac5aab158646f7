"""Counts, sizes and times on the command line: the same units and names in every verb."""

import unittest

from arena_cli import OK, USAGE, CliTest


class QuantitiesTest(CliTest):
    def slots(self, text):
        name = self.name()
        self.expect(OK, "create", name, "--slots", text, "--size", 8)
        return self.objects("inspect", name)[0]["slots"]

    def record_bytes(self, text):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 1, "--size", text)
        return self.objects("inspect", name)[0]["record_bytes"]

    def test_counts_are_decimal_and_take_units_of_1000(self):
        for text, slots in [("010", 10), ("08", 8), ("1K", 1000), ("1.5k", 1500), ("2Ki", 2048), ("0.001M", 1000)]:
            with self.subTest(text=text):
                self.assertEqual(self.slots(text), slots)

    def test_sizes_take_units_of_1024(self):
        for text, size in [("0100", 100), ("1K", 1024), ("1.5KiB", 1536), ("2kb", 2048), ("40B", 40)]:
            with self.subTest(text=text):
                self.assertEqual(self.record_bytes(text), size)

    def test_what_is_no_count_is_refused_wherever_one_is_meant(self):
        name = self.create()
        for args in [
            ["create", self.name(), "--size", 8, "--slots"],
            ["create", self.name(), "--size", 8, "--slots", 1, "--seats"],
            ["create", self.name(), "--slots", 1, "--size"],
            ["create", self.name(), "--slots", 1, "--size", 8, "--align"],
            ["tail", name, "-n"],
            ["tail", name, "--every"],
            ["tail", name, "--until"],
            ["tail", name, "--from"],
            ["inspect", name, "-n"],
            ["stat", name, "-n"],
            ["record", name, "-o", "x.npy", "-n"],
            ["record", name, "-o", "x.npy", "--max-size"],
            ["record", name, "-o", "x.npy", "--from"],
            ["replay", "x.npy", name, "--create", "--slots"],
            ["write", name, "--rate"],
        ]:
            for text in ["", "-v5", "-5", "+5", "0x10", "1M5", "1 2", "1X", "K", "99999999999999999999", "0.3"]:
                if args[-1] == "--rate" and text in ["99999999999999999999", "0.3"]:
                    continue
                with self.subTest(args=args, text=text):
                    done = self.expect(USAGE, *args, text, says="expected ")
                    self.assertIn("found ", done.stderr)

    def test_what_does_not_fit_is_said(self):
        self.expect(USAGE, "create", self.name(), "--size", 8, "--slots", 1, "--seats", "5G", says="up to 4294967295")

    def test_a_count_is_asked_for_with_the_same_names(self):
        name = self.create_filled(8)
        for flag in ["-n", "-c", "--count"]:
            with self.subTest(flag=flag):
                self.assertEqual(len(self.objects("tail", name, flag, "02")), 2)
                self.assertEqual(len(self.objects("inspect", name, flag, "02")[0]["newest"]), 2)
                self.assertEqual(len(self.objects("stat", name, flag, "02", "-i", "10ms")), 2)
                file = self.directory() / "t.csv"
                self.expect(OK, "record", name, flag, "02", "-o", file)
                self.assertEqual(len(file.read_text().splitlines()), 3)

    def test_sequence_numbers_are_counts(self):
        name = self.create_filled(8)
        self.assertEqual([found["_seq"] for found in self.objects("tail", name, "--from", "06", "--until", "07")], [6, 7])

    def test_times_have_units(self):
        name = self.create_filled(1)
        for text in ["20ms", "20000us", "0.02s", "20 ms", "10ms10ms", "0.02", "20000000ns", "20000\u00b5s"]:
            with self.subTest(text=text):
                self.assertEqual(len(self.objects("stat", name, "-i", text, "-n", 2)), 2)
        for text in ["", "5x", "-1s", "1ms", "25h", "s", "1h30", "1e3"]:
            with self.subTest(text=text):
                self.expect(USAGE, "stat", name, "-i", text, says="expected a time from 10ms to 1d")
                self.expect(USAGE, "top", "-i", text, says="expected a time from 10ms to 1d")
        for flag in ["--duration", "--max-duration"]:
            self.expect(OK, "record", name, flag, "20ms", "-o", self.directory() / "t.csv")
            self.expect(USAGE, "record", name, flag, "5", "-o", "t.csv", says="expected a time")

    def test_a_rate_takes_units(self):
        name = self.create()
        for text in ["0.5", "2K", "1.5M"]:
            self.expect(OK, "write", name, "--rate", text, stdin="ts,px,sym\n1,1,A\n")

    def test_types_are_given_with_as_or_fields(self):
        for flag in ["--as", "--fields"]:
            self.expect(OK, "create", self.name(), "--slots", 1, flag, "u64 ts")


if __name__ == "__main__":
    unittest.main()
