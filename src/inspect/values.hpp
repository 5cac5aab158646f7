// The values in a segment's slots, read one by one without attaching.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "inspect/heads.hpp"
#include "inspect/image.hpp"

namespace arena_shm::inspect {

/// No more than that is read of a value. Records that have a schema are not larger.
inline constexpr std::uint64_t kMaxValueBytes = 1 << 20;

struct Value {
  std::uint64_t seq = 0;
  std::uint32_t lane = 0;
  std::uint64_t time = 0;  ///< by the clock of its arena; 0 in one without times
  std::vector<std::byte> bytes;
};

/// The value of `seq`, if its slot holds it, whole.
/// Requires: a usable header of this image.
std::optional<Value> read_value(const Image& image, const core::Header& header, std::uint64_t seq);

/// At most `count` values below the heads, as many as can be of each lane, lane by lane, oldest first. Looks at a
/// bounded number of slots.
/// Requires: as read_value; heads of this header.
std::vector<Value> newest_values(const Image& image, const core::Header& header, const Heads& heads, std::size_t count);

/// The oldest seq below the heads whose value can be read; of lanes, the lowest one. Nothing if there is none among the
/// slots that are looked at.
/// Requires: as newest_values.
std::optional<std::uint64_t> oldest_readable(const Image& image, const core::Header& header, const Heads& heads);

}  // namespace arena_shm::inspect
