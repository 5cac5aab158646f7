// An arena that a test follows, and the gaps that it is told.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {

inline bool operator==(const Gap& a, const Gap& b) {
  return a.first == b.first && a.last == b.last && a.cause == b.cause;
}
inline void PrintTo(const Gap& gap, std::ostream* out) {
  *out << gap.first << ".." << gap.last << " " << to_string(gap.cause);
}

class ReaderTest : public ::testing::Test {
 protected:
  void make(std::uint64_t slots) { arena_.emplace(Arena<std::uint64_t>::create(name_, {.slots = slots})); }
  void write(int count) {
    for (int i = 0; i < count; ++i) arena_->alloc(arena_->head() * 10);
  }
  void collect_gaps(Reader<std::uint64_t>& reader) {
    reader.on_gap([this](const Gap& gap) { gaps_.push_back(gap); });
  }
  static void expect_accounted(const Reader<std::uint64_t>& reader, std::uint64_t first) {
    EXPECT_EQ(reader.cursor() - first,
              reader.read_count() + reader.overwritten_count() + reader.hole_count() + reader.passed_over_count());
  }

  test::TempName name_;
  std::optional<Arena<std::uint64_t>> arena_;
  std::vector<Gap> gaps_;
};

}  // namespace arena_shm
