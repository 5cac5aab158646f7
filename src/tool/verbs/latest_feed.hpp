// What `latest` reads: the values of an arena, of which it keeps the newest for each key.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "arena_shm/raw.hpp"
#include "recording/arena_stream.hpp"
#include "recording/attendant.hpp"
#include "recording/named_stream.hpp"
#include "recording/newest_by_key.hpp"
#include "recording/row.hpp"

namespace arena_shm::tool {

struct LatestAsked {
  std::string name;
  std::string by;
  std::optional<std::string> where;
  std::string as;
  bool follow = false;
};

/// Thread safety: none.
class LatestFeed {
 public:
  using Clock = std::chrono::steady_clock;

  /// Until a signal, or a key, is looked for again.
  static constexpr std::chrono::milliseconds kLongestWait{50};

  /// In follow, of whatever arena has the name, then; else of what is there. Errors: those of RawView::open;
  /// Code::incompatible_type, without a schema; as Schema::select, as Selection. Requires: `asked` and the attendant
  /// stay there.
  LatestFeed(const LatestAsked& asked, recording::Attendant& attendant);

  /// Of the rows, which have a schema.
  const recording::RecordShape& shape() const noexcept { return shape_; }
  recording::NewestByKey& newest() noexcept { return newest_; }

  /// Takes what comes until then, or until nothing more can come, or a stop is requested. Errors: as NewestByKey::put.
  void read_until(Clock::time_point end);
  /// Can more come, and is no stop requested?
  bool goes_on() const { return !stream_->is_finished() && !attendant_.stop_requested(); }
  const std::optional<Error>& failure() const { return stream_->failure(); }

  std::uint64_t lost_count() const noexcept { return lost_; }
  /// "read 9 values, left out 3, found 2 keys, lost 5"
  std::string account() const;

 private:
  RawView open() const;
  std::unique_ptr<recording::NamedStream> open_named() const;
  recording::RecordShape shape_of(const Info& info) const;
  std::unique_ptr<recording::ValueStream> follow();
  std::unique_ptr<recording::ValueStream> look();
  void begin(const Info& info);
  std::uint64_t rank();

  const LatestAsked& asked_;
  recording::Attendant& attendant_;
  std::unique_ptr<recording::NamedStream> named_;  // until it is begun
  RawView view_;
  recording::RecordShape shape_;
  std::optional<recording::Extent> extent_;
  std::unique_ptr<recording::ValueStream> stream_;
  recording::NewestByKey newest_;
  recording::Row row_;
  bool are_lanes_apart_ = false;  // nothing but a field tells what is newer
  std::optional<schema::Field> time_field_;
  std::uint64_t read_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace arena_shm::tool
