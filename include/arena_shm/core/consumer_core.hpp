// Consuming, type-erased: a reader that writers wait for. It follows as any reader does (reader_core.hpp), and says how
// far it is done: J0 to J5, L1 and L2 of gate.hpp.
//
// A value is done with when the next one is asked for, or when the consumer says so. That is stored in batches, at most
// an eighth of the ring, and whenever there is nothing to be had: the line that it is stored in is one that the writers
// look at.
//
// A writer that is stopped in the middle of a value holds up nobody until the ring is full: after `hold` the consumer
// goes on, if there is anything to go on to, and keeps in mind what it has not got (late_values.hpp). In lanes there
// never is: such a lane waits, and the others go on.
//
// Who was evicted is told by an error at its next call, and goes on from where it was with the call after that. What
// was overwritten in between is counted, as by any reader, and what it gets is never torn.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "arena_shm/core/consumer_seat.hpp"
#include "arena_shm/core/consumer_table.hpp"
#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/forked.hpp"
#include "arena_shm/core/late_values.hpp"
#include "arena_shm/core/read_value.hpp"
#include "arena_shm/core/reader_core.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time.
class ConsumerCore final : private Attendance {
 public:
  /// Takes a seat, and joins, or comes back. Errors: as ConsumerSeat, ReaderCore.
  ConsumerCore(std::shared_ptr<const Segment> segment, std::string_view name, const ConsumerOptions& options);
  ConsumerCore(const ConsumerCore&) = delete;
  ConsumerCore& operator=(const ConsumerCore&) = delete;
  /// Leaves; a durable one is away from now on.
  ~ConsumerCore();

  /// As ReaderCore::retire. One that stays is waited for no longer, unless another thread may still consume.
  static void retire(ConsumerCore* consumer) noexcept {
    if (!consumer->reader_.is_inside() && !is_exiting())
      delete consumer;
    else if (is_only_thread())
      consumer->stop_gating();
  }
  using Owner = Retained<ConsumerCore>;

  using Taken = ReaderCore::Taken;
  static constexpr std::uint64_t kNone = ReaderCore::kNone;

  /// ReaderCore::next, of a consumer that has done with what it got before.
  /// Errors: Code::evicted, once each time; forked.
  template <class Take>
  [[gnu::always_inline]] Taken next(Take&& copy_out) {
    begin_call();
    const Taken taken = take(copy_out);
    if (taken.seq == kNone) [[unlikely]]
      is_idle();
    return taken;
  }
  /// The i-th one of a call that takes several: the first is as next(), the others leave those before them in hand.
  template <class Take>
  Taken next_of_several(std::size_t i, Take&& copy_out) {
    if (i == 0) return next(copy_out);
    if (state_->load(std::memory_order_relaxed) != own_state_) return {kNone, 0};  // the next call tells
    return take(copy_out);
  }

  /// ReaderCore::wait_for. Errors: as next().
  bool wait_for(std::chrono::nanoseconds timeout);
  /// All that it has got is done with.
  void release();
  /// What it has got below that position is. Errors: Code::invalid_argument, if it is not one of this arena's lanes.
  void release(const Position& end);

  void on_gap(std::function<void(const Gap&)> report) { reader_.on_gap(std::move(report)); }

  /// For a WaitSet: it releases what is done with whenever it is found to have nothing.
  ReaderCore& reader() noexcept { return reader_; }
  const ReaderCore& reader() const noexcept { return reader_; }
  /// Of the value that next() has delivered.
  [[gnu::always_inline]] bool is_late() const noexcept { return is_late_ || reader_.is_late(); }
  std::uint64_t late_count() const noexcept { return late_read_; }
  std::uint64_t read_count() const noexcept { return reader_.read_count() + late_read_; }
  std::uint64_t overwritten_count() const noexcept { return reader_.overwritten_count() + late_overwritten_; }
  std::uint64_t hole_count() const noexcept { return reader_.hole_count() + late_holes_; }
  /// Values that it has gone on without, and that are still to come.
  std::uint64_t awaited_count() const noexcept { return late_.size(); }
  const std::string& name() const noexcept { return seat_.name(); }

 private:
  const Segment& segment() const noexcept { return *seat_.segment(); }
  ConsumerTable consumers() const noexcept { return segment().consumers(); }

  [[gnu::always_inline]] void begin_call() {
    if (state_->load(std::memory_order_relaxed) != own_state_) [[unlikely]]
      come_back();
    done_ = target(lane_);
    if (in_hand_ > 1 && lanes_ > 1) [[unlikely]]
      publish_all_due();
    in_hand_ = 0;
    if (done_ >= release_at_[lane_]) [[unlikely]]
      publish(lane_, done_);
  }
  template <class Take>
  [[gnu::always_inline]] Taken take(Take& copy_out) {
    is_late_ = false;
    if (!late_.empty()) [[unlikely]] {
      if (const Taken late = next_late(copy_out); late.seq != kNone) return late;
    }
    const Taken taken = reader_.next(copy_out);
    if (taken.seq != kNone) [[likely]] {
      lane_ = reader_.lane_delivered();
      ++in_hand_;
    }
    return taken;
  }
  /// All below it is done with. A loss that has not been told yet is not: who dies before that is to be told again.
  [[gnu::always_inline]] std::uint64_t target(std::uint32_t lane) const noexcept {
    const std::uint64_t told_end = reader_.lane_told_end(lane);
    return late_.empty() ? told_end : std::min(told_end, late_.lowest());
  }
  /// L1, L2. Nothing, if that is not more than before.
  [[gnu::noinline]] void publish(std::uint32_t lane, std::uint64_t released) noexcept;
  /// Of a call that took values from several lanes.
  [[gnu::noinline]] void publish_all_due() noexcept;

  template <class Take>
  [[gnu::noinline]] Taken next_late(Take& copy_out) {
    auto outcome = late_.look_at_next();
    if (!outcome && !reader_.lanes_may_be_ready()) outcome = late_.settle_any();
    while (outcome) {
      std::uint64_t time = 0;
      late_.remove(outcome->number);
      if (outcome->verdict == Verdict::published &&
          read_number(segment(), segment().ring(), outcome->number, copy_out, time) == ReadStatus::ok) {
        is_late_ = true;
        late_number_ = outcome->number;
        ++late_read_;
        ++in_hand_;
        return {outcome->number, time};
      }
      lose(*outcome);
      outcome = late_.settle_any(outcome->number + 1);
    }
    return {kNone, 0};
  }
  void lose(LateValues::Outcome late);

  /// Where to begin in a lane whose head is there.
  using Place = std::function<std::uint64_t(const Ring& lane, std::uint64_t head)>;
  void join(const Place& place);
  Position begin(const ConsumerOptions& options);
  [[gnu::noinline, gnu::cold]] void come_back();
  void keep_what_is_in_hand() noexcept;
  void stop_gating() noexcept;

  // Attendance.
  bool has_something() override;
  bool is_waiting() const noexcept override { return !late_.empty(); }
  bool has_something_in_hand() const noexcept override { return in_hand_ > 0 && !explicit_; }
  void goes_without(std::uint64_t number) override { late_.add(number); }
  void is_idle() override {
    if (!explicit_) release();
  }

  ConsumerSeat seat_;
  bool durable_;
  bool explicit_;
  bool told_ = false;  // that it was evicted
  std::uint32_t lanes_;
  std::uint64_t batch_;
  std::atomic<std::uint64_t>* state_;  // in a forked child, one that is never own_state_
  std::uint64_t own_state_ = 0;
  // Of each lane: what was stored last as `released`, and from where on it is stored again.
  std::vector<std::uint64_t> released_;
  std::vector<std::uint64_t> release_at_;
  std::uint64_t in_hand_ = 0;  // so many values were taken by the newest call,
  std::uint32_t lane_ = 0;     // the newest of them of this lane;
  std::uint64_t done_ = 0;     // one lane: all before it was done with when the call began
  Ringer room_;
  LateValues late_;
  ReaderCore reader_;
  bool is_late_ = false;
  std::uint64_t late_number_ = 0;
  std::uint64_t late_read_ = 0;
  std::uint64_t late_overwritten_ = 0;
  std::uint64_t late_holes_ = 0;
  InForkedChild forked_;  // the last one: the first to go
};

/// What a WaitSet waits for.
inline Waitable& waitable_of(ConsumerCore& consumer) noexcept { return consumer.reader(); }

}  // namespace arena_shm::core
