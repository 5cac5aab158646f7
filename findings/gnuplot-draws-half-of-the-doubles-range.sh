#!/usr/bin/env bash
# gnuplot draws no finite number beyond half of the greatest double, and does not say so.
#
# Version:  Debian's gnuplot-nox 5.4.4+dfsg1-2+b2.
# Guess:    every finite double is drawn, if the range of the axis has room for it; what is not a number, or infinite,
#           is left out, and counted as such.
# Found:    from 8.99e307 on, in both directions, a value is "undefined": 'plot' draws nothing there, 'set table' marks
#           it u, as it marks NaN, and the exit code is 0. 'stats' of the same file, in the same program, knows the value
#           as the maximum, and counts no invalid one.
# Matters:  the spike that somebody looks for in a recording, for it came from uninitialised or torn memory, is of just
#           this size often enough. The picture shows a calm curve with a gap of one value, which nobody sees, and the
#           least and greatest values that are printed beside it do not fit it. Scale the values before they are plotted.
#
# Output seen:
#   8.98e307: i
#   8.99e307: u
#   -8.99e307: u
#   1e308: u
#   stats: 0 invalid, greatest 1e+308
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .
apt-get download -qq gnuplot-nox=5.4.4+dfsg1-2+b2 2>/dev/null
dpkg-deb --extract gnuplot-nox_*.deb .
gnuplot=./usr/bin/gnuplot-nox
if missing=$(ldd "$gnuplot" | grep 'not found'); then
  echo "gnuplot needs libraries that are not here: apt-get install gnuplot-nox" >&2
  echo "$missing" >&2
  exit 2
fi

found=$(
  for value in 8.98e307 8.99e307 -8.99e307 1e308; do
    printf '1 %s\n2 1\n' "$value" >values
    "$gnuplot" -e "set table 'table'; plot 'values' using 1:2"
    printf '%s: %s\n' "$value" "$(awk '$1 == 1 { print $3 }' table)"
  done
  "$gnuplot" -e "stats 'values' using 2 nooutput; print sprintf('stats: %d invalid, greatest %g', STATS_invalid, STATS_max)" 2>&1
)
expected='8.98e307: i
8.99e307: u
-8.99e307: u
1e308: u
stats: 0 invalid, greatest 1e+308'
echo "$found"
if [[ "$found" != "$expected" ]]; then
  echo "this has changed: see what is expected in $0" >&2
  exit 1
fi
