"""Records with fields of every kind, and the readers of others that recordings are tried with."""

import fcntl
import json
import os
import pathlib
import shutil
import struct
import subprocess
import unittest

from arena_cli import OK, CliTest

NODE = pathlib.Path(__file__).with_name("node")
SCHEMA = {
    "names": ["ts", "a8", "b16", "c32", "d64", "ua", "f", "g", "on", "sym", "side", "pos.x", "pos.y", "legs[0].px",
              "legs[1].px", "m", "texts", "bits", "sides", "w"],
    "formats": ["<u8", "i1", "<i2", "<i4", "<i8", "<u8", "<f4", "<f8", "?", "S5", "u1", "<f4", "<f4", "<f8", "<f8",
                "(2,3)<f4", "(2,)S3", "(3,)?", "(3,)i1", "<i4"],
    "offsets": [0, 8, 10, 12, 16, 24, 32, 40, 48, 49, 54, 56, 60, 64, 72, 80, 104, 110, 113, 116],
    "itemsize": 120,
    "metadata": {
        "time": "ts",
        "fields": {"ts": {"unit": "ns"}, "g": {"unit": "USD"}, "side": {"enum": {"buy": 0, "sell": 1}},
                   "sides": {"enum": {"up": 1, "down": -1}}, "w": {"enum": {"big": 2147483647, "small": -2147483648}}},
    },
}


def record(i):
    """Extreme values, NaN and infinities, texts that are no UTF-8, values of enums that have no name."""
    row = bytearray(SCHEMA["itemsize"])
    struct.pack_into("<QbxhiqQ", row, 0, 1_700_000_000_000_000_000 + i, [-128, 127, 0][i % 3], [-32768, 32767, i][i % 3],
                     [-(2**31), 2**31 - 1, i][i % 3], [-(2**63), 2**63 - 1, 2**53 + 1][i % 3], [2**64 - 1, 2**53 + 1, 0][i % 3])
    struct.pack_into("<f4xd", row, 32, [float("nan"), float("inf"), -0.0, 1e-45][i % 4],
                     [float("-inf"), 5e-324, 1.7976931348623157e308, 0.1][i % 4])
    row[48] = i % 2
    row[49:54] = [b"ab\0cd", b"\xff\xfe\0\0\0", b"hello", 'é"\\'.encode() + b"\0"][i % 4]
    row[54] = [0, 1, 200][i % 3]
    struct.pack_into("<2f2d6f", row, 56, *[i + k / 8 for k in range(10)])
    row[104:113] = b"abcx\0\0" + bytes([1, 0, i % 2])
    struct.pack_into("<3bi", row, 113, 1, -1, i % 128, [2147483647, 7, -5, -2147483648][i % 4])
    return bytes(row)


class DescribingCase(CliTest):
    def create_described(self, slots=64):
        name, path = self.name(), self.directory() / "schema.json"
        path.write_text(json.dumps(SCHEMA))
        self.expect(OK, "create", name, "--slots", slots, "--schema", path)
        return name

    def write_described(self, name, count, first=0):
        self.expect(OK, "write", name, "--format", "raw", stdin=b"".join(map(record, range(first, first + count))))

    def lines(self, path, *args, code=OK, says=""):
        """A recording as NDJSON."""
        return self.expect(code, "export", path, "-o", "-", "--format", "ndjson", *args, says=says).stdout.splitlines()

    def node(self, script, *args):
        """Runs a script with the packages that package-lock.json pins; what it printed, out of JSON."""
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            self.skipTest("node and npm are not installed")
        where = pathlib.Path(os.environ.get("ARENA_SHM_NODE_MODULES", f"/var/tmp/arena-shm-node-{os.getuid()}"))
        where.mkdir(parents=True, exist_ok=True)
        with open(where / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            wanted = (NODE / "package-lock.json").read_text()
            have = where / "installed.json"
            if not have.exists() or have.read_text() != wanted:
                for name in ["package.json", "package-lock.json"]:
                    shutil.copy(NODE / name, where)
                done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=where,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100)
                if done.returncode != 0:
                    self.skipTest(f"npm cannot fetch the readers: {done.stdout.strip().splitlines()[-1:]}")
                have.write_text(wanted)
            shutil.copy(NODE / script, where)
        done = subprocess.run([node, where / script, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=100)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if done.stdout else None


def float_bits(value):
    return "nan" if value != value else struct.pack(">d", value).hex()
