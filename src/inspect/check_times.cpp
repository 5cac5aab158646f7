#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/stamp.hpp"
#include "inspect/check_parts.hpp"
#include "inspect/heads.hpp"
#include "inspect/lane_slots.hpp"
#include "inspect/seats.hpp"
#include "inspect/times.hpp"
#include "text/quantities.hpp"

namespace arena_shm::inspect {

namespace {

constexpr double kNanosecondsPerSecond = 1e9;

/// Does the clock say what it said before, only later? A counter may begin anew while the machine sleeps.
bool has_gone_on(const core::Header& header, const core::ClockAnchor& later) noexcept {
  constexpr double kLeastBase = 0.01;
  constexpr double kMostDeviation = 1e-3;
  const core::ClockAnchor& created = header.created;
  const double seconds =
      (static_cast<double>(later.boottime_ns) - static_cast<double>(created.boottime_ns)) / kNanosecondsPerSecond;
  const auto ticks = static_cast<double>(static_cast<std::int64_t>(later.ticks - created.ticks));
  return seconds < kLeastBase ||
         std::abs(ticks / static_cast<double>(header.ticks_per_second) / seconds - 1) < kMostDeviation;
}

/// The newest moment of which the header's clock is known; nothing if there is none.
std::optional<core::ClockAnchor> newest_anchor(const core::Header& header, bool reads_clock) noexcept {
  if (reads_clock) return core::take_anchor(static_cast<Clock>(header.clock));
  if (header.saved == core::ClockAnchor{}) return std::nullopt;
  return header.saved;
}

/// One lane, or an arena without lanes; numbers and texts as in check_slots.cpp.
class LaneTimes {
 public:
  LaneTimes(const Image& image, const core::Header& header, std::uint32_t lane, CheckedTimes& result)
      : header_(header), lane_(lane), slots_(image, header, lane), result_(result) {}

  void run() {
    const std::uint64_t slot_count = header_.slot_count;
    const std::uint64_t head = slots_.head();
    const std::uint64_t in_lap = head % slot_count;
    const std::uint64_t lap = head - in_lap;
    if (lap > 0) walk(lap - slot_count, in_lap, slot_count);
    walk(lap, 0, in_lap);
  }

 private:
  struct Known {
    std::uint64_t number;
    std::uint64_t time;
  };

  /// The values lap + begin to lap + end.
  void walk(std::uint64_t lap, std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t first = begin; first < end; first += slots_.slots_a_block()) {
      first = slots_.skip_unused(first);
      if (first >= end || !read(first, std::min(slots_.slots_a_block(), end - first))) return;
      const std::uint64_t now = result_.by_clock ? core::read_clock(static_cast<Clock>(header_.clock)) : 0;
      for (std::size_t i = 0; i < block_.size(); ++i) {
        const std::uint64_t number = lap + block_[i].index;
        const bool stood_still = block_[i].stamp == again_[i].stamp && block_[i].time == again_[i].time;
        if (stood_still && block_[i].stamp == core::done(number)) judge({number, block_[i].time}, now);
      }
    }
  }

  /// Twice. A stamp and a time that both looks find belong together: had another value come in between, the time would
  /// be that of the value before in the first look, or that of the value after in the second one.
  bool read(std::uint64_t first, std::uint64_t count) {
    if (!slots_.read_block(first, count, block_)) return false;
    std::atomic_thread_fence(std::memory_order_acquire);
    return slots_.read_block(first, count, again_);
  }

  /// Which time a number has never changes: what is wrong here is wrong at every look.
  void judge(Known value, std::uint64_t now) {
    if (result_.by_clock && value.time > now)
      add(value, fmt::format("expected a time in the past, found one that is {} ahead of the clock; {}",
                             duration(value.time - now), kWrittenOver));
    if (result_.in_order && before_ && value.time < before_->time)
      add(value, fmt::format("expected value {} to be no older than value {}, found that it is {} older; {}",
                             seq_of(header_, lane_, value.number), seq_of(header_, lane_, before_->number),
                             duration(before_->time - value.time), kWrittenOver));
    before_ = value;
  }

  std::string duration(std::uint64_t ticks) const {
    constexpr double kMost = 9e18;
    const double ns =
        static_cast<double>(ticks) / static_cast<double>(header_.ticks_per_second) * kNanosecondsPerSecond;
    return text::short_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(ns, kMost))));
  }

  void add(Known value, std::string text) {
    if (result_.suspects.size() >= kMaxSuspects) return;
    const std::uint64_t index = value.number % header_.slot_count;
    const bool laned = (header_.flags & core::kFlagLaned) != 0;
    result_.suspects.push_back(
        {.where = fmt::format("time of slot {}{}", index, laned ? fmt::format(" of lane {}", lane_) : ""),
         .words = {core::done(value.number), value.time},
         .index = index,
         .lane = lane_,
         .severity = Severity::warning,
         .text = std::move(text)});
  }

  const core::Header& header_;  // of the whole
  const std::uint32_t lane_;
  LaneSlots slots_;
  std::optional<Known> before_;
  std::vector<SlotFacts> block_;
  std::vector<SlotFacts> again_;
  CheckedTimes& result_;
};

}  // namespace

CheckedTimes check_times(const Image& image, const core::Header& header) {
  CheckedTimes result;
  const bool reads_clock = image.is_live() && is_clock_readable(header);
  const auto anchor = newest_anchor(header, reads_clock);
  result.goes_on = !anchor || has_gone_on(header, *anchor);
  result.in_order = result.goes_on && has_lanes(header);
  result.by_clock = result.goes_on && reads_clock;
  if (!result.in_order && !result.by_clock) return result;
  for (std::uint32_t lane = 0; lane < core::lane_count(header); ++lane) LaneTimes(image, header, lane, result).run();
  return result;
}

}  // namespace arena_shm::inspect
