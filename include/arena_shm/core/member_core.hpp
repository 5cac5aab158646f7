// Consuming as a member of a group, type-erased: each value goes to one member.
//
//   take   T1  n := next, of a lane                        acquire
//          T2  looks at n, and those behind it: c of them are published
//              a hole: H1 compare-and-swap next -> behind it, the winner counts it       pending: see below
//          T3  own word: what it has done with -> held(n, c), by compare-and-swap   release   failed: it was evicted
//          T4  compare-and-swap next: n -> n + c           acq_rel   lost to another member: from T1 on
//          T5  copies, the stamp verified; delivers
//   done   T6  own word -> nothing, or in one step with T3  by compare-and-swap, release   failed: it was evicted
//          T7  rings `room`
//
// T3 before T4: from T4 on `next` gates n no more, so its word has to. A member that dies in between holds something
// that it has not taken: who takes over looks at `next` (takeover.cpp: K1 to K7, E1 to E4).
// A range is done with as a whole: who takes it over delivers all of it again.
//
// A writer that is stopped in the middle of a value holds up nobody until the ring is full: after `hold` a member takes
// that number into its second word, if a later value is there, and goes on with the first. It comes late, or is a hole.
//
// Ordering pairs
//   T4 -> T1, G3   who finds a number taken finds it held, or what became of it.
//   T6 -> G3       who finds it held no more comes after the copy of its value.
//
// Source: the protocol is this project's own. tests/model/groups.pml verifies it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/forked.hpp"
#include "arena_shm/core/member_seat.hpp"
#include "arena_shm/core/read_value.hpp"
#include "arena_shm/core/reader_core.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/core/settle.hpp"
#include "arena_shm/core/waitable.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time.
class MemberCore final : public Waitable {
 public:
  using Clock = std::chrono::steady_clock;
  using Taken = ReaderCore::Taken;
  static constexpr std::uint64_t kNone = ReaderCore::kNone;

  /// Takes a place, and joins the group, or founds it. Errors: as MemberSeat; Code::invalid_argument, for what groups
  /// have not.
  MemberCore(std::shared_ptr<const Segment> segment, std::string_view name, const ConsumerOptions& options);
  MemberCore(const MemberCore&) = delete;
  MemberCore& operator=(const MemberCore&) = delete;
  /// Leaves. What it has not done with goes to another member.
  ~MemberCore();
  /// As ReaderCore::retire.
  static void retire(MemberCore* member) noexcept {
    if (!member->inside_.load(std::memory_order_relaxed) && !is_exiting()) delete member;
  }
  using Owner = Retained<MemberCore>;

  /// Takes the next value that no other member has; what it got before is done with. `copy_out(payload words)` may run
  /// more than once, the last one counts. kNone: there is none to be had now. Never waits. Errors: Code::evicted, once
  /// each time; forked.
  template <class Take>
  [[gnu::noinline]] Taken next(Take&& copy_out) {
    begin_call();
    return take(copy_out, 1);
  }
  /// The i-th one of a call that takes up to `wanted`: those that are taken together, and no more. Requires: 0 <
  /// wanted.
  template <class Take>
  [[gnu::noinline]] Taken next_of_several(std::size_t i, std::size_t wanted, Take&& copy_out) {
    if (i == 0) {
      begin_call();
      return take(copy_out, std::min<std::uint64_t>(wanted, kMostHeld));
    }
    return at_ < end_ ? deliver(copy_out) : Taken{kNone, 0};
  }

  /// Waits until there may be a value to take, for at most `timeout`; another member may take it first. Errors: as
  /// next().
  bool wait_for(std::chrono::nanoseconds timeout);
  /// All that it has got is done with.
  void release();
  /// Errors: Code::invalid_argument: what members have got has no order.
  [[noreturn]] void release(const Position& end);
  void on_gap(std::function<void(const Gap&)> report) { report_ = std::move(report); }

  /// Of the value that was delivered last.
  bool is_late() const noexcept { return is_late_; }
  bool is_redelivered() const noexcept { return is_redelivered_; }
  std::uint64_t read_count() const noexcept { return read_; }
  std::uint64_t overwritten_count() const noexcept { return overwritten_; }
  std::uint64_t hole_count() const noexcept { return holes_; }
  std::uint64_t awaited_count() const noexcept { return aside_ != kHoldsNothing && !aside_is_done_ ? 1 : 0; }
  std::uint64_t late_count() const noexcept { return late_; }
  std::uint64_t redelivered_count() const noexcept { return redelivered_; }
  const std::string& group_name() const noexcept { return seat_.name(); }

  /// Where the group stands.
  Position position() const;
  std::uint64_t cursor() const noexcept;
  std::uint64_t lag() const noexcept;
  std::uint64_t payload_bytes() const noexcept { return rings_.front().payload_bytes; }

  // Waitable. What it got before is done with when there is nothing more to be had.

  Prospect prospect() override;
  /// Two loads for each lane.
  bool may_be_ready() const noexcept override;
  Doorbell* doorbell() const noexcept override { return doorbell_; }
  const std::string& name() const noexcept override { return segment().info().name; }
  void mark_inside(bool inside) noexcept override { inside_.store(inside, std::memory_order_relaxed); }

 private:
  enum class Look : std::uint8_t {
    ready,    ///< it is there, and taken if that was wanted
    again,    ///< something has changed
    nothing,  ///< the group has caught up
    pending,  ///< its writer has not published it, and may
    tired,    ///< the effort is spent, and there may be more
  };
  enum class Word : std::uint8_t { claim = 0, aside = 1 };
  enum class Thorough : bool { no, yes };
  enum class Redelivered : bool { no, yes };

  const Segment& segment() const noexcept { return *seat_.segment(); }
  const ConsumerTable& consumers() const noexcept { return seat_.consumers(); }
  std::atomic<std::uint64_t>& next_of(std::uint32_t lane) const noexcept {
    return consumers().next(seat_.group(), lane);
  }
  static std::uint32_t lane_number(const Segment::Place& place) noexcept {
    return place.lane.lane_count == 1 ? 0 : place.lane.first_seat;
  }

  void begin_call() {
    if (!seat_.is_in(group_state_->load(std::memory_order_relaxed)) || was_evicted_ ||
        state_->load(std::memory_order_relaxed) != seat_.own_state() || at_ < end_ || aside_ != kHoldsNothing)
        [[unlikely]]
      come_back();
    done_with_what_was_delivered();
  }
  void done_with_what_was_delivered() noexcept {
    claim_is_done_ = at_ == end_;
    if (aside_is_delivered_) aside_is_done_ = true;
  }
  template <class Take>
  Taken take(Take& copy_out, std::uint64_t wanted) {
    is_late_ = is_redelivered_ = false;
    if (aside_ != kHoldsNothing) [[unlikely]] {
      if (const Taken late = deliver_aside(copy_out); late.seq != kNone) return late;
    }
    for (;;) {
      while (at_ < end_) {
        if (const Taken taken = deliver(copy_out); taken.seq != kNone) [[likely]]
          return taken;
      }
      claim_is_done_ = true;
      if (!find(wanted)) {
        if (was_evicted_) come_back();
        return {kNone, 0};
      }
    }
  }
  /// T5, of the next number that it holds. kNone: that is lost. Requires: there is one.
  template <class Take>
  Taken deliver(Take& copy_out) {
    const Ring& ring = rings_[lane_];
    const std::uint64_t number = at_++;
    claim_is_done_ = false;
    std::uint64_t time = 0;
    const ReadStatus status = read_number(segment(), ring, number, copy_out, time);
    if (status != ReadStatus::ok) [[unlikely]] {
      if (words_[0]->load(std::memory_order_acquire) == claim_)  // else another member has it
        lose(ring, {number, number + 1}, status == ReadStatus::hole ? Loss::hole : Loss::overwritten);
      return {kNone, 0};
    }
    ++read_;
    is_late_ = false;
    is_redelivered_ = claim_is_redelivered_;
    redelivered_ += is_redelivered_ ? 1 : 0;
    return {ring.seq_of(number), time};
  }
  template <class Take>
  [[gnu::noinline, gnu::cold]] Taken deliver_aside(Take& copy_out) {
    if (!settle_aside(Thorough::no)) return {kNone, 0};
    const Segment::Place place = segment().place_of(held_seq(aside_));
    std::uint64_t time = 0;
    if (read_number(segment(), place.lane, place.number, copy_out, time) != ReadStatus::ok) return {kNone, 0};
    aside_is_delivered_ = true;
    ++read_;
    ++late_;
    is_late_ = true;
    is_redelivered_ = aside_is_redelivered_;
    redelivered_ += is_redelivered_ ? 1 : 0;
    return {held_seq(aside_), time};
  }

  /// Takes something, by T1 to T4, or over from another member; and is done with what it had, if there is nothing.
  [[gnu::noinline]] bool find(std::uint64_t wanted);
  bool find_in_lanes(std::uint64_t wanted);
  void turn_to_next_lane() noexcept;
  /// T1 to T4 in one lane, of up to so many; with wanted == 0, T1 and T2.
  Look look_at(std::uint32_t lane, std::uint64_t wanted, Effort& effort);
  Look claim(std::uint32_t lane, std::uint64_t number, std::uint64_t wanted);
  Look lapped(std::uint32_t lane, std::uint64_t number, Effort& effort);
  Look resolve(std::uint32_t lane, std::uint64_t number, bool takes, Effort& effort);
  Look put_aside(std::uint32_t lane, std::uint64_t number, bool takes);
  /// True: the value aside is there to be delivered. It is done with, if it is lost.
  bool settle_aside(Thorough manner);
  /// T6, or T3. False: it has been evicted from that word.
  bool put(Word which, std::uint64_t word);
  void was_evicted_from(Word which) noexcept;
  void look_at_own_words() noexcept;
  void hold(std::uint64_t word, const Segment::Place& place, std::uint64_t end, Redelivered again) noexcept;
  void hold_aside(std::uint64_t word, Redelivered again) noexcept;
  void go_on_with_what_is_held();
  std::uint64_t place_of_claim() const noexcept;
  void is_idle();
  void let_go_of_what_was_delivered();
  void lose(const Ring& ring, SeqSpan span, Loss cause);
  [[gnu::noinline, gnu::cold]] void come_back();

  // takeover.cpp
  bool may_look_after_others() noexcept;
  bool others_hold_something() const noexcept;
  bool take_over_any();
  bool is_dead(std::uint32_t member) const noexcept;
  bool is_to_be_evicted(std::uint32_t member, Word which, std::uint64_t word);
  bool is_in_the_way(std::uint64_t word) const noexcept;
  bool take_over(std::uint32_t member, Word which);
  bool move_here(std::atomic<std::uint64_t>& its_word, std::uint64_t word, const Segment::Place& place,
                 std::uint64_t end, bool dead);
  bool is_resolved(const Segment::Place& place) const;
  void free_line(std::uint32_t member) noexcept;

  /// What another member was found to hold, and since when.
  struct Suspect {
    std::uint64_t word = kHoldsNothing;
    Clock::time_point since;
  };

  MemberSeat seat_;
  std::vector<Ring> rings_;  // of the lanes
  std::vector<Lap> laps_;    // the same, for looks at `next`
  Ringer room_;
  Doorbell* doorbell_;
  Sleeper sleeper_;
  std::chrono::nanoseconds hold_;
  Manner manner_;
  std::function<void(const Gap&)> report_;
  const std::atomic<std::uint64_t>* group_state_;  // in a forked child, one that it is not in
  const std::atomic<std::uint64_t>* state_;        // its own
  std::array<std::atomic<std::uint64_t>*, kWordsPerMember> words_{};

  // The claim: its word, and what of it is to be delivered yet.
  std::uint64_t claim_ = kHoldsNothing;
  std::uint32_t lane_ = 0;
  std::uint64_t at_ = 0;
  std::uint64_t end_ = 0;
  bool claim_is_done_ = true;
  bool claim_is_redelivered_ = false;
  // The one for a value that is pending for long.
  std::uint64_t aside_ = kHoldsNothing;
  bool aside_is_delivered_ = false;
  bool aside_is_done_ = false;
  bool aside_is_redelivered_ = false;

  std::uint32_t turn_ = 0;  // the lane that is looked at next,
  std::uint32_t run_ = 0;   // having been taken from so often
  std::uint64_t pending_ = kNone;
  Clock::time_point pending_since_;
  std::uint32_t longest_run_ = 0;
  std::vector<Suspect> suspects_;  // by place and word
  Clock::time_point looked_after_;
  std::uint32_t first_asked_ = 0;  // whose life is asked for first, in the next look at others
  std::uint32_t takes_ = 0;

  bool was_evicted_ = false;  // and is to be told
  bool told_ = false;
  bool is_late_ = false;
  bool is_redelivered_ = false;
  std::uint64_t read_ = 0;
  std::uint64_t overwritten_ = 0;
  std::uint64_t holes_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t redelivered_ = 0;
  std::atomic<bool> inside_{false};
  InForkedChild forked_;  // the last one: the first to go
};

}  // namespace arena_shm::core
