/* In C: writes ticks into a ring, follows it, and removes it.  follow_ticks NAME */
#include <arena_shm/arena_shm.h>
#include <stdio.h>
#include <stdlib.h>

struct tick { uint64_t ts_ns; double price; };

static arena_shm_error error;

static arena_shm_status check(arena_shm_status status) {
  if (status >= 0) return status;
  fprintf(stderr, "follow_ticks: %s\n", error.message);
  exit(1);
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "ticks";
  arena_shm_record record = ARENA_SHM_RECORD(struct tick);
  arena_shm_options options = ARENA_SHM_OPTIONS;
  arena_shm_arena *arena;
  arena_shm_writer *writer;
  arena_shm_reader *reader;
  arena_shm_entry entry;
  struct tick tick;

  options.slots = 65536;
  check(arena_shm_open_or_create(name, &record, &options, &arena, &error));
  check(arena_shm_writer_open(arena, "example", &writer, &error));
  check(arena_shm_reader_open(arena, NULL, &reader, &error));
  for (tick.ts_ns = 0; tick.ts_ns < 4; ++tick.ts_ns) {
    tick.price = 100 + 0.25 * (double)tick.ts_ns;
    check(arena_shm_writer_alloc(writer, &tick, sizeof tick, NULL, &error));
  }
  while (check(arena_shm_reader_next(reader, &tick, sizeof tick, &entry, &error)) == ARENA_SHM_OK)
    printf("%llu %.2f\n", (unsigned long long)entry.seq, tick.price);
  arena_shm_reader_close(reader);
  arena_shm_writer_close(writer);
  arena_shm_close(arena);
  check(arena_shm_remove(name, &error));
}
