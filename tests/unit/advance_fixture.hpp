// Rings whose value with the sequence number n is 10 * n.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "arena_shm/arena.hpp"

namespace arena_shm::test {

using Numbers = Arena<std::uint64_t>;
using Seqs = std::vector<std::uint64_t>;

inline constexpr std::uint64_t kLap = 8;

inline Seqs rest_of(Reader<std::uint64_t>& reader) {
  Seqs seqs;
  while (const auto entry = reader.next()) {
    EXPECT_EQ(entry->value, entry->seq * 10);
    seqs.push_back(entry->seq);
  }
  return seqs;
}

}  // namespace arena_shm::test
