/* A program in C, for whoever wants to know whether it can be compiled, linked and run: program RING [VERSION] */
#include <arena_shm/arena_shm.h>
#include <arena_shm/version.h>
#include <stdio.h>
#include <string.h>

struct tick {
  uint64_t ts_ns;
  double px;
};

static int fail(const arena_shm_error* error) {
  fprintf(stderr, "%s\n", error->message);
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (argc > 2 && strcmp(argv[2], arena_shm_version()) != 0) {
    fprintf(stderr, "the library is of version %s; expected %s\n", arena_shm_version(), argv[2]);
    return 1;
  }
  char numbers[64];
  snprintf(numbers, sizeof numbers, "%d.%d.%d", ARENA_SHM_VERSION_MAJOR, ARENA_SHM_VERSION_MINOR,
           ARENA_SHM_VERSION_PATCH);
  if (strcmp(numbers, arena_shm_version()) != 0 || strcmp(numbers, ARENA_SHM_VERSION_STRING) != 0) {
    fprintf(stderr, "the headers are of %s and %s\n", ARENA_SHM_VERSION_STRING, numbers);
    return 1;
  }

  arena_shm_error error;
  arena_shm_record record = ARENA_SHM_RECORD(struct tick);
  arena_shm_options options = ARENA_SHM_OPTIONS;
  options.slots = 8;
  arena_shm_arena* ring = NULL;
  if (arena_shm_create(argv[1], &record, &options, &ring, &error) < 0) return fail(&error);
  const struct tick tick = {1, 101.25};
  if (arena_shm_alloc(ring, &tick, sizeof tick, NULL, &error) < 0) return fail(&error);
  struct tick back = {0, 0};
  if (arena_shm_read(ring, 0, &back, sizeof back, NULL, &error) != ARENA_SHM_OK) return 1;
  arena_shm_close(ring);
  if (arena_shm_remove(argv[1], &error) < 0) return fail(&error);
  return back.px == tick.px ? 0 : 1;
}
