// The slots of one lane, as check looks at them; those of an arena without lanes are one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "inspect/image.hpp"

namespace arena_shm::inspect {

struct SlotFacts {
  std::uint64_t index;
  std::uint64_t stamp = 0;
  std::uint64_t time = 0;  ///< 0 in an arena without times
  bool padding_is_zero = true;
};

/// Thread safety: none.
class LaneSlots {
 public:
  /// Requires: a usable header of this image; lane < core::lane_count(header).
  LaneSlots(const Image& image, const core::Header& header, std::uint32_t lane);

  /// That of the lane alone.
  const core::Header& header() const noexcept { return header_; }
  /// In numbers of the lane, at most their limit; the limit where the file ends before.
  std::uint64_t head() const noexcept;
  /// The first slot from `index` on that is not all zeros, for all that the file system knows.
  std::uint64_t skip_unused(std::uint64_t index) const noexcept;
  /// So many are read at once.
  std::uint64_t slots_a_block() const noexcept;
  /// False: the file was cut off, and `block` has what is there.
  bool read_block(std::uint64_t first, std::uint64_t count, std::vector<SlotFacts>& block);
  std::optional<SlotFacts> read_slot(std::uint64_t index);

 private:
  std::uint64_t offset(std::uint64_t index) const noexcept {
    return header_.slots.offset_bytes + index * header_.stride_bytes;
  }

  const Image& image_;
  const core::Header header_;
  const std::uint64_t limit_;
  const std::uint64_t prefix_bytes_;   // the stamp, and the time if there is one
  const std::uint64_t padding_begin_;  // after the payload, within a slot
  std::vector<std::byte> bytes_;
};

}  // namespace arena_shm::inspect
