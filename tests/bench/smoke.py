"""Runs arena-bench for a moment: does it run, and is what it says JSON of the agreed form? Looks at no number."""

import json
import os
import pathlib
import subprocess
import sys


def measure(bench: str, workload: str) -> dict:
    command = [bench, "--quick", "--only", workload, "--rounds", "1", "--slice-ms", "1", "--format", "json"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, f"exit code {run.returncode}: {run.stderr}"
    result = json.loads(run.stdout)
    assert result["rows"], "no rows"
    for row in result["rows"]:
        assert row["workload"] == workload, row
    return result


def main(bench: str) -> None:
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
