// Writers and consumers of lossless arenas.
//
//   write NAME COUNT                   says "ready", and appends so many values, which waits where there is no room
//   consume NAME CONSUMER [durable] [share]   joins, says "ready", and obeys standard input until that ends:
//
//   COUNT    takes so many values, and is done with them; says "took COUNT", or "evicted"
//   hold     takes one, and is not done with it; says "holds SEQ", or "holds SEQ again" if another member had it
//   stop     stops itself
//   leave    leaves, and says "left"
#include <signal.h>

#include <algorithm>
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

std::uint64_t take_one(RawConsumer& consumer, std::span<std::byte> value) {
  for (;;) {
    if (const auto seq = consumer.next(value)) return *seq;
    consumer.wait_for(std::chrono::seconds(1));
  }
}

void take(RawConsumer& consumer, std::uint64_t count, std::span<std::byte> value) {
  for (std::uint64_t i = 0; i < count; ++i) take_one(consumer, value);
  consumer.release();
  say("took " + std::to_string(count));
}

void hold(RawConsumer& consumer, std::span<std::byte> value) {
  const std::uint64_t seq = take_one(consumer, value);
  say("holds " + std::to_string(seq) + (consumer.is_redelivered() ? " again" : ""));
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
  const auto is_asked = [&](const char* what) { return std::ranges::count(arguments, what) > 0; };
  std::optional<RawConsumer> consumer(
      arena.consumer(arguments[2], {.share = is_asked("share"), .durable = is_asked("durable")}));
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
      if (line == "hold")
        hold(*consumer, value);
      else
        take(*consumer, std::stoull(line), value);
    } catch (const Error& error) {
      say(std::string(to_string(error.code())));
    }
  }
  return EXIT_SUCCESS;
}
