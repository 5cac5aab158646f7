// The values that come under a name, whatever arena has it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "arena_shm/follower.hpp"
#include "arena_shm/info.hpp"
#include "recording/attendant.hpp"
#include "recording/named_reader.hpp"
#include "recording/value_stream.hpp"

namespace arena_shm::recording {

/// Waits for the first arena; those that take its place have to hold the same records, which have to mean the same,
/// else it fails.
class NamedStream final : public ValueStream {
 public:
  /// Where to begin: in an arena that was there when it was asked for; of others, nothing is left out.
  struct Begin {
    std::optional<Position> first{};  ///< if there was one
    bool is_exact = false;            ///< what was overwritten before counts as lost
  };

  /// `from` is for a first arena that was not there yet. Errors: those of RawView::open, but not_found.
  NamedStream(std::string name, From from, ReaderOptions options, Attendant& attendant);

  /// The arena that has the name, or had it last. Null: there has been none yet; use wait_for until there is one.
  const RawView* view() const noexcept { return follower_.view() == nullptr ? nullptr : &follower_.view()->raw(); }
  /// Was there one at once?
  bool was_there() const noexcept { return was_there_; }
  /// To be called before next(). Requires: a shape for view(). Errors: none.
  void begin(const RecordShape& shape, std::optional<Since> since, Begin begin);

  Step next(Row& row) override;
  /// Also of one that it has passed over.
  std::uint64_t seq() const override { return seq_; }
  bool is_late() const override { return newest_ != nullptr && newest_->comes_late(); }
  /// Errors: before begin(), as the constructor.
  bool wait_for(std::chrono::milliseconds longest) override;
  bool is_finished() const override { return is_past_ || failure_.has_value(); }
  const std::optional<Error>& failure() const override { return failure_; }
  std::uint64_t unread_count() const override { return follower_.sum(&NamedReader::lag, 0); }
  void tell_order(std::uint64_t late_count) const override;

  /// Of the arena of the value that next() has delivered.
  std::uint64_t lane_count() const noexcept { return newest_->view.lanes(); }
  /// `report`: called before the first value of an arena that takes the place of another one comes. Else the attendant
  /// is told.
  void on_restart(std::function<void(const Restart&)> report) { report_restart_ = std::move(report); }

  /// How many arenas there have been.
  std::uint64_t arena_count() const noexcept { return arenas_; }

 private:
  void meet(NamedReader& reader);
  void tell_restart(const std::string& name);
  void check_same(const Info& info) const;
  void add(const NamedReader& reader, const Gap& gap) const;

  Attendant& attendant_;
  From from_;
  core::NameFollower<NamedView> follower_;
  bool was_there_;
  Info first_{};
  std::optional<schema::Schema> schema_;  // of the records, if it is the arena's own
  bool has_time_ = false;
  std::optional<Since> since_;
  Begin begin_;
  std::function<void(const Restart&)> report_restart_;
  std::optional<Restart> restart_;  // to the arena that comes next
  NamedReader* newest_ = nullptr;   // whose value was delivered last
  std::optional<Info> inexact_;     // the arena whose values were not for certain in order of time
  std::optional<Error> failure_;
  std::uint64_t seq_ = 0;
  std::uint64_t arenas_ = 0;
  bool has_begun_ = false;
  bool is_gone_ = false;
  bool is_past_ = false;  // what is wanted
};

}  // namespace arena_shm::recording
