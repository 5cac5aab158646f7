"""Runs arena-bench for a moment: does it run, and is what it says JSON of the agreed form? Looks at no number."""

import json
import subprocess
import sys


def main(bench: str) -> None:
    command = [bench, "--quick", "--only", "W1", "--rounds", "1", "--slice-ms", "1", "--format", "json"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, f"exit code {run.returncode}: {run.stderr}"
    result = json.loads(run.stdout)
    assert {"cpu", "kernel", "compiler", "flags"} <= result["machine"].keys(), result["machine"]
    assert result["rows"], "no rows"
    for row in result["rows"]:
        assert row["workload"] == "W1", row
        value = row["value"]
        assert 0 < value["q1"] <= value["median"] <= value["q3"], row
    names = {row["name"] for row in result["rows"]}
    for goal in result["goals"]:
        if goal["workload"] == "W1":
            assert goal["name"] in names and goal["ratio"] is not None, f"a goal that no row answers: {goal}"
        else:
            assert goal["ratio"] is None, goal


main(sys.argv[1])
