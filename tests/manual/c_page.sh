#!/usr/bin/env bash
# arena_shm_c(3) has no faults, every function that the library exports, and the example as it is.
#
#   c_page.sh PAGE SOURCE_DIR
set -euo pipefail

page=$1
source_dir=$2

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

complaints=$(LC_ALL=C.UTF-8 MANWIDTH=250 man --warnings --encoding=UTF-8 --local-file "$page" 2>&1 >"$work/text")
[[ -z $complaints ]] || fail "man complains: $complaints"

count=0
while read -r symbol _; do
  # Its declaration, and under it what is said of it.
  said=$(grep -A1 -E "^ +[a-z0-9_]+( [a-z_]+)?\*? $symbol\(.*\);" "$work/text" || true)
  [[ $said =~ $'\n'\ {11}[A-Z] ]] || fail "nothing is said of $symbol"
  count=$((count + 1))
done <"$source_dir/tests/c/symbols"
((count > 50)) || fail "only $count functions are exported"

awk '/^.EE/ { inside = 0 } inside { print } /^.SH EXAMPLES/ { is_there = 1 } is_there && /^.EX/ { inside = 1 }' "$page" |
  sed 's/\\-/-/g; s/\\e/\\/g' | diff - "$source_dir/tools/examples/follow_ticks.c" || fail "the example is another one"
