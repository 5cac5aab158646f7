#!/usr/bin/env bash
# What one compiler's program has written, another's opens.
#
#   exchange.sh WRITER OPENER
set -euo pipefail

prefix=arena-test.$$.names  # as other tests call their arenas, for those that clean up after them
trap 'rm -f "/dev/shm/$prefix".*' EXIT

"$1" write "$prefix"
if ! "$2" open "$prefix"; then
  diff <("$1" show) <("$2" show) && echo "both call them the same"
  exit 1
fi
