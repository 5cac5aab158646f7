#include "arena_shm/core/reader_core.hpp"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/error.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm::core {
namespace {

/// Values of one lane before the others have a turn: so many that a look at each of them costs little.
constexpr std::uint64_t longest_run(std::uint64_t slots, std::uint64_t lanes) noexcept {
  return std::clamp<std::uint64_t>(slots / 4, 1, std::max<std::uint64_t>(lanes, 256));
}

/// At what a consumer goes without: nobody rings when a writer dies.
constexpr std::chrono::nanoseconds kBetweenLooks = std::chrono::milliseconds{10};
constexpr std::chrono::nanoseconds kBetweenRounds = std::chrono::microseconds{100};

}  // namespace

ReaderCore::ReaderCore(std::shared_ptr<const Segment> segment, const ReaderOptions& options)
    : lane_count_((segment->require_own_process(), segment->lane_count())),
      following_{.segment = std::move(segment),
                 // What is subtracted from it is never negative.
                 .hold = std::max<std::chrono::nanoseconds>(options.hold, {}),
                 .report = {},
                 .sets_aside = options.order == Order::time},
      doorbell_(options.doorbell ? following_.segment->doorbell() : nullptr),
      manner_(options.manner),
      is_plain_(lane_count_ == 1 && options.order != Order::time),
      first_(following_.segment->lane_of_seat(0), following_, 0),
      seats_(first_.ring().seats),
      cursors_(lane_count_),
      longest_run_(longest_run(first_.ring().slot_count, lane_count_)),
      sleeper_(doorbell_),
      forked_(
          [](void* part) noexcept {
            auto* reader = static_cast<ReaderCore*>(part);
            reader->first_.close();
            // The first thing that is done is to ask that one.
            reader->turn_ = 0;
            reader->mine_ = &reader->first_;
            reader->run_end_ = kSeqLimit + 1;
            if (reader->by_time_) reader->by_time_->reset();
          },
          this) {
  expect_exit(Begins::handle);
  others_.reserve(lane_count_ - 1);
  for (std::uint32_t k = 1; k < lane_count_; ++k)
    others_.emplace_back(following_.segment->lane_of_seat(k), following_, 0);
  if (options.order == Order::time) order_by_time();
}

void ReaderCore::order_by_time() {
  const Info& info = following_.segment->info();
  if (info.clock == arena_shm::Clock::none || info.writers == Writers::shared) {
    throw Error(Code::invalid_argument,
                {.name = name(),
                 .doing = "follow",
                 .expected = "an arena with lanes and times, for an order of time",
                 .found = info.clock == arena_shm::Clock::none ? "one without times" : "one of shared writers",
                 .remedy = "create it with times, laned or exclusive; or read it in order of arrival"});
  }
  following_.segment->require_clock();
  std::vector<LaneReader*> lanes;
  for (std::uint32_t k = 0; k < lane_count_; ++k) lanes.push_back(&lane(k));
  by_time_.emplace(lanes, info.clock, following_.segment->ticks_per_second(),
                   manner_ == Manner::latency ? std::chrono::nanoseconds{0} : kBetweenRounds);
}

ReaderCore::ReaderCore(std::shared_ptr<const Segment> segment, From from, const ReaderOptions& options)
    : ReaderCore(std::move(segment), options) {
  seek(from);
}

ReaderCore::ReaderCore(std::shared_ptr<const Segment> segment, const Position& from, const ReaderOptions& options)
    : ReaderCore(std::move(segment), options) {
  seek(from);
}

ReaderCore::~ReaderCore() { leave_set(); }

void ReaderCore::refuse_place(std::string expected, std::string found) const {
  throw Error(Code::invalid_argument, {.name = name(),
                                       .doing = "take a place in",
                                       .expected = std::move(expected),
                                       .found = std::move(found),
                                       .remedy = "take another one, as position() tells it"});
}

void ReaderCore::seek(From from) {
  if (forked_.holds()) refuse_forked(name());
  report_gap();  // may throw: before anything is moved
  for (std::uint32_t k = 0; k < lane_count(); ++k) {
    LaneReader& mine = lane(k);
    const Ring& ring = mine.ring();
    std::uint64_t number =
        from.cursor(std::min(ring.head->load(std::memory_order_acquire), ring.limit), ring.slot_count);
    if (from.is_seq()) {
      if (number > kSeqLimit)
        refuse_place("a sequence number of at most " + std::to_string(kSeqLimit), std::to_string(number));
      number = std::min(ring.number_from(number), ring.limit);
    }
    mine.seek(number);
    cursors_[k] = number;
  }
  run_end_ = 0;
  if (by_time_) by_time_->reset();
}

void ReaderCore::require_place(const Position& position) const {
  const std::vector<std::uint64_t>& next = position.next();
  if (next.size() != lane_count())
    refuse_place("a position in " + counted(lane_count(), "lane"), "one in " + std::to_string(next.size()));
  for (std::uint32_t k = 0; k < lane_count(); ++k) {
    const Ring& ring = lane(k).ring();
    if (next[k] % lane_count() != k || next[k] / lane_count() > ring.limit)
      refuse_place("a sequence number of lane " + std::to_string(k), std::to_string(next[k]));
  }
}

void ReaderCore::seek(const Position& position) {
  if (forked_.holds()) refuse_forked(name());
  require_place(position);
  report_gap();  // may throw: before anything is moved
  const std::vector<std::uint64_t>& next = position.next();
  for (std::uint32_t k = 0; k < lane_count(); ++k) {
    cursors_[k] = next[k] / lane_count();
    lane(k).seek(cursors_[k]);
  }
  run_end_ = 0;
  if (by_time_) by_time_->reset();
}

Position ReaderCore::position() const {
  std::vector<std::uint64_t> next;
  next.reserve(lane_count());
  for (std::uint32_t k = 0; k < lane_count(); ++k) next.push_back(lane(k).ring().seq_of(lane(k).cursor()));
  return Position(std::move(next));
}

LaneCounts ReaderCore::counts(std::uint32_t k) const noexcept {
  const LaneReader& one = lane(k);
  return {.cursor = one.ring().seq_of(one.cursor()),
          .read = one.read_count(),
          .overwritten = one.overwritten_count(),
          .holes = one.hole_count(),
          .passed_over = one.passed_over_count()};
}

std::uint64_t ReaderCore::cursor() const noexcept {
  std::uint64_t lowest = first_.ring().seq_of(first_.cursor());
  for (const LaneReader& one : others_) lowest = std::min(lowest, one.ring().seq_of(one.cursor()));
  return lowest;
}

std::uint64_t ReaderCore::lag() const noexcept { return forked_.holds() ? 0 : sum(&LaneReader::count_ahead); }

std::uint64_t ReaderCore::sum(std::uint64_t (LaneReader::*count)() const noexcept) const noexcept {
  std::uint64_t total = (first_.*count)();
  for (const LaneReader& one : others_) total += (one.*count)();
  return total;
}

Waitable::Prospect ReaderCore::prospect() {
  if (forked_.holds()) refuse_forked(name());
  Attendance* consumer = following_.attendance;
  if (consumer == nullptr) return prospect_of_lanes();
  if (consumer->is_waiting() && consumer->has_something()) return {.is_ready = true};
  Prospect all = prospect_of_lanes();
  if (all.is_ready) return all;
  report_gap();  // then it is done with
  consumer->is_idle();
  if (consumer->is_waiting()) all.patience = std::min(all.patience, kBetweenLooks);
  return all;
}

Waitable::Prospect ReaderCore::prospect_of_lanes() {
  if (by_time_) return prospect_by_time();
  Prospect all;
  if (others_.empty()) {
    look_at(first_, all);
    return all;
  }
  // Who takes one value after each wait must not stay with one lane for ever, either.
  const std::uint32_t before = turn_;
  const bool goes_on = mine_->cursor() < run_end_;
  if (goes_on && mine_->is_behind() && look_at(*mine_, all)) {
    run_end_ = std::max(run_end_, mine_->cursor() + 1);
    return all;
  }
  run_end_ = 0;
  // One that is tired has taken a slice: the others are next, at the next call.
  for (std::uint32_t left = lane_count_ - (goes_on ? 1 : 0); !all.is_tired && turn_to_next(left);) {
    if (!look_at(*mine_, all)) continue;
    run_end_ = mine_->cursor() + longest_run_;
    return all;
  }
  if (!all.is_tired) turn_to(before);
  return all;
}

Waitable::Prospect ReaderCore::prospect_by_time() {
  Effort effort = LaneReader::effort_of_a_slice(lane_count_);
  if (by_time_->arrange(effort)) return {.is_ready = true};
  const auto now = Clock::now();
  return {
      .is_tired = effort.is_spent(), .patience = by_time_->patience(now), .round_patience = by_time_->round_patience()};
}

void ReaderCore::turn_to(std::uint32_t k) noexcept {
  cursors_[turn_] = mine_->cursor();
  turn_ = k;
  mine_ = &lane(k);
}

bool ReaderCore::turn_to_next(std::uint32_t& left) noexcept {
  cursors_[turn_] = mine_->cursor();
  for (std::uint32_t k = turn_; left > 0; --left) {
    k = k + 1 == lane_count_ ? 0 : k + 1;
    if (!has_news(k)) continue;
    --left;
    turn_to(k);
    return true;
  }
  return false;
}

bool ReaderCore::look_at(LaneReader& one, Prospect& all) {
  const LaneReader::Look look = one.look();
  all.is_ready = look == LaneReader::Look::ready;
  all.is_tired = all.is_tired || look == LaneReader::Look::tired;
  if (look == LaneReader::Look::nothing) all.patience = std::min(all.patience, one.patience(Clock::now()));
  return all.is_ready;
}

bool ReaderCore::may_be_ready() const noexcept {
  const Attendance* consumer = following_.attendance;
  if (forked_.holds() || (consumer != nullptr && (consumer->is_waiting() || consumer->has_something_in_hand())))
    return true;
  return lanes_may_be_ready();
}

void ReaderCore::report(const Gap& gap) {
  if (!following_.report) return;
  const Marked inside(following_.inside);
  following_.report(gap);
}

void ReaderCore::report_gap() {
  for (std::uint32_t k = 0; k < lane_count(); ++k) lane(k).report_gap();
}

}  // namespace arena_shm::core
