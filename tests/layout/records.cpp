// Writes records that can be checked, for readers without the library: everything in one is made of its writer's number
// and its own.
//
//   create NAME SLOTS shared|exclusive|laned [time] [lossless]
//   write NAME WRITER COUNT [PAUSE_US]     COUNT 0: until it is killed
#include "layout/records.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <thread>

#include "arena_shm/raw.hpp"

namespace {

using namespace arena_shm;
using arena_shm::layout_test::record;
using arena_shm::layout_test::Record;

constexpr const char* kSchema = R"({"names":["writer","n","words","text","quarter","minus","odd","low"],)"
                                R"("formats":["<u8","<u8","(6,4)<u8","S8","<f4","<i2","?","u1"],)"
                                R"("offsets":[0,8,16,208,216,220,222,223],"itemsize":224})";

void create(const char* name, std::uint64_t slots, std::span<char*> kinds) {
  Options options{.slots = slots, .seats = 3};
  for (const std::string kind : kinds) {
    if (kind == "exclusive") options.writers = Writers::exclusive;
    if (kind == "laned") options.writers = Writers::laned;
    if (kind == "time") options.time = true;
    if (kind == "lossless") options.full = Full::wait;
  }
  RawArena::create(name, {"Record", sizeof(Record), alignof(Record), kSchema}, options);
}

void write(const char* name, std::uint64_t number, std::uint64_t count, std::uint64_t pause_us) {
  const RawArena arena = RawArena::open(name);
  RawWriter writer = arena.writer("records");
  std::puts("ready");
  std::fflush(stdout);
  for (std::uint64_t n = 0; count == 0 || n < count; ++n) {
    const Record made = record(number, n);
    writer.alloc(std::as_bytes(std::span(&made, 1)));
    if (pause_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (argc < 5) return EXIT_FAILURE;
  const auto number = [&](std::size_t i) { return std::strtoull(arguments[i], nullptr, 10); };
  if (arguments[1] == std::string("create"))
    create(arguments[2], number(3), arguments.subspan(4));
  else
    write(arguments[2], number(3), number(4), argc > 5 ? number(5) : 0);
  return EXIT_SUCCESS;
}
