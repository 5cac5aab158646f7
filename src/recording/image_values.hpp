// The values of a saved segment, one by one, lane by lane; also of one that was cut off: what is whole of it is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/options.hpp"
#include "inspect/facts.hpp"
#include "inspect/image.hpp"
#include "recording/attendant.hpp"

namespace arena_shm::recording {

/// Thread safety: none.
class ImageValues {
 public:
  /// Begins at the oldest ones. The attendant is told if the file was cut off.
  /// Errors: Code::truncated, unsupported, or what the header is refused for.
  ImageValues(inspect::Image image, Attendant& attendant);

  const inspect::Image& image() const noexcept { return image_; }
  const inspect::Facts& facts() const noexcept { return facts_; }
  const core::Header& header() const noexcept { return facts_.header; }
  bool is_cut() const noexcept { return is_cut_; }
  /// Of each lane the sequence number behind the newest one.
  Position heads() const;
  /// Of each lane the oldest one that the ring had room for.
  Position oldest() const;

  /// Called for each run of sequence numbers without a whole value, as they are passed over.
  void on_hole(std::function<void(const Gap&)> report) { report_ = std::move(report); }
  /// Goes on there, or at the oldest ones where those are newer. To be called first.
  void go_to(const Position& position);

  /// Fills `record` with the next value that is whole, and passes over what comes before it.
  /// Requires: record.size() is that of the record. Returns: its sequence number; nothing at the end.
  std::optional<std::uint64_t> next(std::span<std::byte> record);

 private:
  // Of the lane that it is in.
  std::uint64_t slot_index() const noexcept { return number_ % lane_.slot_count; }
  std::uint64_t slot_offset() const noexcept { return lane_.slots.offset_bytes + slot_index() * lane_.stride_bytes; }
  std::uint64_t seq_of(std::uint64_t number) const noexcept { return number * heads_.size() + lane_index_; }
  void enter_lane(std::size_t index);
  std::optional<std::uint64_t> next_of_lane(std::span<std::byte> record);
  void report_holes(std::uint64_t first, std::uint64_t end) const;
  bool has_stamp() const noexcept;
  std::uint64_t stamp() const noexcept;
  bool read_stamps();
  void read_heads();
  [[noreturn]] void refuse() const;

  inspect::Image image_;
  inspect::Facts facts_;
  std::vector<std::uint64_t> heads_;   // of the lanes, numbers within them
  std::vector<std::uint64_t> firsts_;  // where to begin in them
  std::function<void(const Gap&)> report_;
  std::size_t lane_index_ = 0;
  core::Header lane_{};
  std::uint64_t number_ = 0;  // in it
  bool is_cut_ = false;
  std::vector<std::byte> block_;  // of the file, from block_begin_ on
  std::uint64_t block_begin_ = 0;
};

}  // namespace arena_shm::recording
