// The newest of the values that match, where only looking at all of them tells which those are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "arena_shm/options.hpp"
#include "recording/lanes.hpp"
#include "schema/record_formatter.hpp"
#include "tool/verbs/tail_output.hpp"

namespace arena_shm::tool {

/// Keeps no more than the last `count` of them, and the gaps behind the first of these. Thread safety: none.
class NewestMatches {
 public:
  /// Of what is from `first` on and before `end`, lane by lane.
  NewestMatches(std::uint64_t count, const Position& first, const Position& end)
      : count_(count), lanes_(first.next().size()), past_(first) {
    past_.end_at(end);
  }

  /// Has all come that they are among?
  bool is_complete() const noexcept { return past_.is_finished(); }
  /// A value has come, or is lost: is to be told of each, but of those that are lost in front of a value behind them.
  void pass(std::uint64_t seq) {
    if (!past_.take(seq)) past_.lose({.first = seq % lanes_, .last = seq, .cause = Loss::passed_over, .step = lanes_});
  }
  void pass(const Gap& gap) { past_.lose(gap); }

  void add(std::uint64_t seq, std::span<const std::byte> row);
  void add(const Gap& gap);
  /// Prints them, in their order, below a heading that fits them.
  void print(schema::RecordFormatter& formatter, TailOutput& output) const;

 private:
  struct One {
    std::optional<Gap> gap{};
    std::uint64_t seq = 0;
    std::vector<std::byte> row{};
  };

  std::uint64_t count_;
  std::uint64_t lanes_;
  recording::LaneProgress past_;
  std::uint64_t values_ = 0;  // in kept_
  std::deque<One> kept_;
};

}  // namespace arena_shm::tool
