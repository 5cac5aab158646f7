// A laned arena, and its bytes.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {

class LanesTest : public ::testing::Test {
 protected:
  using Writer = arena_shm::Writer<std::uint64_t>;
  static constexpr std::uint32_t kLanes = 3;
  static constexpr std::uint64_t kSlots = 7;

  /// Lane k's stamp of its n-th slot.
  std::atomic<std::uint64_t>& stamp(std::uint32_t lane, std::uint64_t n) {
    const core::Header part = core::lane_header(file_.header(), lane);
    return file_.at<std::atomic<std::uint64_t>>(part.slots.offset_bytes + n % kSlots * part.stride_bytes);
  }
  ReadStatus status(std::uint64_t seq) const { return arena_.read(seq).status; }
  using Values = std::vector<std::uint64_t>;
  static Values numbers(std::size_t count, std::uint64_t first = 0) {
    Values values(count);
    std::iota(values.begin(), values.end(), first);
    return values;
  }
  static Values rest_of(Reader<std::uint64_t>& reader) {
    Values values;
    while (const auto entry = reader.next()) values.push_back(entry->value);
    return values;
  }

  test::TempName name_;
  Arena<std::uint64_t> arena_ =
      Arena<std::uint64_t>::create(name_, {.slots = kSlots, .writers = Writers::laned, .seats = kLanes});
  test::SegmentFile file_{name_};
};

}  // namespace arena_shm
