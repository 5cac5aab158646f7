// What a feed reads at the moment; for feed.cpp and feed_lenses.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "arena_shm/raw.hpp"
#include "serve/batch_reader.hpp"
#include "serve/feed.hpp"

namespace arena_shm::serve {

/// A writer that lost the processor in the middle of a value gets it again within that, also on a busy machine.
inline constexpr std::chrono::seconds kHold{1};

// The segment that is read, and who reads it.
struct Feed::Segment {
  Segment(RawView opened, From from)
      : view(std::move(opened)), layout(std::make_shared<const RingLayout>(view)), reader(view, *layout, from, kHold) {
    reader.raw().on_gap([this](const Gap& gap) { gaps.push_back(gap); });
  }

  RawView view;
  std::shared_ptr<const RingLayout> layout;
  BatchReader reader;
  std::vector<Gap> gaps;  // before values that are still to come
  LaneCounts before{};    // what readers of earlier segments have counted
  bool was_removed = false;
  std::uint64_t read = 0;  // at the round before
  std::uint64_t lost = 0;
};

}  // namespace arena_shm::serve
