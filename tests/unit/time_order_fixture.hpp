// A laned arena with times, and its bytes: who appended what, and when, is up to the test.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/core/clock.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {

class TimedLanesTest : public ::testing::Test {
 public:
  using Marked = std::vector<std::pair<std::uint64_t, bool>>;  // values, and whether they came late

 protected:
  using Values = std::vector<std::uint64_t>;

  TimedLanesTest(std::uint32_t lanes, std::uint64_t slots)
      : arena_(Arena<std::uint64_t>::create(
            name_, {.slots = slots, .writers = Writers::laned, .seats = lanes, .time = true})) {}

  static ReaderOptions by_time(std::chrono::nanoseconds hold = std::chrono::hours{1}) {
    return {.hold = hold, .order = Order::time};
  }
  Reader<std::uint64_t> reader(std::chrono::nanoseconds hold = std::chrono::hours{1}) const {
    return arena_.reader(From::oldest, by_time(hold));
  }
  std::uint64_t now() const { return core::read_clock(arena_.info().clock); }
  std::uint64_t seconds(std::uint64_t count) { return count * file_.header().ticks_per_second; }

  Writer<std::uint64_t>& writer(std::uint32_t lane) {
    while (writers_.size() <= lane) writers_.push_back(std::make_unique<Writer<std::uint64_t>>(arena_.writer()));
    return *writers_[lane];
  }
  core::Header lane_header(std::uint32_t lane) { return core::lane_header(file_.header(), lane); }
  std::byte* slot(std::uint32_t lane, std::uint64_t number) {
    const core::Header part = lane_header(lane);
    return file_.bytes() + part.slots.offset_bytes + number % part.slot_count * part.stride_bytes;
  }
  void set_time(std::uint64_t seq, std::uint64_t time) {
    *reinterpret_cast<std::uint64_t*>(slot(arena_.lane_of(seq), seq / arena_.lanes()) + core::kTimeOffsetBytes) = time;
  }
  /// A value that was appended `time` ticks after the fixture was made.
  void put(std::uint32_t lane, std::uint64_t value, std::uint64_t time) {
    set_time(writer(lane).alloc(value).seq, begin_ + time);
  }
  static Values rest_of(Reader<std::uint64_t>& reader) {
    Values values;
    while (const auto entry = reader.next()) values.push_back(entry->value);
    return values;
  }
  static Marked marked_rest_of(Reader<std::uint64_t>& reader) {
    Marked values;
    while (const auto entry = reader.next()) values.emplace_back(entry->value, entry->late);
    return values;
  }
  /// Its holder has claimed a value, or several, and not done it.
  std::uint64_t claim(std::uint32_t lane, std::uint64_t count = 1) {
    writer(lane);
    return file_.seat(lane).hi.fetch_add(count);
  }
  /// It does it.
  void finish(std::uint32_t lane, std::uint64_t number, std::uint64_t value, std::uint64_t time) {
    std::byte* at = slot(lane, number);
    *reinterpret_cast<std::uint64_t*>(at + core::kTimeOffsetBytes) = begin_ + time;
    *reinterpret_cast<std::uint64_t*>(at + lane_header(lane).payload_offset_bytes) = value;
    reinterpret_cast<std::atomic<std::uint64_t>*>(at)->store(core::done(number));
  }

  test::TempName name_;
  Arena<std::uint64_t> arena_;
  test::SegmentFile file_{name_};
  std::uint64_t begin_ = now() - seconds(100);
  std::vector<std::unique_ptr<Writer<std::uint64_t>>> writers_;
};

}  // namespace arena_shm
