"""Runs arena-bench for a moment: does it run, and is what it says JSON of the agreed form? Looks at no number."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree


def run_bench(bench: str, workload: str, *options: str, **kwargs) -> subprocess.CompletedProcess:
    command = [bench, "--quick", "--only", workload, "--rounds", "1", "--slice-ms", "1", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, **kwargs)


def measure(bench: str, workload: str) -> dict:
    run = run_bench(bench, workload, "--format", "json")
    assert run.returncode == 0, f"exit code {run.returncode}: {run.stderr}"
    result = json.loads(run.stdout)
    assert result["rows"], "no rows"
    for row in result["rows"]:
        assert row["workload"] == workload, row
    return result


def check_plot(bench: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "it's a \"plot\".svg")
        run = run_bench(bench, "W1", "--plot", str(path), env={**os.environ, "PATH": directory})
        assert run.returncode == 1 and "gnuplot-nox" in run.stderr and not run.stdout, run
        if shutil.which("gnuplot") is None:
            return
        run = run_bench(bench, "W8", "--plot", str(path))
        assert run.returncode == 1 and "W1 to W4, found W8" in run.stderr and not run.stdout, run
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
    check_plot(bench)
    result = measure(bench, "W1")
    assert {"cpu", "kernel", "compiler", "flags"} <= result["machine"].keys(), result["machine"]
    for row in result["rows"]:
        value = row["value"]
        assert 0 < value["q1"] <= value["median"] <= value["q3"], row
    names = {row["name"] for row in result["rows"]}
    for goal in result["goals"]:
        if goal["workload"] == "W1":
            assert goal["name"] in names and goal["ratio"] is not None, f"a goal that no row answers: {goal}"
        else:
            assert goal["ratio"] is None, goal

    names = {row["name"] for row in measure(bench, "W10")["rows"]}
    assert names == {"floor: load + memcpy", "next()", "next(span of 16)", "read(seq)"}, names

    # The workload that needs the tool, and two CPUs.
    if pathlib.Path(bench).with_name("arena-shm").exists() and len(os.sched_getaffinity(0)) > 1:
        names = {row["name"] for row in measure(bench, "W9")["rows"]}
        assert names == {"not recorded", "recorded"}, names


main(sys.argv[1])
