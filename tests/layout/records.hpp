// A record that can be checked: everything in it is made of its writer's number and its own.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>

namespace arena_shm::layout_test {

struct Record {
  std::uint64_t writer;
  std::uint64_t n;
  std::array<std::uint64_t, 24> words;
  std::array<char, 8> text;
  float quarter;
  std::int16_t minus;
  bool odd;
  std::uint8_t low;
};
static_assert(sizeof(Record) == 224);

inline Record record(std::uint64_t writer, std::uint64_t n) {
  Record made{.writer = writer, .n = n, .words = {}, .text = {}, .quarter = 0, .minus = 0, .odd = false, .low = 0};
  for (std::uint64_t i = 0; i < made.words.size(); ++i) made.words[i] = n * 31 + writer * 7 + i;
  std::snprintf(made.text.data(), made.text.size(), "%llu", static_cast<unsigned long long>(n % 10'000'000));
  made.quarter = static_cast<float>(n % 1000) / 4;
  made.minus = static_cast<std::int16_t>(-static_cast<int>(n % 100));
  made.odd = n % 2 == 1;
  made.low = static_cast<std::uint8_t>(n % 256);
  return made;
}

}  // namespace arena_shm::layout_test
