// Writers and consumers of lossless arenas.
//
//   write NAME COUNT                   says "ready", and appends so many values, which waits where there is no room
//   consume NAME CONSUMER [durable]    joins, says "ready", and obeys standard input until that ends:
//
//   COUNT    takes so many values, and is done with them; says "took COUNT", or "evicted"
//   stop     stops itself
//   leave    leaves, and says "left"
#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/error.hpp"
#include "arena_shm/raw.hpp"

namespace {

using namespace arena_shm;

void say(const std::string& text) { std::cout << text << std::endl; }

void write(const RawArena& arena, std::uint64_t count) {
  const std::vector<std::byte> value(arena.info().record.size_bytes);
  RawWriter writer = arena.writer("waiting");
  say("ready");
  for (std::uint64_t i = 0; i < count; ++i) writer.alloc(value);
}

void take(RawConsumer& consumer, std::uint64_t count, std::span<std::byte> value) {
  for (std::uint64_t i = 0; i < count;) {
    if (consumer.next(value))
      ++i;
    else
      consumer.wait_for(std::chrono::seconds(1));
  }
  consumer.release();
  say("took " + std::to_string(count));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 3) return EXIT_FAILURE;
  const RawArena arena = RawArena::open(arguments[1]);
  if (arguments[0] == "write") {
    write(arena, std::stoull(arguments[2]));
    return EXIT_SUCCESS;
  }
  std::vector<std::byte> value(arena.info().record.size_bytes);
  std::optional<RawConsumer> consumer(arena.consumer(arguments[2], {.durable = arguments.size() > 3}));
  say("ready");
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "leave") {
      consumer.reset();
      say("left");
      return EXIT_SUCCESS;
    }
    if (line == "stop") {
      ::raise(SIGSTOP);
      continue;
    }
    try {
      take(*consumer, std::stoull(line), value);
    } catch (const Error& error) {
      say(std::string(to_string(error.code())));
    }
  }
  return EXIT_SUCCESS;
}
