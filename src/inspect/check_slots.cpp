#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "arena_shm/core/stamp.hpp"
#include "inspect/check_claimed.hpp"
#include "inspect/check_parts.hpp"
#include "inspect/heads.hpp"
#include "inspect/lane_slots.hpp"
#include "inspect/seats.hpp"
#include "text/quantities.hpp"

namespace arena_shm::inspect {

namespace {

constexpr std::size_t kMaxRuns = 1 << 16;  // of numbers whose slots do not show them

bool has_been_published(std::uint64_t number, std::uint64_t stamp) noexcept {
  return stamp == core::done(number) || core::is_newer(stamp, number);
}

/// One lane, or an arena without lanes: numbers are those of the lane, texts have what they are outside of it.
class LaneCheck {
 public:
  LaneCheck(const Image& image, const core::Header& header, std::uint32_t lane, CheckedSlots& result)
      : image_(image), header_(header), lane_(lane), slots_(image, header, lane), result_(result) {}

  void run() {
    std::vector<SlotFacts> block;
    const std::uint64_t slot_count = header_.slot_count;
    for (std::uint64_t first = 0; first < slot_count; first += slots_.slots_a_block()) {
      const std::uint64_t skipped = slots_.skip_unused(first);
      note_unused(first, skipped);
      first = skipped;
      if (first >= slot_count) break;
      const std::uint64_t before = slots_.head();
      std::atomic_thread_fence(std::memory_order_acquire);
      if (!slots_.read_block(first, std::min(slots_.slots_a_block(), slot_count - first), block)) break;
      std::atomic_thread_fence(std::memory_order_acquire);
      const std::uint64_t after = slots_.head();
      for (const SlotFacts& slot : block) {
        if (auto suspect = judge(slot, after)) add(std::move(*suspect));
        count(slot, before);
      }
    }
    settle();
  }

  /// What is wrong with a slot now.
  std::optional<Suspect> look(std::uint64_t index) {
    const auto slot = slots_.read_slot(index);
    std::atomic_thread_fence(std::memory_order_acquire);
    return slot ? judge(*slot, slots_.head()) : std::nullopt;
  }

  /// What is wrong now with the holder of the lane, who had so many values under way.
  std::optional<Suspect> look_at_holder(std::uint64_t in_flight) const {
    return judge_holder(read_seats_of_lane(image_, header_, lane_), in_flight);
  }

 private:
  std::uint64_t seq(std::uint64_t number) const noexcept { return seq_of(header_, lane_, number); }
  std::string of_lane() const {
    return (header_.flags & core::kFlagLaned) != 0 ? fmt::format(" of lane {}", lane_) : "";
  }

  /// `head` was read after the slot.
  std::optional<Suspect> judge(const SlotFacts& slot, std::uint64_t head) {
    const auto wrong = [&](Severity severity, std::string text) {
      return Suspect{.where = fmt::format("slot {}{}", slot.index, of_lane()),
                     .words = {slot.stamp, slot.padding_is_zero},
                     .index = slot.index,
                     .lane = lane_,
                     .severity = severity,
                     .text = std::move(text)};
    };
    if (slot.stamp != core::kNeverUsed) {
      const std::uint64_t number = core::stamp_seq(slot.stamp);
      if (number >= number_limit(header_))
        return wrong(Severity::error, fmt::format("expected a valid stamp, found {:#x}; {}", slot.stamp, kWrittenOver));
      if (number % header_.slot_count != slot.index)
        return wrong(Severity::error, fmt::format("expected a stamp of this slot, found the stamp of value {}, which "
                                                  "belongs to slot {}{}; {}",
                                                  seq(number), number % header_.slot_count, of_lane(), kWrittenOver));
      if (number >= head && !(has_lanes(header_) && number <= whole_end(head)))
        return wrong(severity_beyond_head(image_), fmt::format("expected a value below {}, {}, found value {}; {}",
                                                               of_lane().empty() ? "the head" : "the lane's head",
                                                               seq(head), seq(number), remedy_beyond_head(image_)));
    }
    if (!slot.padding_is_zero)
      return wrong(Severity::warning,
                   fmt::format("expected zeros around the payload, found other bytes; {}", kWrittenOver));
    return std::nullopt;
  }

  /// Behind what was published beyond the head of a lane, by a writer that hands out its numbers last
  /// (core/lane_writer.hpp, X1'). The next one may be begun.
  std::uint64_t whole_end(std::uint64_t head) {
    if (head != whole_from_) whole_end_ = whole_from_ = head;
    for (; whole_end_ < head + header_.slot_count; ++whole_end_) {
      const auto slot = slots_.read_slot(whole_end_ % header_.slot_count);
      if (!slot || !has_been_published(whole_end_, slot->stamp)) break;
    }
    return whole_end_;
  }

  void add(Suspect suspect) {
    if (result_.suspects.size() < kMaxSuspects) result_.suspects.push_back(std::move(suspect));
  }

  /// The newest number below `head` that belongs into the slot.
  std::optional<std::uint64_t> newest_number(std::uint64_t index, std::uint64_t head) const noexcept {
    if (head <= index) return std::nullopt;
    return head - 1 - (head - 1 - index) % header_.slot_count;
  }

  /// `head` was read before the slot.
  void count(const SlotFacts& slot, std::uint64_t head) {
    const auto number = newest_number(slot.index, head);
    if (!number) return;
    if (has_been_published(*number, slot.stamp)) {
      ++result_.published;
    } else {
      note({*number, *number + 1});
    }
  }

  void note(Run run) {
    if (!unpublished_.empty() && unpublished_.back().end == run.first) {
      unpublished_.back().end = run.end;
    } else if (unpublished_.size() < kMaxRuns) {
      unpublished_.push_back(run);
    }
  }

  /// Of the slots [begin, end), which nobody has written to: of those below the newest number's the numbers are of the
  /// newest lap, of the others of the one before it.
  void note_unused(std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t before = slots_.head();
    const std::uint64_t in_lap = before % header_.slot_count;
    const std::uint64_t lap = before - in_lap;
    if (begin < std::min(end, in_lap)) note({lap + begin, lap + std::min(end, in_lap)});
    if (lap == 0 || std::max(begin, in_lap) >= end) return;
    note({lap - header_.slot_count + std::max(begin, in_lap), lap - header_.slot_count + end});
  }

  /// As core/settle.hpp, T1 to T3: the numbers were below head; then the seats, their leases, and once more the stamps.
  void settle() {
    if (unpublished_.empty()) return;
    std::atomic_thread_fence(std::memory_order_acquire);
    const Seats seats = read_seats_of_lane(image_, header_, lane_);
    const Claimed claimed(seats, has_lanes(header_));
    std::atomic_thread_fence(std::memory_order_acquire);
    const std::uint64_t in_flight_before = result_.in_flight;
    for (const Run& run : unpublished_) {
      if (!settle(run, claimed)) break;
    }
    if (auto halted = judge_holder(seats, result_.in_flight - in_flight_before))
      result_.halted.push_back(std::move(*halted));
  }

  /// Where claims do not tell that a holder is inside, its slots do.
  std::optional<Suspect> judge_holder(const Seats& seats, std::uint64_t in_flight) const {
    if (!has_lanes(header_) || in_flight == 0 || seats.all.empty()) return std::nullopt;
    const SeatFacts& seat = seats.all.front();
    if (seat.holder != Holder::alive || seat.process.state != ProcessState::stopped) return std::nullopt;
    return Suspect{
        .where = fmt::format("seat {} holder", seat.index),
        .words = {seat.session, seat.lane_head(), in_flight},
        .lane = lane_,
        .severity = Severity::warning,
        .text = fmt::format("expected a running process, found pid {} stopped with {} claimed and not published; "
                            "readers wait for these for a while; to continue it: kill -CONT {}",
                            seat.pid, text::counted(in_flight, "value"), seat.pid)};
  }

  /// Returns: false if the file was cut off.
  bool settle(const Run& run, const Claimed& claimed) {
    std::vector<SlotFacts> block;
    for (std::uint64_t number = run.first; number < run.end;) {
      const std::uint64_t index = number % header_.slot_count;
      if (const std::uint64_t unused = std::min(slots_.skip_unused(index) - index, run.end - number); unused > 0) {
        settle_unused({number, number + unused}, claimed);
        number += unused;
        continue;
      }
      const std::uint64_t count = std::min({slots_.slots_a_block(), run.end - number, header_.slot_count - index});
      if (!slots_.read_block(index, count, block)) return false;
      for (const SlotFacts& slot : block) settle(number++, slot.stamp, claimed);
    }
    return true;
  }

  void settle(std::uint64_t number, std::uint64_t stamp, const Claimed& claimed) {
    if (has_been_published(number, stamp)) {
      ++result_.published;
    } else if (claimed.contains(number)) {
      ++result_.in_flight;
    } else {
      add_holes(number, 1);
    }
  }

  void settle_unused(Run run, const Claimed& claimed) {
    const std::uint64_t in_flight = claimed.count(run);
    result_.in_flight += in_flight;
    if (in_flight < run.end - run.first) add_holes(claimed.first_outside(run), run.end - run.first - in_flight);
  }

  void add_holes(std::uint64_t first, std::uint64_t count) {
    result_.first_hole = result_.holes == 0 ? seq(first) : std::min(result_.first_hole, seq(first));
    result_.holes += count;
  }

  const Image& image_;
  const core::Header& header_;  // of the whole
  const std::uint32_t lane_;
  LaneSlots slots_;
  std::uint64_t whole_from_ = 0;  // a head
  std::uint64_t whole_end_ = 0;
  std::vector<Run> unpublished_;
  CheckedSlots& result_;
};

}  // namespace

CheckedSlots check_slots(const Image& image, const core::Header& header, std::chrono::milliseconds between_looks) {
  CheckedSlots result;
  for (std::uint32_t lane = 0; lane < core::lane_count(header); ++lane) LaneCheck(image, header, lane, result).run();
  CheckedSlots ignored;
  const auto look_again = [&](const Suspects& suspects, auto look) {
    Suspects again;
    for (const Suspect& suspect : suspects) {
      LaneCheck lane(image, header, suspect.lane, ignored);
      if (auto still = look(lane, suspect)) again.push_back(std::move(*still));
    }
    return again;
  };
  keep_persisting(image, between_looks, result.suspects, [&] {
    return look_again(result.suspects, [](LaneCheck& lane, const Suspect& slot) { return lane.look(slot.index); });
  });
  keep_persisting(image, between_looks, result.halted, [&] {
    return look_again(result.halted,
                      [](LaneCheck& lane, const Suspect& holder) { return lane.look_at_holder(holder.words[2]); });
  });
  return result;
}

}  // namespace arena_shm::inspect
