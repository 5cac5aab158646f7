#!/usr/bin/env bash
# Copies tools/examples out of the tree, builds them against what is installed, and runs each.
#
#   copy_examples.sh SOURCE_DIR BUILD_DIR CMAKE [option...]
set -euo pipefail

source_dir=$1
build_dir=$2
configure=("${@:3}")
cmake=$3

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  exit 1
}

arena=copied-examples-$$
work=$(mktemp -d)
pids=()
trap 'kill -KILL "${pids[@]}" 2>/dev/null || true; rm -rf "$work" "/dev/shm/$arena"' EXIT

# start NAME ARGUMENT...: in the background; what it prints goes to NAME.out.
start() {
  "$work/build/$1" "$arena" "${@:2}" >"$work/$1.out" 2>&1 &
  pids+=($!)
}

# await WORDS COMMAND...: until the command prints these words.
await() {
  for ((i = 0; i < 300; ++i)); do
    if "${@:2}" 2>/dev/null | grep -q -- "$1"; then
      return
    fi
    sleep 0.1
  done
  fail "'$1' does not come from: ${*:2}; $(cat "$work"/*.out)"
}

# finish NAME WORDS: asks the one that was started last to end, which it has to do well, with these words.
finish() {
  kill -INT "${pids[-1]}"
  wait "${pids[-1]}" || fail "$1 ended with $?: $(cat "$work/$1.out")"
  unset 'pids[-1]'
  grep -q -- "$2" "$work/$1.out" || fail "$1 printed '$(cat "$work/$1.out")'; expected '$2' in it"
}

"$cmake" --install "$build_dir" --prefix "$work/prefix" >/dev/null
cp -r "$source_dir/tools/examples" "$work/examples"
"${configure[@]}" "-DCMAKE_PREFIX_PATH=$work/prefix" -S "$work/examples" -B "$work/build"
"$cmake" --build "$work/build" --parallel 2
tool=$work/prefix/bin/arena-shm

for source in "$work"/examples/*.cpp; do
  program=$(basename "$source" .cpp)
  [[ -x $work/build/$program ]] || fail "$program was not built"
done

cpus=$(taskset -cp $$)
cpus=${cpus##*: } # "0-3,7"
start wakeup_latency "${cpus%%[,-]*}"
await late_ns "$tool" tail "$arena" -n 1
start latency_histogram
await 'values: p50' cat "$work/latency_histogram.out"
finish latency_histogram 'read [1-9]'
finish wakeup_latency 'wrote [1-9][0-9]* values'

"$tool" rm "$arena"
start kernel_counters
await own_run_ns "$tool" tail "$arena" -n 1
finish kernel_counters 'wrote [1-9][0-9]* values'
