#!/usr/bin/env bash
# The C headers compile by themselves, in each language, without a warning.
#
#   check_headers.sh SOURCE_DIR
set -euo pipefail

include=$1/include
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wcast-qual -Werror -fsyntax-only "-I$include")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for header in "$include"/arena_shm/arena_shm.h "$include"/arena_shm/c/*.h; do
  # Twice: the guard works. And its initialisers, where it has some.
  for _ in 1 2; do echo "#include \"${header#"$include"/}\""; done >"$work/one.c"
  if [[ $header == */arena_shm.h ]]; then
    cat >>"$work/one.c" <<'EOC'
struct tick { uint64_t ts; double px; };
arena_shm_record record = ARENA_SHM_RECORD(struct tick);
arena_shm_options options = ARENA_SHM_OPTIONS;
arena_shm_reader_options reader_options = ARENA_SHM_READER_OPTIONS;
arena_shm_consumer_options consumer_options = ARENA_SHM_CONSUMER_OPTIONS;
EOC
  fi
  cp "$work/one.c" "$work/one.cpp"
  for compiler in gcc clang; do
    for standard in c99 c11 c17; do
      "$compiler" "-std=$standard" -Wstrict-prototypes "${warnings[@]}" "$work/one.c"
    done
    "${compiler/gcc/g}++" -std=c++20 "${warnings[@]}" "$work/one.cpp"
  done
done
