#!/usr/bin/env bash
# Prints the README's first C++ block, with a ring of its own name.
#
#   first_program.sh SOURCE_DIR RING
set -euo pipefail

program=$(awk '/^```cpp$/ { inside = 1; next } /^```$/ && inside { exit } inside' "$1/README.md")
lines=$(wc -l <<<"$program")
if ((lines < 5 || lines > 15)) || [[ $program != *'"ticks"'* ]]; then
  echo "the README's first program has $lines lines; expected 5 to 15, and the arena \"ticks\"" >&2
  exit 1
fi
printf '%s\n' "${program//\"ticks\"/\"$2\"}"
