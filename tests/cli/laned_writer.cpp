// Laned arenas of records {u64 ts}, and writers in them, the ts of a writer being 0, 1, ...
//
//   create NAME LANES SLOTS          LANES 0: an exclusive arena
//   write NAME COUNT...              a lane for each COUNT, that many values in it, and all are left
//   hold NAME COUNT...               the same; says "ready" and keeps them until standard input is closed
//   halt NAME POINT SIGNAL LENGTH    takes a lane, and gets the signal at that point of a batch of LENGTH values, or of
//                                    a single value, if that is 0
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/raw.hpp"

namespace {

using namespace arena_shm;

constexpr const char* kSchema = R"({"names":["ts"],"formats":["<u8"],"offsets":[0],"itemsize":8})";

std::string point;
int signal_number = 0;

void stop_there(const char* name) {
  if (point != name) return;
  core::stop_point_hook = nullptr;
  ::syscall(SYS_tgkill, ::getpid(), ::gettid(), signal_number);
}

void put(RawWriter& writer, std::uint64_t count) {
  for (std::uint64_t ts = 0; ts < count; ++ts) writer.alloc(std::as_bytes(std::span(&ts, 1)));
}

void write(const RawArena& arena, std::span<char*> counts, bool hold) {
  std::vector<RawWriter> writers;
  for (const char* count : counts) {
    writers.push_back(arena.writer("lane"));
    put(writers.back(), std::strtoull(count, nullptr, 10));
  }
  if (!hold) return;
  std::puts("ready");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

void halt(const RawArena& arena, std::uint64_t length) {
  RawWriter writer = arena.writer("halted");
  core::stop_point_hook = stop_there;
  if (length == 0) return put(writer, 1);
  const std::vector<std::uint64_t> values(length);
  writer.alloc_batch(std::as_bytes(std::span(values)));
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (argc < 4) return EXIT_FAILURE;
  const std::string act = arguments[1];
  const char* name = arguments[2];
  if (act == "create" && argc == 5) {
    const auto lanes = static_cast<std::uint32_t>(std::strtoul(arguments[3], nullptr, 10));
    RawArena::create(name, {"Lap", 8, 8, kSchema},
                     {.slots = std::strtoull(arguments[4], nullptr, 10),
                      .writers = lanes == 0 ? Writers::exclusive : Writers::laned,
                      .seats = lanes});
  } else if (act == "write" || act == "hold") {
    write(RawArena::open(name), arguments.subspan(3), act == "hold");
  } else if (act == "halt" && argc == 6) {
    point = arguments[3];
    signal_number = std::atoi(arguments[4]);
    halt(RawArena::open(name), std::strtoull(arguments[5], nullptr, 10));
  } else {
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
