#include "arena_shm/core/reader_core.hpp"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <utility>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr std::chrono::nanoseconds kLatencySpin = std::chrono::microseconds{100};
constexpr std::chrono::nanoseconds kThroughputSpin = std::chrono::microseconds{50};
/// Values of one lane before the others have a turn: so many that a look at each of them costs little.
constexpr std::uint64_t longest_run(std::uint64_t slots, std::uint64_t lanes) noexcept {
  return std::clamp<std::uint64_t>(slots / 4, 1, std::max<std::uint64_t>(lanes, 256));
}

constexpr int kLooksAtLanes = 64;     // some microseconds
constexpr int kShortestBackoff = 16;  // in pauses
constexpr int kLongestBackoff = 128;  // some microseconds

}  // namespace

ReaderCore::ReaderCore(std::shared_ptr<const Segment> segment, const ReaderOptions& options)
    : lane_count_((segment->require_own_process(), segment->lane_count())),
      following_{.segment = std::move(segment),
                 // What is subtracted from it is never negative.
                 .hold = std::max<std::chrono::nanoseconds>(options.hold, {}),
                 .report = {}},
      doorbell_(options.doorbell ? following_.segment->doorbell() : nullptr),
      manner_(options.manner),
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
          },
          this) {
  expect_exit(Begins::handle);
  others_.reserve(lane_count_ - 1);
  for (std::uint32_t k = 1; k < lane_count_; ++k)
    others_.emplace_back(following_.segment->lane_of_seat(k), following_, 0);
}

ReaderCore::ReaderCore(std::shared_ptr<const Segment> segment, From from, const ReaderOptions& options)
    : ReaderCore(std::move(segment), options) {
  seek(from);
}

ReaderCore::ReaderCore(std::shared_ptr<const Segment> segment, const Position& from, const ReaderOptions& options)
    : ReaderCore(std::move(segment), options) {
  seek(from);
}

ReaderCore::~ReaderCore() {
  if (is_in_a_set()) membership_.leave(membership_.set, *this);
}

void ReaderCore::refuse_place(std::string expected, std::string found) const {
  throw Error(Code::invalid_argument, {.name = name(),
                                       .doing = "follow",
                                       .expected = std::move(expected),
                                       .found = std::move(found),
                                       .remedy = "begin at another place"});
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
}

void ReaderCore::seek(const Position& position) {
  if (forked_.holds()) refuse_forked(name());
  const std::vector<std::uint64_t>& next = position.next();
  if (next.size() != lane_count())
    refuse_place("a position in " + std::to_string(lane_count()) + " lanes", "one in " + std::to_string(next.size()));
  for (std::uint32_t k = 0; k < lane_count(); ++k) {
    const Ring& ring = lane(k).ring();
    if (next[k] % lane_count() != k || next[k] / lane_count() > ring.limit)
      refuse_place("a sequence number of lane " + std::to_string(k), std::to_string(next[k]));
  }
  report_gap();  // may throw: before anything is moved
  for (std::uint32_t k = 0; k < lane_count(); ++k) {
    cursors_[k] = next[k] / lane_count();
    lane(k).seek(cursors_[k]);
  }
  run_end_ = 0;
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

bool ReaderCore::comes_soon() const noexcept {
  if (others_.empty()) return first_.comes_soon();
  for (int look = 0; look < kLooksAtLanes; look += static_cast<int>(lane_count())) {
    if (is_behind()) return true;
    cpu_pause();
  }
  return false;
}

bool ReaderCore::is_behind() const noexcept {
  if (mine_->is_behind()) return true;
  for (std::uint32_t k = 0; k < lane_count_; ++k) {
    if (k != turn_ && has_news(k)) return true;
  }
  return false;
}

/// Passes the time for which the reader spins before it sleeps; comes back early when there may be something.
void ReaderCore::spin(Clock::time_point deadline) {
  if (manner_ == Manner::latency) {
    const auto end = std::min(deadline, Clock::now() + kLatencySpin);
    while (!comes_soon()) {
      // It may be skipped, then its slot never shows it.
      if (is_behind() || Clock::now() >= end) return;
    }
    return;
  }
  const auto end = std::min(deadline, Clock::now() + kThroughputSpin);
  int pauses = kShortestBackoff;
  while (prospect().is_idle() && Clock::now() < end) {
    for (int i = 0; i < pauses; ++i) cpu_pause();
    pauses = std::min(pauses * 2, kLongestBackoff);
  }
}

std::uint64_t ReaderCore::fullest_lane() const noexcept {
  std::uint64_t most = first_.count_ahead();
  for (const LaneReader& one : others_) most = std::max(most, one.count_ahead());
  return most;
}

/// Keeps away from the writers' heels until a quarter of a ring has come, or some time is over. To look at what has
/// just been written takes lines from the writers; and a processor that reads in a row reads ahead, and takes those
/// that they are about to write. That is paid for once a batch, so it is to be a long one.
void ReaderCore::await_batch(Clock::time_point deadline) {
  const std::uint64_t enough = first_.ring().slot_count / 4;
  if (fullest_lane() > enough) return;
  const auto end = std::min(deadline, Clock::now() + batch_time_);
  while (Clock::now() < end) cpu_pause();
  const std::uint64_t come = fullest_lane();
  if (come == 0 || come > 2 * enough) {
    batch_time_ = std::max(batch_time_ / 2, kShortestBatch);
  } else if (come < enough) {
    batch_time_ = std::min(batch_time_ * 2, kLongestBatch);
  }
}

ReaderCore::Prospect ReaderCore::prospect() {
  if (forked_.holds()) refuse_forked(name());
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
  if (forked_.holds()) return true;
  return others_.empty() ? first_.may_be_ready() : is_behind();
}

void ReaderCore::report_gap() {
  for (std::uint32_t k = 0; k < lane_count(); ++k) lane(k).report_gap();
}

bool ReaderCore::wait_for(std::chrono::nanoseconds timeout) {
  using std::chrono::nanoseconds;
  if (forked_.holds()) refuse_forked(name());
  // Before the clock is asked, which takes as long as a value's way from the writer.
  if (manner_ == Manner::latency && timeout > nanoseconds{0} && comes_soon() && prospect().is_ready) return true;
  const auto begin = Clock::now();
  const auto forever = Clock::time_point::max();
  const auto deadline = timeout < forever - begin ? begin + timeout : forever;
  if (manner_ == Manner::throughput) await_batch(deadline);
  sleeper_.reset();
  expect_exit(Begins::use);
  const Marked inside(following_.inside);
  for (bool has_spun = false;; has_spun = true) {
    const Prospect before = prospect();
    if (before.is_ready) return true;
    const auto now = Clock::now();
    if (now >= deadline) {
      report_gap();
      return false;
    }
    ::pthread_testcancel();  // nothing is held
    if (before.is_tired) continue;
    const bool is_held_up = before.patience != nanoseconds::max();
    if (!is_held_up && !has_spun) {
      spin(deadline);
      continue;
    }
    sleeper_.sleep(std::min<nanoseconds>(deadline - now, before.patience), [this] { return !prospect().is_idle(); });
  }
}

}  // namespace arena_shm::core
