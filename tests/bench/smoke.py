"""Runs arena-bench for a moment: does it run, and is what it says JSON of the agreed form? Looks at no number."""

import fcntl
import json
import os
import pathlib
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import xml.etree.ElementTree


def run_bench(bench: str, workload: str, *options: str, **kwargs) -> subprocess.CompletedProcess:
    command = [bench, "--quick", "--only", workload, "--rounds", "01", "--slice", "1ms", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, **kwargs)


def measure(bench: str, workload: str) -> dict:
    run = run_bench(bench, workload, "--format", "json")
    assert run.returncode == 0, f"exit code {run.returncode}: {run.stderr}"
    result = json.loads(run.stdout)
    assert result["rows"], "no rows"
    for row in result["rows"]:
        assert row["workload"] == workload, row
    return result


def check_width(bench: str) -> None:
    """No line is longer than the terminal is wide."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [bench, "--quick", "--only", "W1,W3,W4", "--rounds", "1", "--slice", "1ms"]
    with subprocess.Popen(command, stdout=terminal, stderr=subprocess.DEVNULL) as process:
        os.close(terminal)
        text = b""
        while chunk := read_some(controller):
            text += chunk
        assert process.wait() == 0, process.returncode
    lines = text.decode().splitlines()
    assert "== Goals, for the medians of ratios" in lines, lines
    too_long = [line for line in lines if len(line) > 80]
    assert not too_long, too_long


def read_some(controller: int) -> bytes:
    try:
        return os.read(controller, 65536)
    except OSError:  # the other side has been closed
        return b""


def check_refusals(bench: str) -> None:
    def refuse(code: int, words: str, *options: str) -> None:
        run = subprocess.run([bench, *options], capture_output=True, text=True, timeout=100)
        assert run.returncode == code and words in run.stderr and not run.stdout, run

    cpu = str(min(os.sched_getaffinity(0)))
    refuse(2, "see arena-bench --help", "--nonsense")
    refuse(2, "expected one of W1, W2", "--only", "W99")
    refuse(2, "expected", "--slice", "20")
    refuse(2, "expected", "--rounds", "0")
    refuse(1, "found both", "--slice", "1ms", "--slice-ms", "1")
    refuse(1, f"found {cpu} twice", "--cpus", f"{cpu},{cpu}")
    refuse(1, "found 1023", "--cpus", "1023")
    refuse(1, "expected two CPUs for W3, found one", "--cpus", cpu, "--only", "W3")


def check_plot(bench: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "it's a \"plot\".svg")
        run = run_bench(bench, "W1", "--plot", str(path), env={**os.environ, "PATH": directory})
        assert run.returncode == 1 and "gnuplot-nox" in run.stderr and not run.stdout, run
        if shutil.which("gnuplot") is None:
            return
        run = run_bench(bench, "W8", "--plot", str(path))
        assert run.returncode == 1 and "W1 to W4 and W11, found W8" in run.stderr and not run.stdout, run
        run = run_bench(bench, "W1", "--plot", f"{directory}/none/plot.svg")
        assert run.returncode == 1 and "none/plot.svg: No such file" in run.stderr and not run.stdout, run
        run = run_bench(bench, "W1", "--plot", str(path))
        assert run.returncode == 0, run.stderr
        texts = "".join(xml.etree.ElementTree.parse(path).getroot().itertext())
        for name in ["one alloc alone, 64 B, 65536 slots", "floor: fetch_add + memcpy", "shared Writer", "ns"]:
            assert name in texts, f"{name!r} is not in the picture"
        broken = pathlib.Path(directory, "gnuplot")
        broken.write_text("#!/bin/sh\nexit 3\n")
        broken.chmod(0o755)
        run = run_bench(bench, "W1", "--plot", str(path), env={**os.environ, "PATH": directory})
        assert run.returncode == 1 and "gnuplot could not draw" in run.stderr and run.stdout, run


def main(bench: str) -> None:
    check_refusals(bench)
    check_width(bench)
    check_plot(bench)
    result = measure(bench, "W1")
    assert {"cpu", "kernel", "compiler", "flags"} <= result["machine"].keys(), result["machine"]
    for row in result["rows"]:
        value = row["value"]
        assert 0 < value["q1"] <= value["median"] <= value["q3"], row
    names = {row["name"] for row in result["rows"]}
    assert result["goals"], "no goals"
    for goal in result["goals"]:
        assert goal["workload"] == "W1" and goal["name"] in names and goal["ratio"] is not None, goal

    names = {row["name"] for row in measure(bench, "W10")["rows"]}
    lanes = {"two rings", "two lanes", "two lanes with times", "two lanes, order of time"}
    for count in ["one lane", "64 lanes, one busy", "4096 lanes, one busy"]:
        lanes |= {count, count + ", order of time"}
    assert names == lanes | {"floor: load + memcpy", "next()", "next(span of 16)", "read(seq)"}, names

    # The workload that needs the tool, and two CPUs.
    if pathlib.Path(bench).with_name("arena-shm").exists() and len(os.sched_getaffinity(0)) > 1:
        names = {row["name"] for row in measure(bench, "W9")["rows"]}
        assert names == {"not recorded", "recorded"}, names


main(sys.argv[1])
