// The values of a saved segment, one by one; also of one that was cut off: what is whole of it is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "inspect/facts.hpp"
#include "inspect/image.hpp"
#include "recording/attendant.hpp"

namespace arena_shm::recording {

/// Thread safety: none.
class ImageValues {
 public:
  /// Begins at the oldest one. The attendant is told if the file was cut off.
  /// Errors: Code::truncated, unsupported, or what the header is refused for.
  ImageValues(inspect::Image image, Attendant& attendant);

  const inspect::Image& image() const noexcept { return image_; }
  const inspect::Facts& facts() const noexcept { return facts_; }
  const core::Header& header() const noexcept { return facts_.header; }
  bool is_cut() const noexcept { return is_cut_; }
  /// The sequence number behind the newest one.
  std::uint64_t head() const noexcept { return head_; }

  /// The next sequence number that will be looked at.
  std::uint64_t cursor() const noexcept { return seq_; }
  /// Goes on there, or at the oldest one if that is newer.
  void go_to(std::uint64_t seq) noexcept;

  /// Fills `record` with the next value that is whole, and passes over what comes before it.
  /// Requires: record.size() is that of the record. Returns: its sequence number; nothing at the end.
  std::optional<std::uint64_t> next(std::span<std::byte> record);

 private:
  std::uint64_t slot_index() const noexcept { return seq_ % header().slot_count; }
  std::uint64_t slot_offset() const noexcept {
    return header().slots.offset_bytes + slot_index() * header().stride_bytes;
  }
  bool has_stamp() const noexcept;
  std::uint64_t stamp() const noexcept;
  bool read_stamps();
  [[noreturn]] void refuse() const;

  inspect::Image image_;
  inspect::Facts facts_;
  std::uint64_t head_ = 0;
  std::uint64_t seq_ = 0;
  bool is_cut_ = false;
  std::vector<std::byte> block_;  // of the file, from block_begin_ on
  std::uint64_t block_begin_ = 0;
};

}  // namespace arena_shm::recording
