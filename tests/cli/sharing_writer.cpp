// Takes a seat, leaves its memory to a child that does not call exec, and dies. The child lives until standard input is
// closed.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "arena_shm/raw.hpp"
#include "support/memory_sharer.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return EXIT_FAILURE;
  const auto arena = arena_shm::RawArena::open(argv[1]);
  const auto writer = arena.writer("sharer");
  if (arena_shm::test::make_memory_sharer(STDIN_FILENO) < 0) return EXIT_FAILURE;
  ::raise(SIGKILL);
  return EXIT_FAILURE;
}
