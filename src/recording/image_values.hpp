// The values of a saved segment, one by one; also of one that was cut off: what is whole of it is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/options.hpp"
#include "arena_shm/timescale.hpp"
#include "inspect/facts.hpp"
#include "inspect/image.hpp"
#include "recording/attendant.hpp"
#include "recording/image_lane.hpp"

namespace arena_shm::recording {

/// Thread safety: none.
class ImageValues {
 public:
  /// Begins at the oldest ones. The attendant is told if the file was cut off.
  /// Errors: Code::truncated, unsupported, or what the header is refused for.
  ImageValues(inspect::Image image, Attendant& attendant);
  ImageValues(const ImageValues&) = delete;
  ImageValues& operator=(const ImageValues&) = delete;

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
  /// Goes on there, or at the oldest ones where those are newer: lane by lane, or with all lanes in order of time, if
  /// the arena has times. To be called first.
  void go_to(const Position& position, Order order);

  /// Fills `record` with the next value that is whole, and passes over what comes before it.
  /// Requires: record.size() is that of the record. Returns: its sequence number; nothing at the end.
  std::optional<std::uint64_t> next(std::span<std::byte> record);
  /// When the value that next() has delivered was appended, in ns since 1970. Requires: an arena with times.
  std::int64_t time_ns() { return timescale_->nanoseconds(time_); }

  /// One value, and its time if there are times, for a look. Returns: false if it is not there, or not whole.
  bool read(std::uint64_t seq, std::span<std::byte> record, std::int64_t& time_ns);

 private:
  using Turn = std::pair<std::uint64_t, std::uint32_t>;  // the time of a lane's next value, and the lane

  void enqueue(std::uint32_t index);
  bool take(const ImageLane& lane, std::span<std::byte> record) const;
  void report_holes(const ImageLane& lane, std::uint64_t index) const;
  void read_heads();
  [[noreturn]] void refuse() const;

  inspect::Image image_;
  inspect::Facts facts_;
  std::optional<Timescale> timescale_;
  std::vector<std::uint64_t> heads_;  // of the lanes, numbers within them
  std::function<void(const Gap&)> report_;
  bool is_cut_ = false;
  bool is_by_time_ = false;
  bool has_begun_ = false;
  std::vector<ImageLane> lanes_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns_;  // of the lanes that have a next value
  std::optional<std::uint32_t> left_;  // the lane of the value that was delivered, which is not among them yet
  std::uint64_t time_ = 0;
};

}  // namespace arena_shm::recording
