#!/usr/bin/env bash
# A manual page has no faults, and its example does what it says.
#
#   page.sh PAGE LIBRARY COMPILER [option...]
set -euo pipefail

page=$1
library=$2
compile=("${@:3}")

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  exit 1
}

ring=manual-page-$$
work=$(mktemp -d)
trap 'rm -rf "$work" "/dev/shm/$ring"' EXIT

# man-db says it of a locale that is not there, too.
complaints=$(LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings --encoding=UTF-8 --local-file "$page" 2>&1 >"$work/text")
[[ -z $complaints ]] || fail "man complains: $complaints"
for section in NAME SYNOPSIS DESCRIPTION ERRORS EXAMPLES 'SEE ALSO'; do
  grep -q "^$section$" "$work/text" || fail "there is no section $section"
done

# The example, as a reader gets it by copying.
awk '/^.SH EXAMPLES/ { is_there = 1 } /^.EE/ { inside = 0 } inside { print } is_there && /^.EX/ { inside = 1 }' "$page" |
  sed "s/\\\\-/-/g; s/\\\\e/\\\\/g; s/\"ticks\"/\"$ring\"/g" >"$work/example.cpp"
grep -q 'int main' "$work/example.cpp" || fail "there is no program under EXAMPLES"
"${compile[@]}" -Wall -Wextra -Werror "$work/example.cpp" "$library" -o "$work/example" -pthread -lrt
output=$("$work/example")
expected=$'0 101.25\nlost 0'
[[ $output == "$expected" ]] || fail "the example printed '$output'; expected '$expected'"
[[ ! -e /dev/shm/$ring ]] || fail "the example left its arena behind"
