"""MCAP files: what is in them, that the tool reads them back, and that @mcap/core does."""

import json
import math
import re
import struct
import unittest

from arena_cli import FAILED, INCOMPATIBLE, LOST, OK
from describing import SCHEMA, DescribingCase
from recording import needs_numpy

try:
    import numpy as np
except ImportError:
    np = None


WIDE = {"names": ["f", "g", "side", "fs", "sides", "w", "n", "on"],
        "formats": ["<f4", "<f8", "u1", "(2,2)<f8", "(3,)i1", "<i8", "<u8", "?"],
        "offsets": [0, 8, 16, 24, 56, 64, 72, 80], "itemsize": 88,
        "metadata": {"fields": {"side": {"enum": {"buy": 0, "sell": 1}}, "sides": {"enum": {"up": 1, "down": -1}},
                                "w": {"enum": {"big": 9223372036854775807}}}}}
WIDE_ROWS = [struct.pack("<f4xdB7x4d3b5xqQB7x", *row) for row in [
    (1, 2, 0, 1, 2, 3, 4, 1, -1, 1, 2**63 - 1, 2**64 - 1, 1),
    (math.nan, math.inf, 200, math.nan, math.inf, -math.inf, 0, 7, -1, -7, -5, 0, 0),
    (-math.inf, math.nan, 1, 0, math.nan, 0, 0, 1, 1, 1, 7, 1, 1)]]
OF_TYPE = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "object": dict}


def contents(data):
    """The records of an MCAP file, those in chunks, too: opcode and content."""
    while len(data) >= 9:
        opcode, size = data[0], int.from_bytes(data[1:9], "little")
        content, data = data[9:9 + size], data[9 + size:]
        yield opcode, content
        if opcode == 6:
            yield from contents(content[8 + 8 + 8 + 4 + 4 + 8:])  # not compressed


def texts(data):
    while data:
        size = int.from_bytes(data[:4], "little")
        yield data[4:4 + size]
        data = data[4 + size:]


def misfits(value, schema, path=()):
    """Where the value is of another type than the schema says: paths, the type, and what is there."""
    kind = schema["type"]
    if not isinstance(value, OF_TYPE[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [(path[0], kind, value)]
    if kind == "array":
        assert schema["minItems"] == len(value) == schema["maxItems"]
        return [one for item in value for one in misfits(item, schema["items"], path)]
    if kind != "object":
        return []
    assert list(schema["properties"]) == list(value)
    return [one for key, item in value.items() for one in misfits(item, schema["properties"][key], (*path, key))]


class McapTest(DescribingCase):
    def test_messages_fit_their_schema_but_for_what_its_description_says(self):
        name, directory = self.name(), self.directory()
        (directory / "schema.json").write_text(json.dumps(WIDE))
        self.expect(OK, "create", name, "--slots", 8, "--schema", directory / "schema.json")
        self.expect(OK, "write", name, "--format", "raw", stdin=b"".join(WIDE_ROWS))
        for args in [[], ["--int64", "string"]]:
            path = directory / f"t{len(args)}.mcap"
            self.expect(OK, "snapshot", name, "-o", path, *args)
            records = list(contents(path.read_bytes()[8:-8]))
            schema = json.loads([*texts(next(content for opcode, content in records if opcode == 3)[2:])][2])
            rows = [json.loads(content[22:]) for opcode, content in records if opcode == 5]
            self.assertEqual(len(rows), len(WIDE_ROWS))
            for said in ["NaN is null", '"Infinity" or "-Infinity"', "an enum that has none is its number"]:
                self.assertIn(said, schema["description"])
            # Of a list of types Foxglove would refuse the channel.
            self.assertEqual(set(re.findall(r'"type": (.)', json.dumps(schema))), {'"'})
            self.assertEqual(misfits(rows[0], schema), [])
            inf = "Infinity"
            wide = [] if args else [("w", "string", -5)]  # else it is in quotes
            self.assertEqual(misfits(rows[1], schema), [
                ("f", "number", None), ("g", "number", inf), ("side", "string", 200), ("fs", "number", None),
                ("fs", "number", inf), ("fs", "number", "-" + inf), ("sides", "string", 7), ("sides", "string", -7),
                *wide])
            self.expect(OK, "replay", path, copy := self.name(), "--create", "--slots", 8, "--speed", "max")
            printed = [self.expect(OK, "tail", ring, "--from", 0, "--format", "hex").stdout for ring in (name, copy)]
            self.assertEqual(*printed)

    @needs_numpy
    def test_the_tool_reads_back_what_it_wrote(self):
        name, directory = self.create_described(), self.directory()
        self.write_described(name, 50)
        self.expect(OK, "snapshot", name, "-o", directory / "t.mcap")
        self.expect(OK, "snapshot", name, "-o", directory / "t.npy")
        self.expect(OK, "export", directory / "t.mcap", "-o", directory / "back.npy")
        wrote, read = np.load(directory / "t.npy"), np.load(directory / "back.npy")
        self.assertEqual(wrote.dtype, read.dtype)
        for field in wrote.dtype.names:
            if not field:  # padding
                continue
            same = np.array_equal(wrote[field], read[field], equal_nan=wrote[field].dtype.kind == "f")
            self.assertTrue(same, field)
        self.expect(OK, "export", directory / "t.mcap", "-o", directory / "again.mcap")
        self.assertEqual((directory / "t.mcap").read_bytes(), (directory / "again.mcap").read_bytes())
        self.expect(OK, "snapshot", name, "-o", directory / "texts.mcap", "--int64", "string")
        self.assertEqual(self.lines(directory / "t.mcap"), self.lines(directory / "texts.mcap"))

    def test_a_file_is_replayed_with_enums_units_and_the_time_field(self):
        name, directory = self.create_described(), self.directory()
        self.write_described(name, 20)
        self.expect(OK, "record", name, "-o", directory / "t.mcap", "-n", 20)
        copy = self.name()
        self.expect(OK, "replay", directory / "t.mcap", copy, "--create", "--slots", 32, "--speed", "max")
        printed = [self.expect(OK, "tail", ring, "--from", 0, "--format", "ndjson").stdout for ring in (name, copy)]
        self.assertEqual(*printed)
        self.assertIn('"USD"', json.dumps(self.objects("inspect", copy)[0]))

    def test_both_readers_of_mcap_core_read_every_message(self):
        name, path = self.create_described(slots=4096), self.directory() / "t.mcap"
        self.write_described(name, 2000)
        self.expect(OK, "snapshot", name, "-o", path)
        printed = self.expect(OK, "tail", name, "--from", 0, "-n", 2000, "--format", "ndjson").stdout.splitlines()
        for how in ["indexed", "stream"]:
            seen = self.node("read_mcap.mjs", how, path)
            self.assertEqual(len(seen["messages"]), 2000)
            for i, (channel, sequence, time, data) in enumerate(seen["messages"]):
                self.assertEqual((channel, sequence, time), (1, i, str(1_700_000_000_000_000_000 + i)))
                self.assertEqual(data.partition(',"_row"')[0].rstrip("}"), printed[i].rstrip("}"))
            channel = seen["channels"]["1"]
            self.assertEqual((channel["topic"], channel["encoding"]), (name, "json"))
            note = {key.removeprefix("arena_shm."): value for key, value in channel["metadata"].items()}
            self.assertEqual(note["epoch"], self.objects("inspect", name)[0]["epoch"])
            self.assertEqual(json.loads(note["schema"])["metadata"], SCHEMA["metadata"])
            self.assertEqual(note["log_time"], "the field ts")
            schema = seen["schemas"]["1"]
            self.assertEqual(schema["encoding"], "jsonschema")
            properties = json.loads(schema["data"])["properties"]
            self.assertEqual(list(properties), ["_seq", *SCHEMA["names"]])
            self.assertEqual(properties["g"], {"type": "number", "description": "f64 in USD"})
            if how == "indexed":
                self.assertGreater(seen["statistics"]["chunks"], 1)
                self.assertEqual(seen["statistics"]["counts"], {"1": 2000, "2": 0})
            else:
                self.assertTrue(seen["done"])

    def test_gaps_are_messages_of_a_channel_of_their_own(self):
        name, directory = self.create_filled(20, slots=8), self.directory()
        self.expect(LOST, "record", name, "-o", directory / "t.mcap", "--from", 0, "-n", 8)
        self.expect(OK, "export", directory / "t.mcap", "-o", directory / "t.arrows")
        self.expect(OK, "export", directory / "t.arrows", "-o", directory / "u.mcap")
        for path in [directory / "t.mcap", directory / "u.mcap"]:
            seen = self.node("read_mcap.mjs", "stream", path)
            self.assertEqual(seen["channels"]["2"]["topic"], f"{name}/events")
            events = [json.loads(data) for channel, _, _, data in seen["messages"] if channel == 2]
            self.assertEqual(events, [{"event": "gap", "row": 0, "first": 0, "last": 11, "step": 1, "count": 12,
                                       "cause": "overwritten", "text": "gap: 0..11 (12 overwritten)"}])

    def test_the_time_of_a_message_is_that_of_the_append_if_there_is_no_time_field(self):
        name, directory = self.create("--time"), self.directory()
        self.expect(OK, "write", name, stdin="ts,px,sym\n1,1,A\n2,2,B\n")
        self.expect(OK, "snapshot", name, "-o", directory / "t.mcap")
        rows = [json.loads(line) for line in self.lines(directory / "t.mcap")]
        self.assertEqual([list(row) for row in rows], 2 * [["_seq", "_time_ns", "ts", "px", "sym"]])
        seen = self.node("read_mcap.mjs", "stream", directory / "t.mcap")
        self.assertEqual([message[2] for message in seen["messages"]], [str(row["_time_ns"]) for row in rows])

    def test_a_chunk_that_was_altered_is_left_out(self):
        name, path = self.create_filled(6), self.directory() / "t.mcap"
        self.expect(OK, "snapshot", name, "-o", path)
        whole = path.read_bytes()
        at = whole.index(b'"px":1.0') + 5
        path.write_bytes(whole[:at] + b"7" + whole[at + 1:])
        self.assertEqual(self.lines(path, code=LOST, says="6 messages missing or damaged; taking the 0 messages"), [])

    def test_files_of_others_need_the_fields_on_the_command_line(self):
        def text(value):
            return len(value).to_bytes(4, "little") + value

        def entry(opcode, content):
            return bytes([opcode]) + len(content).to_bytes(8, "little") + content

        channel = entry(4, b"\7\0\0\0" + text(b"t") + text(b"json") + text(b""))
        message = entry(5, b"\7\0" + bytes(4 + 8 + 8) + b'{"b":2.5,"a":1}')
        path = self.directory() / "t.mcap"
        path.write_bytes(b"\x89MCAP0\r\n" + entry(1, text(b"") + text(b"x")) + channel + message + entry(15, bytes(4)) + b"\x89MCAP0\r\n")
        self.expect(INCOMPATIBLE, "export", path, "-o", "-", "--format", "csv", says="give the fields")
        done = self.expect(OK, "export", path, "-o", "-", "--format", "csv", "--fields", "u8 a, f64 b")
        self.assertEqual(done.stdout, "_seq,a,b\n0,1,2.5\n")
        chunk = entry(6, bytes(8 + 8) + (100).to_bytes(8, "little") + bytes(4) + text(b"zstd") + (3).to_bytes(8, "little") + b"abc")
        path.write_bytes(b"\x89MCAP0\r\n" + channel + chunk)
        self.expect(INCOMPATIBLE, "export", path, "-o", "-", "--format", "csv", "--fields", "u8 a", says="compression 'zstd'")
        path.write_bytes(b"\x89MCAP0\r\n" + channel + message + chunk)
        for form in ["csv", "npy", "ndjson", "arrows"]:
            out = self.directory() / f"t.{form}"
            self.expect(INCOMPATIBLE, "export", path, "-o", out, "--fields", "u8 a, f64 b", says="exported 1 value")
            done = self.expect(OK, "export", out, "-o", "-", "--format", "csv", "--fields", "u8 a, f64 b")
            self.assertEqual(done.stdout, "_seq,a,b\n0,1,2.5\n", "what is in front of it is there")

    def test_records_without_schema_are_refused(self):
        name, path = self.name(), self.directory() / "t.mcap"
        self.expect(OK, "create", name, "--slots", 4, "--size", 12)
        self.expect(INCOMPATIBLE, "snapshot", name, "-o", path, says="--as")
        self.assertFalse(path.exists())


if __name__ == "__main__":
    unittest.main()
