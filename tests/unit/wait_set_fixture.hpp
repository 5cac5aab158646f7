// So many rings, and a set of a reader of each.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/wait_set.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {

inline constexpr int kForever = -1;  // for poll: CTest's limit ends a test that fails

using Indices = std::vector<std::size_t>;
using RingOfNumbers = Arena<std::uint64_t>;

class WaitSetTest : public ::testing::Test {
 protected:
  void make(std::size_t count, const ReaderOptions& options = {}) {
    for (std::size_t i = 0; i < count; ++i) {
      arenas_.push_back(RingOfNumbers::create(names_.emplace_back(), {.slots = 8, .seats = 2}));
      readers_.push_back(arenas_.back().reader(From::oldest, options));
    }
    for (auto& reader : readers_) set_.add(reader);
  }
  Indices ready() const { return {set_.ready().begin(), set_.ready().end()}; }
  bool is_readable(int fd, int timeout_ms) {
    pollfd events{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&events, 1, timeout_ms) == 1;
  }
  /// Takes all that is there.
  std::uint64_t drain() {
    std::uint64_t count = 0;
    while (set_.wait_for(std::chrono::milliseconds(0))) {
      for (auto& reader : readers_) {
        while (reader.next()) ++count;
      }
    }
    return count;
  }

  std::deque<test::TempName> names_;
  std::vector<RingOfNumbers> arenas_;
  std::vector<Reader<std::uint64_t>> readers_;
  WaitSet set_;
};

}  // namespace arena_shm
