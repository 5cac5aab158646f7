#!/usr/bin/env bash
# Doxygen finds nothing that is public and not documented, and would find it; what it writes has all, and nothing of
# core.
#
#   reference.sh DOXYFILE SOURCE_DIR DOXYGEN
set -euo pipefail

doxyfile=$1
source_dir=$2
doxygen=$3

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# write HEADERS: the reference of these headers, in $work/html; what Doxygen complains of is printed.
write() {
  rm -rf "$work/html"
  {
    sed "s,$source_dir/include,$1,g" "$doxyfile"
    printf 'OUTPUT_DIRECTORY = "%s"\n' "$work"
  } | "$doxygen" - 2>&1
}

complaints=$(write "$source_dir/include") || fail "Doxygen complains: $complaints"
[[ -z $complaints ]] || fail "Doxygen complains: $complaints"

# Each public class has a page, the C functions and what a page links to are there.
html=$work/html
for class in Arena ArenaView Consumer Follower RawArena Reader Timescale WaitSet Writer; do
  [[ -f $html/classarena__shm_1_1$class.html ]] || fail "there is no page of $class"
done
grep -q 'id="lossless"' "$html/index.html" || fail "the main page has no anchor 'lossless'"
grep -q 'arena_shm_writer_alloc' "$html/writer_8h.html" || fail "arena_shm_writer_alloc is not in the reference"
grep -q 'Thread safety' "$html/classarena__shm_1_1Reader.html" || fail "Reader's page does not tell its thread safety"
[[ -z $(find "$html" -name '*arena__shm_1_1core*') ]] || fail "core is in the reference"
if grep -rlE '(Returns|Errors|Cost): |@(title|newline)' "$html" --include='class*.html' --include='struct*.html'; then
  fail "words of a comment have not become commands"
fi

# must_complain WHAT FILE SED_SCRIPT: about headers that were changed so.
must_complain() {
  rm -rf "$work/include"
  cp -r "$source_dir/include" "$work/include"
  sed -i "$3" "$work/include/arena_shm/$2"
  ! cmp -s "$work/include/arena_shm/$2" "$source_dir/include/arena_shm/$2" || fail "$2 is not changed by $3"
  ! write "$work/include" >/dev/null || fail "Doxygen does not complain about $1"
}
must_complain "a function without a comment" error.hpp '/Returns: what went wrong/d'
must_complain "a parameter without a comment" reader.hpp '/@param lane /d'
must_complain "a result without a comment" arena.hpp '/Returns: whether there was one/d'
must_complain "a member without a comment" options.hpp 's|///< ok, or why there is no value||'
must_complain "a reference to nothing" raw.hpp 's|As Reader::lag\.|As Reader::leg.|'
must_complain "a C function's parameter without a comment" c/writer.h '/@param holder /d'
