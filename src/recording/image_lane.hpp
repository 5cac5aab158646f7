// One lane of a saved segment, value by value; an arena without lanes is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "inspect/image.hpp"

namespace arena_shm::recording {

/// Thread safety: none.
class ImageLane {
 public:
  /// The values [first, head), in numbers of the lane. Reads so many bytes at once.
  /// Requires: a usable header of this image, which stays there.
  ImageLane(const inspect::Image& image, const core::Header& header, std::uint32_t lane, std::uint64_t first,
            std::uint64_t head, std::size_t block_bytes);

  /// Goes on to the next value whose slot shows it. Returns: false at the end, and then number() is head.
  bool advance();
  /// Goes behind the value that advance() has found: it was taken, or is none after all.
  void go_on(bool taken) noexcept {
    ++number_;
    if (taken) accounted_ = number_;
  }

  /// That of the lane alone.
  const core::Header& header() const noexcept { return header_; }
  std::uint64_t number() const noexcept { return number_; }
  /// Of the value, after advance(); 0 in an arena without times.
  std::uint64_t time() const noexcept { return header_.clock != 0 ? word(core::kTimeOffsetBytes) : 0; }
  /// What is behind the last value that was taken.
  std::uint64_t accounted() const noexcept { return accounted_; }

 private:
  std::uint64_t slot_index() const noexcept { return number_ % header_.slot_count; }
  std::uint64_t slot_offset() const noexcept {
    return header_.slots.offset_bytes + slot_index() * header_.stride_bytes;
  }
  bool has_prefix() const noexcept;
  std::uint64_t word(std::uint64_t offset) const noexcept;
  bool read_prefixes();

  const inspect::Image* image_;
  core::Header header_;
  std::uint64_t prefix_bytes_;  // of a slot: what stands before its payload at least
  std::uint64_t number_;
  std::uint64_t accounted_;
  std::uint64_t head_;
  std::size_t block_bytes_;
  std::vector<std::byte> block_;  // of the file, from block_begin_ on
  std::uint64_t block_begin_ = 0;
};

}  // namespace arena_shm::recording
