#!/usr/bin/env bash
# The example in C writes, and follows what it has written.
#
#   run_example.sh PROGRAM
set -euo pipefail

ring=arena-test.$$.ticks
trap 'rm -f "/dev/shm/$ring"' EXIT
output=$("$1" "$ring")
expected=$(printf '%s\n' '0 100.00' '1 100.25' '2 100.50' '3 100.75')
[[ $output == "$expected" ]] || {
  printf 'FAILED: expected\n%s\nfound\n%s\n' "$expected" "$output" >&2
  exit 1
}
[[ ! -e /dev/shm/$ring ]] || {
  echo "FAILED: the example left its arena behind" >&2
  exit 1
}
if output=$("$1" 'no/name' 2>&1); then
  echo "FAILED: a wrong name was accepted" >&2
  exit 1
fi
[[ $output == *"cannot use the name 'no/name'"* ]] || {
  printf 'FAILED: the error says: %s\n' "$output" >&2
  exit 1
}
