// Where tail's values come from: an arena, or a saved segment.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"
#include "recording/consumption.hpp"
#include "recording/since.hpp"

namespace arena_shm::tool {

/// Thread safety: none.
class TailInput {
 public:
  virtual ~TailInput() = default;

  virtual const Info& info() const = 0;
  /// Of each lane the sequence number behind the newest value.
  Position heads() const { return place(From::newest); }
  /// Of each lane, where that is now.
  virtual Position place(From from) const = 0;

  /// Begins at `first`, lanes in this order. `on_gap` is told of values that are lost, as they
  /// are passed. To be called first.
  virtual void begin(const Position& first, Order order, std::function<void(const Gap&)> on_gap) = 0;
  /// Fills `record` with the next value. Returns: its sequence number; nothing if there is none now.
  virtual std::optional<std::uint64_t> next(std::span<std::byte> record) = 0;
  /// When the value that next() has delivered was appended, in ns since 1970. Requires: an arena with times.
  virtual std::int64_t time_ns() = 0;
  /// Does the value that next() has delivered come late, by the order of time?
  virtual bool is_late() const = 0;
  /// Tells at the end how far the values were in order, if so many came late.
  virtual void tell_order(std::uint64_t late_count) const = 0;
  /// One value, and its time if the arena has times, for a look. Returns: false if it is not there.
  virtual bool read(std::uint64_t seq, std::span<std::byte> record, std::int64_t& time_ns) = 0;

  /// Has it been claimed, by a writer that lives, and not been published?
  virtual bool is_pending(std::uint64_t seq) = 0;

  /// Do writers wait for who gets these values? Then each is to be printed, in whatever order it comes.
  virtual bool is_consumer() const { return false; }
  /// Where it begins, if it has such a place.
  virtual std::optional<Position> own_place() const { return std::nullopt; }
  /// Of a member of a group: where that stands, whose members take what is below it. What comes to this one may be of
  /// any place.
  virtual std::optional<Position> shared_place() const { return std::nullopt; }
  /// All that next() has delivered is out, or not wanted.
  virtual void release() {}
  /// Writers wait for that, if so many values have come since.
  virtual std::uint64_t release_after() const { return std::numeric_limits<std::uint64_t>::max(); }

  /// Waits for more. Returns: false if there is none yet.
  virtual bool wait_for(std::chrono::milliseconds longest) = 0;
  /// Is the name gone, or that of another arena by now?
  virtual bool retired() const = 0;
};

/// Tells it of the newest values that are there.
void tell_newest(recording::Since& since, TailInput& input);

/// Maps it read-only and registers nowhere. Errors: those of RawView::open.
std::unique_ptr<TailInput> arena_input(const std::string& name);

/// Registers a consumer, as the wish says; its lanes come in the order of that. `has_place`: it begins right there, or
/// where it was; else only there. Errors: those of RawArena::open; as recording::Consumption.
std::unique_ptr<TailInput> consumer_input(const std::string& name, const recording::ConsumerWish& wish, bool has_place);

/// Values that are not whole are holes. Errors: those of Image::of_file and ImageValues.
std::unique_ptr<TailInput> saved_input(const std::string& path);

}  // namespace arena_shm::tool
