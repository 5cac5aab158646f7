"""--int64 string, in every verb that prints JSON: no integer for a reader to round. What is written so is read again."""

import json
import unittest

from arena_cli import LOST, OK, USAGE, CliTest

FIELDS = "u64 big, i64[2] low, u32 small, f64 px, s4 sym"
VALUE = {"big": 2**64 - 1, "low": [-(2**63), 2**53 + 1], "small": 7, "px": 1.5, "sym": "A"}
QUOTED = VALUE | {"big": str(2**64 - 1), "low": [str(-(2**63)), str(2**53 + 1)]}


def integers(value, path=""):
    """The paths of all numbers that are integers."""
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, part in items for found in integers(part, f"{path}/{key}")]
    return [path] if isinstance(value, int) and not isinstance(value, bool) else []


class Int64Test(CliTest):
    def create_extreme(self):
        name = self.create(fields=FIELDS)
        self.expect(OK, "write", name, stdin=json.dumps(VALUE) + "\n")
        return name

    def test_verbs_that_report_have_no_integer_as_a_number(self):
        name = self.create_extreme()
        self.start_writer(self.create())
        for verb in ["list", "seats", "stat", "check", "gc --dry-run", "doctor"]:
            done = self.run_tool(*verb.split(), "--format", "json", "--int64", "string")
            objects = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertTrue(objects, verb)
            self.assertEqual([integers(one) for one in objects], [[]] * len(objects), verb)
        (seat,) = self.objects("seats", name, "--int64", "string")
        self.assertEqual(seat["values"], "1")
        self.assertTrue(seat["taken_ns"].isdigit())
        (seat,) = self.objects("seats", name, "--int64", "number")
        self.assertEqual(seat["values"], 1)

    def test_inspect_keeps_the_schema_and_quotes_values_as_tail_does(self):
        name = self.create_extreme()
        path = self.directory() / "saved.arena"
        self.expect(OK, "snapshot", name, "-o", path)
        for args in [[name], ["--file", path]]:
            (plain,) = self.objects("inspect", *args)
            (quoted,) = self.objects("inspect", *args, "--int64", "string")
            self.assertEqual(quoted.pop("schema"), plain.pop("schema"))
            self.assertEqual(quoted["newest"], [{"_seq": "0"} | QUOTED])
            self.assertEqual(plain["newest"], [{"_seq": 0} | VALUE])
            self.assertEqual([path for path in integers(quoted) if "/newest" not in path], [])
            self.assertEqual([quoted["head"], quoted["written"]], ["1", "1"])
        raw = self.name()
        self.expect(OK, "create", raw, "--slots", 2, "--size", 8)
        self.expect(OK, "write", raw, "--format", "raw", stdin=bytes(8))
        (object_,) = self.objects("inspect", raw, "--int64", "string")
        self.assertEqual(object_["newest"], [{"_seq": "0", "hex": "00" * 8}])

    def test_records_are_quoted_wherever_they_are_written_and_are_read_again(self):
        name = self.create_extreme()
        line = {"_seq": "0"} | QUOTED
        directory = self.directory()
        image, npy = directory / "saved.arena", directory / "saved.npy"
        self.expect(OK, "snapshot", name, "-o", image)
        self.expect(OK, "snapshot", name, "-o", npy)
        ndjson = ["--format", "ndjson", "--int64", "string"]
        texts = [
            self.expect(OK, *args, *ndjson).stdout
            for args in [
                ["tail", name],
                ["tail", "--file", image],
                ["snapshot", name, "-o", "-"],
                ["record", name, "-o", "-", "--from", "oldest", "--max-duration", "1ms"],
                ["export", image, "-o", "-"],
                ["export", npy, "-o", "-"],
            ]
        ]
        for text in texts:
            self.assertEqual(json.loads(text), line)
        path = directory / "saved.ndjson"
        for text in [texts[0], self.expect(OK, "tail", name, "--format", "json").stdout]:
            self.expect(OK, "write", name, "--format", "ndjson", stdin=text)
            path.write_text(text)
            self.expect(OK, "replay", path, name)
            self.expect(OK, "export", path, "-o", directory / "again.npy", "--force", "--fields", FIELDS)
            again = self.expect(OK, "export", directory / "again.npy", "-o", "-", "--format", "ndjson").stdout
            self.assertEqual(json.loads(again), {"_seq": 0} | VALUE)
        rows = [json.loads(line) for line in self.expect(OK, "tail", name, "--format", "json").stdout.splitlines()]
        self.assertEqual(len(rows), 1 + 4)
        self.assertEqual([row | {"_seq": 0} for row in rows], [{"_seq": 0} | VALUE] * 5)

    def test_gaps_are_quoted_too(self):
        name = self.create_filled(20)
        done = self.expect(LOST, "tail", name, "--from", 3, "-n", 1, "--gaps", "inline", "--format", "json", "--int64", "string")
        gap = json.loads(done.stdout.splitlines()[0])["_gap"]
        self.assertEqual(gap, {"first": "3", "last": "11", "count": "9", "cause": "overwritten"})

    def test_what_is_no_json_stays_as_it_is(self):
        name = self.create_extreme()
        for args in [["tail", name], ["tail", name, "--format", "csv"], ["seats", name, "--format", "csv"]]:
            self.assertEqual(
                self.expect(OK, *args, "--int64", "string").stdout, self.expect(OK, *args, "--int64", "number").stdout
            )
        self.expect(USAGE, "list", "--int64", "text", says="number, string")


if __name__ == "__main__":
    unittest.main()
