"""What the tool and Python make of each other's rings."""

import json
import os
import subprocess

import numpy as np
import pytest
from conftest import TICK, ticks

import arena_shm

TOOL = os.environ.get("ARENA_SHM_TOOL", "")
pytestmark = pytest.mark.skipif(not os.access(TOOL, os.X_OK), reason="there is no tool")


def tool(*arguments, text=""):
    done = subprocess.run([TOOL, *arguments], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tool_reads_what_python_has_written(name):
    side = {"BUY": 0, "SELL": 1}
    dtype = [("ts", "M8[ns]"), ("px", "f8"), ("side", "u1"), ("pos", [("x", "f4"), ("y", "f4", (2,))])]
    with arena_shm.create(name, dtype, slots=8, units={"px": "USD"}, enums={"side": side}) as ring:
        ring.alloc((np.datetime64("2024-05-06T07:08:09", "ns"), 1.5, 1, (1, (2, 3))))
        (line,) = tool("tail", name, "--format", "ndjson").splitlines()
        told = json.loads(line)
        assert told["px"] == 1.5 and told["side"] == "SELL" and told["pos.x"] == 1 and told["pos.y"] == [2, 3]
        schema = json.loads(tool("inspect", name, "--format", "json"))["schema"]
        assert schema["metadata"]["time"] == "ts" and schema["metadata"]["fields"]["px"]["unit"] == "USD"
        assert np.dtype({key: schema[key] for key in ("names", "formats", "offsets", "itemsize")}).itemsize == 29


def test_python_reads_what_the_tool_has_made(name):
    tool("create", name, "--slots", "8", "--fields", "u64 ts_ns, f64 px, s8 sym, i16[6] m, bool ok")
    tool("write", name, "--format", "ndjson", text='{"ts_ns":1,"px":2.5,"sym":"ES","m":[1,2,3,4,5,6],"ok":true}\n')
    with arena_shm.open(name) as ring:
        value = ring.latest().value
        assert value["sym"] == b"ES" and value["m"].tolist() == [1, 2, 3, 4, 5, 6] and value["ok"]
        ring.alloc((2, 3.5, b"CL", [0, 0, 0, 0, 0, 7], False))
        assert json.loads(tool("tail", name, "--format", "ndjson").splitlines()[-1])["m"][5] == 7


def test_open_or_create_by_both(name):
    tool("create", name, "--slots", "8", "--fields", "u64 ts_ns, f64 px, s8 sym")
    with arena_shm.open_or_create(name, TICK, slots=8) as ring, ring.writer("python") as writer:
        writer.alloc_many(ticks(3))
        assert "python" in tool("seats", name)
    assert tool("tail", name, "--format", "csv").splitlines()[0].endswith("ts_ns,px,sym")
