// The values that somebody wants who follows an arena, one by one, as rows.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "arena_shm/error.hpp"
#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"
#include "recording/row.hpp"
#include "recording/selection.hpp"

namespace arena_shm::recording {

/// Thread safety: none.
class ValueStream {
 public:
  enum class Step : std::uint8_t {
    value,   ///< a row was filled
    passed,  ///< there was one that is not wanted
    none,    ///< there is none now
  };

  virtual ~ValueStream() = default;

  /// Requires: a row of the shape that the stream was made for.
  virtual Step next(Row& row) = 0;
  /// Of the value that next() has delivered.
  virtual std::uint64_t seq() const = 0;
  virtual bool is_late() const = 0;

  /// Waits for more, and tells what becomes of the arena. Returns: false if there is none yet.
  virtual bool wait_for(std::chrono::milliseconds longest) = 0;
  /// Has all come that was asked for, or can no more come?
  virtual bool is_finished() const = 0;
  /// Why no more can come.
  virtual const std::optional<Error>& failure() const = 0;
  /// How many values there are that have not come.
  virtual std::uint64_t unread_count() const = 0;
  /// Tells at the end how far the values were in order of time, if so many came late.
  virtual void tell_order(std::uint64_t late_count) const = 0;

  /// All that next() has delivered is where it is to be.
  virtual void release() {}
  /// Somebody waits for that, if so many values have come since.
  virtual std::uint64_t release_after() const { return std::numeric_limits<std::uint64_t>::max(); }

  /// Of the values that next() would deliver, only these come. To be called before next().
  void select(std::optional<Selection> selection) { selection_ = std::move(selection); }
  /// What it has left out.
  const std::optional<Selection>& selection() const noexcept { return selection_; }

  /// Called for values that were wanted and are lost, before what follows them in their lane.
  void on_gap(std::function<void(const Gap&)> report) { report_ = std::move(report); }
  /// Called when an arena has taken the place of the one before, before anything of it.
  void on_new_arena(std::function<void(const Info&)> report) { report_new_arena_ = std::move(report); }

 protected:
  void report(const Gap& gap) const {
    if (report_) report_(gap);
  }
  void report_new_arena(const Info& info) const {
    if (report_new_arena_) report_new_arena_(info);
  }
  bool needs_time() const noexcept { return selection_ && selection_->needs_time(); }
  bool is_selected(std::uint64_t seq, std::span<const std::byte> record, std::int64_t time_ns) noexcept {
    return !selection_ || selection_->takes(seq, record, time_ns);
  }

 private:
  std::optional<Selection> selection_;
  std::function<void(const Gap&)> report_;
  std::function<void(const Info&)> report_new_arena_;
};

}  // namespace arena_shm::recording
