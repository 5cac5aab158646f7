// What `plot` draws: the values of an arena as points of several series.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plot/series.hpp"
#include "recording/attendant.hpp"
#include "recording/named_stream.hpp"
#include "recording/row.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

struct PlotAsked {
  std::string name;
  std::string as;
  std::vector<std::string> fields;
  recording::TimeSpan span{};
};

/// Thread safety: none.
class PlotFeed {
 public:
  /// Waits for the arena, unless a stop is requested. Errors: as NamedStream; as plot::series_of.
  /// `from`: where to begin, if the span does not say it.
  PlotFeed(const PlotAsked& asked, From from, recording::Attendant& attendant);

  /// False: a stop was requested before there was an arena.
  bool has_begun() const noexcept { return row_.has_value(); }
  const std::vector<plot::Series>& series() const noexcept { return series_; }
  /// Are points placed by their times? Else by their sequence numbers.
  bool has_times() const noexcept { return has_times_; }
  std::uint64_t slots() const noexcept { return stream_.view()->slots(); }

  /// Is some of what there was at the beginning still to be read? If not, what comes is new.
  bool has_more_there() const noexcept { return read_ < there_; }
  /// The next point. False: there is none now, or a stop is requested.
  bool next();
  /// Of it.
  std::int64_t at() const noexcept { return at_; }
  std::span<const double> values() const noexcept { return values_; }

  bool wait_for(std::chrono::milliseconds longest) { return stream_.wait_for(longest); }
  bool is_finished() const { return stream_.is_finished(); }
  /// How many there have been: not of values that are left out.
  std::uint64_t point_count() const noexcept { return points_; }
  std::uint64_t lost_count() const noexcept { return lost_; }
  const std::optional<Error>& failure() const { return stream_.failure(); }

  /// ", lost 5", or nothing.
  std::string lost_text() const;
  /// Says that there has been no point.
  void tell_none(const std::string& besides = "") const;
  /// Reports why no more can come, if that is so. Returns: the exit code.
  terminal::ExitCode conclude() const;

 private:
  recording::NamedStream stream_;
  recording::RecordShape shape_;
  std::vector<plot::Series> series_;
  std::optional<schema::Field> time_field_;
  bool has_times_ = false;
  std::optional<recording::Row> row_;
  std::vector<double> values_;
  std::int64_t at_ = 0;
  std::uint64_t there_ = 0;
  std::uint64_t read_ = 0;
  std::uint64_t points_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace arena_shm::tool
