#!/usr/bin/env bash
# The shared library exports what is in the list, and nothing else.
#
#   check_symbols.sh SOURCE_DIR LIBRARY
set -euo pipefail

expected=$1/tests/c/symbols
found=$(nm --dynamic --defined-only "$2" | awk '$2 != "A" { print $3 }' | sed 's/@@/ /' | LC_ALL=C sort)
if ! diff "$expected" - <<<"$found"; then
  echo "FAILED: the library exports other symbols than those in tests/c/symbols (<: expected, >: found)" >&2
  exit 1
fi
declared=$(sed -n 's/.*\b\(arena_shm_[a-z_]*\)(.*/\1/p' "$1"/include/arena_shm/c/*.h | LC_ALL=C sort -u)
if ! diff <(cut -d' ' -f1 "$expected") - <<<"$declared"; then
  echo "FAILED: the headers declare other functions than those in tests/c/symbols (<: expected, >: found)" >&2
  exit 1
fi
