// The lanes of an arena in order of time, wherever it can be read so.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"
#include "arena_shm/raw.hpp"
#include "recording/attendant.hpp"

namespace arena_shm::recording {

/// A reader, and the order that it has.
struct OrderedReader {
  RawReader reader;
  Order order;
  std::string why_unordered{};  ///< why it has not the order that was asked for; else empty

  /// Is the value that was delivered last older than one before it, by the order of time?
  bool is_late() const noexcept { return order == Order::time && reader.is_late(); }
  /// Can no other one come so, by what is known?
  bool is_exact() const noexcept { return order != Order::time || reader.is_exact(); }
};

/// That of time, if there are lanes with times.
Order natural_order(const Info& info) noexcept;

/// The order to ask for of this arena: `asked`; if that is nothing or cannot be, natural_order. The attendant is told
/// if something else was asked for.
Order order_for(const Info& info, std::optional<Order> asked, Attendant& attendant);

/// A reader from there on. Where the clock of the arena cannot be read, lanes come as they arrive.
/// Requires: an order from order_for. Errors: as RawView::reader.
OrderedReader reader_in_order(const RawView& view, const Position& first, ReaderOptions options);
/// The same; the attendant is told why it has not the order that was asked for.
OrderedReader reader_in_order(const RawView& view, const Position& first, ReaderOptions options, Attendant& attendant);

/// How long the tool holds back later values for one that is being written: a writer that is preempted meanwhile is
/// given time to come back.
inline constexpr std::chrono::milliseconds kHold{20};

/// How the tool reads: nobody waits for each value that is printed, or goes into a file.
inline ReaderOptions patient_reader(Order order) {
  return {.manner = Manner::throughput, .hold = kHold, .doorbell = false, .order = order};
}

/// Tells at the end how far the values were in order of time: so many came late, and whether others could have.
void tell_order(const Info& info, std::uint64_t late_count, bool is_exact, Attendant& attendant);

}  // namespace arena_shm::recording
