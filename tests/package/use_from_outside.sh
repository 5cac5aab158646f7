#!/usr/bin/env bash
# Builds and runs the README's first program as a project of its own.
#
#   use_from_outside.sh find_package|add_subdirectory|add_subdirectory_static SOURCE_DIR BUILD_DIR CMAKE [option...]
set -euo pipefail

way=$1
source_dir=$2
build_dir=$3
configure=("${@:4}")
cmake=$4

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  exit 1
}

ring=first-program-$$
work=$(mktemp -d)
trap 'rm -rf "$work" "/dev/shm/$ring"' EXIT

cp -r "$source_dir/tests/package/outside" "$source_dir/tests/package/program.c" "$work"
"$source_dir/tests/package/first_program.sh" "$source_dir" "$ring" >"$work/outside/first_program.cpp"
# The program with a group, which is the only whole one of its page.
awk '/^```cpp$/ { inside = 1; text = ""; next } /^```$/ { if (inside && text ~ /int main/) printf "%s", text; inside = 0 }
     inside { text = text $0 "\n" }' "$source_dir/include/arena_shm/LOSSLESS.md" >"$work/group.cpp"
lines=$(wc -l <"$work/group.cpp")
((lines > 0 && lines <= 15)) || fail "the program with a group has $lines lines; expected 1 to 15"
sed "s/\"jobs\"/\"$ring\"/" "$work/group.cpp" >"$work/outside/group.cpp"

case "$way" in
  find_package)
    # Moved after the installation: no file of it may know where it was.
    "$cmake" --install "$build_dir" --prefix "$work/staged"
    mv "$work/staged" "$work/prefix"
    configure+=("-DCMAKE_PREFIX_PATH=$work/prefix")
    if grep -rl -e "$source_dir" -e "$work/staged" --include='*.cmake' --include='*.hpp' "$work/prefix"; then
      fail "an installed file names the source tree or the place of installation"
    fi
    "$work/prefix/bin/arena-shm" --help >/dev/null || fail "the installed arena-shm does not run"
    if [[ -e $work/prefix/libexec/arena-shm/arena-bench ]]; then
      "$work/prefix/bin/arena-shm" bench --quick --only W8 >/dev/null || fail "arena-shm does not find arena-bench"
    fi
    ;;
  add_subdirectory*)
    # All sources as one, not optimised: how fast it is, is nothing that is looked at here.
    configure+=("-DARENA_SHM_SOURCE_DIR=$source_dir" -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0
      -DCMAKE_CXX_FLAGS_RELEASE=-O0)
    shared=ON
    if [[ $way == *_static ]]; then shared=OFF; fi
    configure+=("-DBUILD_SHARED_LIBS=$shared")
    ;;
  *) fail "unknown way: $way" ;;
esac

"${configure[@]}" -S "$work/outside" -B "$work/build"
"$cmake" --build "$work/build" --parallel 2

output=$("$work/build/first_program")
expected="0 101.25"
[[ $output == "$expected" ]] || fail "the first program printed '$output'; expected '$expected'"
[[ ! -e /dev/shm/$ring ]] || fail "the first program left its arena behind"
output=$("$work/build/group" | paste -sd' ')
[[ $output == "1 2 3" ]] || fail "the program with a group printed '$output'; expected '1 2 3'"
[[ ! -e /dev/shm/$ring ]] || fail "the program with a group left its arena behind"

if [[ -x $work/build/program_in_c ]]; then
  "$work/build/program_in_c" "$ring" || fail "the program in C ended with $?"
fi

if [[ $way == add_subdirectory* ]]; then
  strays=$(find "$work/build/arena_shm" -type f \( -name arena-shm -o -name arena-bench -o -name '*_tests' \
    -o -name wakeup_latency -o -name 'arena*.[1-9]' \))
  [[ -z $strays ]] || fail "a parent project got more than the library: $strays"
  # It is installed only where the parent asks for it.
  "$cmake" --install "$work/build" --prefix "$work/nothing" >/dev/null
  [[ ! -e $work/nothing ]] || fail "a parent project installs our files: $(find "$work/nothing")"
  "${configure[@]}" -DARENA_SHM_INSTALL=ON -S "$work/outside" -B "$work/build" >/dev/null
  "$cmake" --build "$work/build" --parallel 2 >/dev/null
  "$cmake" --install "$work/build" --prefix "$work/something" >/dev/null
  [[ -e $work/something/include/arena_shm/arena.hpp ]] || fail "ARENA_SHM_INSTALL=ON installs no headers"

  # A build type that the parent has not chosen is not chosen by us.
  "${configure[@]}" -DCMAKE_BUILD_TYPE= -S "$work/outside" -B "$work/no_type" >/dev/null
  grep -q '^CMAKE_BUILD_TYPE:STRING=$' "$work/no_type/CMakeCache.txt" || fail "we choose the parent's build type"
fi
