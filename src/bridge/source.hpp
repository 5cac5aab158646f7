// The values of one arena, number by number, with an account of each.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "arena_shm/raw.hpp"
#include "arena_shm/timescale.hpp"
#include "bridge/message.hpp"
#include "recording/selection.hpp"

namespace arena_shm::bridge {

/// From a place on, every number of every lane comes as a value, in a gap, or is left out; each once, and in its lane
/// in order. Of a lossless arena it is a durable consumer. Thread safety: none.
class Source {
 public:
  struct Wish {
    std::string name;
    std::string consumer;  ///< of a lossless arena
    std::optional<std::string> where{};
  };
  enum class Step : std::uint8_t { value, left_out, none };

  /// Errors: as RawView::open, recording::Selection; Code::not_found also if it was just made anew.
  explicit Source(const Wish& wish);

  const Info& info() const noexcept { return view_.info(); }
  bool is_lossless() const noexcept { return info().full == Full::wait; }
  /// Has it lost its name?
  bool is_retired() const noexcept { return view_.retired(); }
  bool has_writers() const noexcept { return view_.has_writers(); }

  /// Goes on from there; of each lane the next number. Empty: from the beginning. Errors: as RawArena::consumer, with
  /// Code::already_exists if another one is this consumer.
  void begin_at(const std::vector<std::uint64_t>& next);
  /// Ends what begin_at began.
  void end() noexcept { reader_.emplace<std::monostate>(); }

  /// Requires: begin_at, and a record of the right size. Gaps in front of the value, or of others in other lanes, have
  /// come to gaps() before.
  Step next(std::span<std::byte> record);
  /// Of the value that has come.
  std::uint64_t seq() const noexcept { return seq_; }
  /// In ns since 1970. 0: the arena has no times.
  std::int64_t time_ns() const noexcept { return time_ns_; }
  /// What was lost since they were cleared.
  std::vector<Gap>& gaps() noexcept { return gaps_; }
  /// Of each lane the next number: behind what has come.
  const std::vector<std::uint64_t>& position() const noexcept { return next_; }

  bool wait_for(std::chrono::milliseconds longest);
  /// What has come before that is where it is to be: writers may overwrite it.
  /// @param end  of each lane the next number
  void release(const std::vector<std::uint64_t>& end);
  /// So many values may come before it is time to send them on, and be stored before they are released: else writers
  /// may wait.
  std::uint64_t a_part() const noexcept;
  /// How many numbers have been handed out, in all lanes.
  std::uint64_t handed_out() const noexcept { return view_.count(); }

 private:
  void take_gap(const Gap& gap);
  std::uint64_t& next_of(std::uint64_t seq) noexcept { return next_[next_.size() == 1 ? 0 : seq % next_.size()]; }
  void refuse_order(std::uint64_t seq) const;

  Wish wish_;
  RawView view_;
  std::optional<RawArena> arena_;  // lossless: to be its consumer, also when it has lost its name
  std::optional<recording::Selection> selection_;
  std::optional<Timescale> timescale_;
  std::variant<std::monostate, RawReader, RawConsumer> reader_;
  std::vector<std::uint64_t> next_;
  std::vector<Gap> gaps_;
  std::uint64_t seq_ = 0;
  std::int64_t time_ns_ = 0;
};

}  // namespace arena_shm::bridge
