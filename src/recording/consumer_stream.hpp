// The values of a lossless arena, as one of its consumers gets them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arena_shm/raw.hpp"
#include "recording/attendant.hpp"
#include "recording/consumption.hpp"
#include "recording/value_stream.hpp"

namespace arena_shm::recording {

class ConsumerStream final : public ValueStream {
 public:
  /// Registers the consumer. Requires: the arena stays there. Errors: as Consumption; as Selection, without having been
  /// one.
  ConsumerStream(const RawArena& arena, const ConsumerWish& wish, const RecordShape& shape,
                 const std::optional<std::string>& where, Attendant& attendant);

  /// Where it begins, before anything has come.
  Position position() const { return consumption_.position(); }

  Step next(Row& row) override;
  std::uint64_t seq() const override { return seq_; }
  bool is_late() const override { return consumption_.is_late(); }
  bool wait_for(std::chrono::milliseconds longest) override;
  bool is_finished() const override { return false; }
  const std::optional<Error>& failure() const override { return failure_; }
  std::uint64_t unread_count() const override { return consumption_.lag(); }
  void tell_order(std::uint64_t late_count) const override { consumption_.tell_end(late_count); }
  void release() override { consumption_.release(); }
  std::uint64_t release_after() const override { return consumption_.release_after(); }

 private:
  const RawArena& arena_;
  Attendant& attendant_;
  Consumption consumption_;
  std::optional<Timescale> timescale_;  // if times are asked for
  std::optional<Error> failure_;        // none
  std::uint64_t seq_ = 0;
  bool is_retired_ = false;
};

}  // namespace arena_shm::recording
