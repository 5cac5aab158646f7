#!/usr/bin/env bash
# Compiles and runs programs with what pkg-config says of an installation that was moved.
#
#   pkg_config.sh SOURCE_DIR BUILD_DIR CMAKE C_COMPILER CXX_COMPILER
set -euo pipefail

source_dir=$1
build_dir=$2
cmake=$3
cc=$4
cxx=$5

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  exit 1
}

ring=pkg-config-$$
work=$(mktemp -d)
trap 'rm -rf "$work" "/dev/shm/$ring"' EXIT

"$cmake" --install "$build_dir" --prefix "$work/staged" >/dev/null
mv "$work/staged" "$work/prefix"
PKG_CONFIG_LIBDIR=$(dirname "$(find "$work/prefix" -name arena_shm_cpp.pc)") # nothing else is found
export PKG_CONFIG_LIBDIR
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_LIBDIR")
export LD_LIBRARY_PATH
version=$(sed -n 's/.*VERSION_STRING "\(.*\)"/\1/p' "$source_dir/include/arena_shm/version.h")

# build OUTPUT PACKAGE COMPILER... -- [pkg-config option...]
build() {
  local output=$1 package=$2
  shift 2
  local compile=()
  while [[ $1 != -- ]]; do
    compile+=("$1")
    shift
  done
  shift
  local found flags
  found=$(pkg-config --modversion "$package")
  [[ $found == "$version" ]] || fail "$package is of version $found; expected $version"
  flags=$(pkg-config "$@" --cflags --libs "$package")
  [[ $flags != *"$work/staged"* ]] || fail "$package.pc knows where it was installed: $flags"
  # shellcheck disable=SC2086 # the flags are words
  "${compile[@]}" $flags -o "$output" || fail "with the flags of $package: $flags"
}

# needs PROGRAM yes|no: does it load the shared library?
needs() {
  local answer=no loaded
  loaded=$(ldd "$1" 2>&1 || true) # of a program that loads none, it is an error
  if [[ $loaded == *'libarena_shm.so.1 => '* ]]; then
    answer=yes
  fi
  [[ $answer == "$2" ]] || fail "$1 loads the shared library: $answer; expected $2"
}

"$source_dir/tests/package/first_program.sh" "$source_dir" "$ring" >"$work/first.cpp"
for option in --shared --static; do
  build "$work/first" arena_shm_cpp "$cxx" -std=c++20 "$work/first.cpp" -- "$option"
  needs "$work/first" no
  output=$("$work/first")
  [[ $output == "0 101.25" ]] || fail "the first program printed '$output'; expected '0 101.25'"
done

program=$source_dir/tests/package/program.c
build "$work/shared" arena_shm "$cc" "$program" --
needs "$work/shared" yes
"$work/shared" "$ring" "$version" || fail "the program in C, shared, ended with $?"
build "$work/static" arena_shm "$cc" -static "$program" -- --static
needs "$work/static" no
"$work/static" "$ring" "$version" || fail "the program in C, static, ended with $?"
[[ ! -e /dev/shm/$ring ]] || fail "a program left its arena behind"
