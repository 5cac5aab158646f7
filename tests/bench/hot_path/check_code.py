"""Looks at the machine code of the hot path: no division, and no more locked instructions than promised.

check_code.py OBJDUMP OBJECT_FILE
"""

import re
import subprocess
import sys

# What each function may hold of full fences and locked instructions, what the compiler sets apart as cold left out: the
# fetch_add, which is there twice, for a writer that is alone and for one that is not.
LOCKED = {"hot_writer_alloc": 2, "hot_arena_alloc": 2, "hot_reader_next": 0}

DIVISION = {"x86-64": r"\b[if]?div[a-z]*\b", "aarch64": r"\b[us]div\b"}
FENCE = {"x86-64": r"\block\b|\bxchg[a-z]*\b.*\(|\bmfence\b"}


def functions(listing: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in listing.splitlines():
        head = re.match(r"^[0-9a-f]+ <(\S+)>:$", line)
        if head:
            lines = found.setdefault(head.group(1), [])
        elif ":\t" in line:
            lines.append(line.split(":\t", 1)[1].split("#")[0].strip())
    return found


def main(objdump: str, object_file: str) -> None:
    command = [objdump, "--disassemble", "--no-show-raw-insn", object_file]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    machine = next((m for m in DIVISION if m in listing.split("\n\n", 1)[0].replace("elf64-little", "")), None)
    if machine is None:
        print("skipped: no knowledge of this machine's instructions")
        sys.exit(77)
    code = functions(listing)

    def count(function: str, pattern: str) -> int:
        assert code.get(function), f"{function} is not there"
        return sum(bool(re.search(pattern, line)) for line in code[function])

    assert count("control_division", DIVISION[machine]) == 1, "the check does not see divisions"
    for function, allowed in LOCKED.items():
        assert count(function, DIVISION[machine]) == 0, f"{function} divides"
        if machine in FENCE:
            assert count("control_locked", FENCE[machine]) == 2, "the check does not see locked instructions"
            locked = count(function, FENCE[machine])
            assert locked <= allowed, f"{function} has {locked} locked instructions, expected at most {allowed}"
        print(f"{function}: {len(code[function])} instructions, no division")


main(sys.argv[1], sys.argv[2])
