#!/usr/bin/env bash
# Makes the Debian packages of a build, and uses them: unpacked into an empty root, they have all that a program needs.
#
#   debian.sh SOURCE_DIR BUILD_DIR CMAKE CPACK
set -euo pipefail

source_dir=$1
build_dir=$2
cmake=$3
cpack=$4

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  exit 1
}

ring=debian-package-$$
work=$(mktemp -d)
trap 'rm -rf "$work" "/dev/shm/$ring"' EXIT
cd "$work"

# A umask that a user may have; files of a package do not depend on it.
(umask 077 && "$cpack" -G DEB --config "$build_dir/CPackConfig.cmake" -B "$work/made") >"$work/log" 2>&1 ||
  fail "cpack ended with $?: $(tail -n 20 "$work/log")"
packages=("$work"/made/*.deb)
version=$(sed -n 's/.*VERSION_STRING "\(.*\)"/\1/p' "$source_dir/include/arena_shm/version.h")
architecture=$(dpkg --print-architecture)

complaints=$(lintian --fail-on none --allow-root --no-cfg --no-user-dirs "${packages[@]}")
[[ -z $complaints ]] || fail "lintian complains: $complaints"
# Each dependency can be had here; nothing is installed.
apt-get install --simulate --no-install-recommends -o Debug::NoLocking=1 "${packages[@]}" >"$work/log" 2>&1 ||
  fail "they cannot be installed: $(cat "$work/log")"

# field PACKAGE FIELD
field() {
  dpkg-deb --field "$work/made/$1_$version"-*"_$architecture.deb" "$2"
}
mkdir "$work/root"
for package in "${packages[@]}"; do
  dpkg-deb --extract "$package" "$work/root"
done
[[ -z $(find "$work/root" ! -perm -o=r) ]] || fail "not readable by all: $(find "$work/root" ! -perm -o=r)"
if grep -rlF -e "$build_dir" -e "$source_dir" "$work/root" | grep -v '/html/'; then
  fail "a file of a package names the build tree or the source tree"
fi

# The tool, its pages and completions.
usr=$work/root/usr
LD_LIBRARY_PATH=$usr/lib/$(dpkg-architecture --query DEB_HOST_MULTIARCH)
export LD_LIBRARY_PATH
tool=$usr/bin/arena-shm
[[ $("$tool" --version) == "arena-shm $version" ]] || fail "the tool says: $("$tool" --version)"
[[ $(field arena-shm Depends) == *libfmt* ]] || fail "arena-shm depends on: $(field arena-shm Depends)"
for page in man1/arena-shm.1 man1/arena-shm-tail.1 man3/arena_shm.3 man3/arena_shm_c.3 man5/arena-shm-layout.5; do
  [[ $(man --local-file "$usr/share/man/$page.gz") == *'SEE ALSO'* ]] || fail "there is no page $page, or no end of it"
done
bash -c 'source "$1" && complete -p arena-shm' _ "$usr/share/bash-completion/completions/arena-shm" >/dev/null ||
  fail "there is no completion for bash"
"$tool" create "$ring" --slots 4 --fields 'u64 ts_ns, f64 px' 2>/dev/null
printf 'ts_ns,px\n7,1.5\n' | "$tool" write "$ring" 2>/dev/null
output=$("$tool" tail "$ring" --format csv)
[[ $output == *7,1.5* ]] || fail "the tool printed '$output'"

# Python, where it is.
if [[ -e $usr/lib/python3/dist-packages/arena_shm ]]; then
  program='import arena_shm, sys; print(next(iter(arena_shm.view(sys.argv[1]).follow(timeout=1.0)))["px"][0])'
  output=$(cd / && PYTHONPATH=$usr/lib/python3/dist-packages /usr/bin/python3 -B -c "$program" "$ring") ||
    fail "the Python package ended with $?"
  [[ $output == 1.5 ]] || fail "Python reads $output; expected 1.5"
  depends=$(field python3-arena-shm Depends)
  [[ $depends == *python3*numpy* ]] || fail "python3-arena-shm depends on: $depends"
fi
"$tool" rm "$ring" 2>/dev/null

# The library, as CMake and pkg-config find it.
cp -r "$source_dir/tests/package/outside" "$source_dir/tests/package/program.c" "$work"
"$source_dir/tests/package/first_program.sh" "$source_dir" "$ring" >"$work/outside/first_program.cpp"
cp "$work/outside/first_program.cpp" "$work/outside/group.cpp"
"$cmake" -G Ninja "-DCMAKE_PREFIX_PATH=$usr" -S "$work/outside" -B "$work/by_cmake" >/dev/null
"$cmake" --build "$work/by_cmake" --target first_program program_in_c >/dev/null
PKG_CONFIG_LIBDIR=$LD_LIBRARY_PATH/pkgconfig
export PKG_CONFIG_LIBDIR
# shellcheck disable=SC2046 # the flags are words
c++ -std=c++20 "$work/outside/first_program.cpp" $(pkg-config --cflags --libs arena_shm_cpp) -o "$work/by_pkg_config"
# shellcheck disable=SC2046
cc "$work/program.c" $(pkg-config --cflags --libs arena_shm) -o "$work/in_c"
for program in "$work/by_cmake/first_program" "$work/by_pkg_config"; do
  output=$("$program")
  [[ $output == "0 101.25" ]] || fail "$program printed '$output'; expected '0 101.25'"
done
for program in "$work/by_cmake/program_in_c" "$work/in_c"; do
  output=$(ldd "$program")
  [[ $output == *"libarena_shm.so.1 => $LD_LIBRARY_PATH/"* ]] ||
    fail "$program does not load the package's library: $output"
  "$program" "$ring" "$version" || fail "$program ended with $?"
done
[[ $(field libarena-shm-dev Depends) == *"libarena-shm1 (= $version-"* ]] ||
  fail "libarena-shm-dev depends on: $(field libarena-shm-dev Depends)"
[[ -f $usr/share/doc/libarena-shm-dev/html/index.html ]] || fail "there is no reference"
