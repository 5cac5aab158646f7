#!/usr/bin/env bash
# The binary interface is the recorded one: no struct, enumerator or function of it has changed. An addition is recorded
# anew, by
#
#   tests/c/check_abi.sh SOURCE_DIR LIBRARY DESCRIBED_LIBRARY --record
set -euo pipefail

recorded=$1/tests/c/arena_shm.abi
described=$3

write_down() {
  abidw --headers-dir "$1/include/arena_shm/c" --drop-private-types --exported-interfaces-only --drop-undefined-syms \
    --no-elf-needed --no-comp-dir-path --no-corpus-path --no-show-locs "$described"
}

if [[ ${4:-} == --record ]]; then
  write_down "$1" >"$recorded"
  exit
fi
found=$(mktemp)
trap 'rm -f "$found"' EXIT
write_down "$1" >"$found"
if ! abidiff "$recorded" "$found"; then
  echo "FAILED: the binary interface has changed; see above" >&2
  exit 1
fi
