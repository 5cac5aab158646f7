// The values of one arena, from somewhere to somewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "arena_shm/raw.hpp"
#include "recording/attendant.hpp"
#include "recording/lane_order.hpp"
#include "recording/lanes.hpp"
#include "recording/since.hpp"
#include "recording/value_stream.hpp"

namespace arena_shm::recording {

/// What of the arena is wanted.
struct Extent {
  Position first;
  bool first_is_exact = false;  ///< what was overwritten before the first value of its lane came counts as lost
  /// Of each lane: what is overwritten from there on counts as lost in any case.
  std::optional<Position> wanted_from{};
  std::optional<Position> end{};       ///< of each lane
  std::optional<Order> order{};        ///< as order_for takes it
  TimeSpan span{};                     ///< of each lane what is of this time
  std::optional<std::string> where{};  ///< only values for which this holds
};

class ArenaStream final : public ValueStream {
 public:
  /// Requires: the view and the extent stay there. Errors: as reader_in_order; as Since; as Selection.
  ArenaStream(const RawView& view, const Extent& extent, const RecordShape& shape, Attendant& attendant);

  Step next(Row& row) override;
  std::uint64_t seq() const override { return seq_; }
  bool is_late() const override { return reader_.is_late(); }
  bool wait_for(std::chrono::milliseconds longest) override;
  bool is_finished() const override {
    return progress_.is_finished() || (!extent_.end && (is_past_ || (since_ && since_->is_over())));
  }
  const std::optional<Error>& failure() const override { return failure_; }
  std::uint64_t unread_count() const override;
  void tell_order(std::uint64_t late_count) const override;

 private:
  using Clock = std::chrono::steady_clock;

  void add(const Gap& gap);
  std::optional<Gap> certainly_wanted(Gap gap) const;
  void give_up_pending();

  const RawView& view_;
  const Extent& extent_;
  Attendant& attendant_;
  OrderedReader reader_;
  LaneProgress progress_;
  std::optional<Since> since_;
  std::optional<Timescale> timescale_;  // if times are asked for
  std::optional<Error> failure_;
  std::optional<Clock::time_point> silent_since_;  // none has come
  std::uint64_t seq_ = 0;
  bool is_retired_ = false;
  bool is_past_ = false;  // what is wanted
};

}  // namespace arena_shm::recording
