// An arena NAME with times in the place of one without, of the same kind, which has nobody in it.
#include <cstdlib>

#include "arena_shm/raw.hpp"

int main(int argc, char** argv) {
  using namespace arena_shm;
  if (argc != 2) return EXIT_FAILURE;
  const Info info = RawArena::open(argv[1]).info();
  RawArena::remove(argv[1]);
  RawArena::create(
      argv[1], info.record,
      {.slots = info.slots / info.lanes, .writers = info.writers, .seats = info.seats, .mode = 0644, .time = true});
  return EXIT_SUCCESS;
}
