// Options::time: each value with the time of its append.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <ostream>
#include <span>
#include <tuple>
#include <type_traits>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/core/clock.hpp"
#include "arena_shm/raw.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace somebody {

/// A type of somebody's that comes apart by a function of his, and has an Entry in it.
template <class T>
struct Both {
  T first;
  int second;
  template <std::size_t i>
  friend const auto& get(const Both& both) noexcept {
    if constexpr (i == 0)
      return both.first;
    else
      return both.second;
  }
};

}  // namespace somebody

template <class T>
struct std::tuple_size<somebody::Both<T>> : std::integral_constant<std::size_t, 2> {};
template <class T>
struct std::tuple_element<0, somebody::Both<T>> {
  using type = const T;
};
template <class T>
struct std::tuple_element<1, somebody::Both<T>> {
  using type = const int;
};

namespace arena_shm {

void PrintTo(Writers writers, std::ostream* out) { *out << static_cast<int>(writers); }

namespace {

using test::code_of;
using test::TempName;
using Numbers = Arena<std::uint64_t>;

class TimeTest : public ::testing::TestWithParam<Writers> {
 protected:
  static Options options(bool time = true) { return {.slots = 8, .writers = GetParam(), .seats = 3, .time = time}; }
  std::uint64_t now() const { return core::read_clock(arena_.info().clock); }

  TempName name_;
  Numbers arena_ = Numbers::create(name_, options());
};

TEST_P(TimeTest, TheHeaderSaysWhatTheyAreReadFrom) {
  EXPECT_NE(arena_.info().clock, Clock::none);
  EXPECT_TRUE(core::can_read(arena_.info().clock));
  EXPECT_TRUE(core::is_kernels_own(arena_.info().clock));
  test::SegmentFile file(name_);
  const core::Header& header = file.header();
  EXPECT_EQ(header.payload_offset_bytes, 16U);
  EXPECT_EQ(header.stride_bytes, 24U);
  EXPECT_GE(header.ticks_per_second, core::kSlowestClock);
  EXPECT_LE(header.created.ticks, now());
  EXPECT_EQ(header.saved, core::ClockAnchor{});
}

TEST_P(TimeTest, EachWayToWriteTakesItInTheAppend) {
  auto writer = arena_.writer();
  std::vector<Entry<std::uint64_t>> written;
  const auto write = [&](auto&& append) {
    const std::uint64_t before = now();
    Entry<std::uint64_t> entry = append();
    const std::uint64_t after = now();
    EXPECT_LE(before, entry.time);
    EXPECT_LE(entry.time, after);
    written.push_back(entry);
  };
  write([&] { return writer.alloc(1); });
  write([&] { return *writer.try_alloc(2); });
  write([&] { return writer.alloc_with([](std::uint64_t& value) { value = 3; }); });
  write([&] {
    const std::uint64_t seq = writer.alloc_with([](SlotWriter& slot) noexcept { slot.append(std::uint64_t{4}); });
    return Entry<std::uint64_t>{seq, 4, writer.time()};
  });
  write([&] {
    const std::array<std::uint64_t, 1> one{5};
    return Entry<std::uint64_t>{writer.alloc(std::span<const std::uint64_t>(one)).first, 5, writer.time()};
  });
  if (GetParam() != Writers::exclusive) {
    write([&] { return arena_.alloc(6); });
    write([&] { return arena_.alloc(7); });
  }
  std::map<std::uint64_t, Entry<std::uint64_t>> read;
  auto reader = arena_.reader(From::oldest);
  while (const auto entry = reader.next()) read[entry->seq] = *entry;
  EXPECT_EQ(read.size(), written.size());
  for (const auto& entry : written) {
    const auto found = arena_.read(entry.seq);
    ASSERT_EQ(found.status, ReadStatus::ok);
    EXPECT_EQ(*found, entry.value);
    EXPECT_EQ(found.time, entry.time);
    EXPECT_EQ(read[entry.seq].value, entry.value);
    EXPECT_EQ(read[entry.seq].time, entry.time);
    EXPECT_FALSE(read[entry.seq].late);
  }
  EXPECT_FALSE(reader.is_exact()) << "it is in order of arrival";
}

TEST_P(TimeTest, ABatchHasOne) {
  auto writer = arena_.writer();
  const std::array<std::uint64_t, 6> batch{10, 11, 12, 13, 14, 15};
  for (int lap = 0; lap < 3; ++lap) {  // across the end of the ring
    const std::uint64_t before = now();
    const SeqRange range = writer.alloc(std::span<const std::uint64_t>(batch));
    for (std::uint64_t i = 0; i < batch.size(); ++i) {
      const auto found = arena_.read(range.first + i * arena_.lanes());
      ASSERT_EQ(found.status, ReadStatus::ok);
      EXPECT_EQ(*found, batch[i]);
      EXPECT_EQ(found.time, writer.time());
    }
    EXPECT_GE(writer.time(), before);
  }
}

TEST_P(TimeTest, ItIsATimeOfDay) {
  auto writer = arena_.writer();
  const auto before = std::chrono::system_clock::now();
  const auto entry = writer.alloc(1);
  const auto after = std::chrono::system_clock::now();
  const auto time = arena_.timescale().system_time(entry.time);
  using namespace std::chrono_literals;
  EXPECT_GE(time, before - 10ms);  // the clock may be steered meanwhile
  EXPECT_LE(time, after + 10ms);
}

TEST_P(TimeTest, WithoutThereIsNone) {
  const TempName name;
  auto arena = Numbers::create(name, options(false));
  EXPECT_EQ(arena.info().clock, Clock::none);
  EXPECT_EQ(test::SegmentFile(name).header().payload_offset_bytes, 8U);
  {
    auto writer = arena.writer();
    EXPECT_EQ(writer.alloc(1).time, 0U);
    EXPECT_EQ(writer.time(), 0U);
  }
  EXPECT_EQ(arena.alloc(2).time, 0U);
  EXPECT_EQ(arena.reader(From::oldest).next()->time, 0U);
  EXPECT_EQ(code_of([&] { static_cast<void>(arena.timescale()); }), Code::invalid_argument);
}

TEST_P(TimeTest, ItIsAnOptionLikeAnyOther) {
  EXPECT_EQ(code_of([&] { Numbers::open_or_create(name_, options(false)); }), Code::incompatible_options);
  EXPECT_EQ(code_of([&] { Numbers::open_or_create(name_, options(true)); }), std::nullopt);
  const TempName name;
  const auto without = Numbers::create(name, options(false));
  EXPECT_EQ(code_of([&] { Numbers::open_or_create(name, options(true)); }), Code::incompatible_options);
}

TEST_P(TimeTest, PayloadsKeepTheirAlignment) {
  for (const std::uint64_t align : {1U, 2U, 8U, 16U, 64U, 4096U}) {
    const TempName name;
    const auto arena =
        RawArena::create(name, {.name = "", .size_bytes = 3 * align, .align_bytes = align, .schema = ""}, options());
    for (std::uint64_t i = 0; i < arena.slots(); ++i)
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.ptr_at(i)) % align, 0U) << align;
    std::vector<std::byte> value(3 * align, std::byte{7});
    auto writer = arena.writer();
    const std::uint64_t seq = writer.alloc(value);
    std::vector<std::byte> read(value.size());
    std::uint64_t time = 0;
    EXPECT_EQ(arena.read(seq, read, &time), ReadStatus::ok);
    EXPECT_EQ(read, value);
    EXPECT_NE(time, 0U);
  }
}

TEST_P(TimeTest, AnEntryTakesApartIntoNumberAndValue) {
  auto writer = arena_.writer();
  auto [seq, value] = writer.alloc(42);
  EXPECT_EQ(seq, 0U);
  EXPECT_EQ(value, 42U);
  value = 43;  // a copy
  EXPECT_EQ(*arena_.read(seq), 42U);
  const auto entry = arena_.reader(From::oldest).next();
  const auto& [seq_read, value_read] = *entry;
  EXPECT_EQ(&seq_read, &entry->seq);
  EXPECT_EQ(&value_read, &entry->value);
}

TEST(EntryTest, OthersTakeTheirTypesWithEntriesApart) {
  const Entry<int> entry{.seq = 1, .value = 2};
  const auto [first, second] = somebody::Both<Entry<int>>{entry, 3};
  EXPECT_EQ(first.value, 2);
  EXPECT_EQ(second, 3);
  const auto [of_tuple, number] = std::tuple(entry, 4);
  EXPECT_EQ(of_tuple.seq, 1U);
  EXPECT_EQ(number, 4);
}

INSTANTIATE_TEST_SUITE_P(Writers, TimeTest, testing::Values(Writers::shared, Writers::exclusive, Writers::laned));

/// One whose clock is CLOCK_BOOTTIME, whatever this machine has.
class BoottimeTest : public ::testing::Test {
 protected:
  BoottimeTest() {
    Numbers::create(name_, {.slots = 8, .writers = Writers::laned, .seats = 2, .time = true});
    change([](core::Header& header) {
      header.clock = static_cast<std::uint64_t>(Clock::boottime);
      header.ticks_per_second = core::ticks_per_second(Clock::boottime);
      header.time_namespace = core::own_time_namespace();
      header.created = core::take_anchor(Clock::boottime);
    });
  }
  template <class Change>
  void change(Change&& change) {
    test::SegmentFile file(name_);
    change(file.header());
    file.seal();
  }

  TempName name_;
};

TEST_F(BoottimeTest, ItsTimesAreNanosecondsSinceBoot) {
  const auto arena = Numbers::open(name_);
  EXPECT_EQ(arena.info().clock, Clock::boottime);
  auto writer = arena.writer();
  const std::uint64_t before = core::boottime_ns();
  const auto entry = writer.alloc(1);
  EXPECT_LE(before, entry.time);
  EXPECT_LE(entry.time, core::boottime_ns());
  auto reader = arena.reader(From::oldest, {.order = Order::time});
  EXPECT_EQ(reader.next()->time, entry.time);
  using namespace std::chrono_literals;
  const auto age = std::chrono::system_clock::now() - arena.timescale().system_time(entry.time);
  EXPECT_LT(std::chrono::abs(age), 10s);
}

TEST_F(BoottimeTest, AnotherTimeNamespaceHasAnotherOne) {
  change([](core::Header& header) { ++header.time_namespace; });
  const auto arena = Numbers::open(name_);
  EXPECT_EQ(code_of([&] { arena.writer(); }), Code::unsupported);
  EXPECT_EQ(code_of([&] { arena.reader(From::oldest, {.order = Order::time}); }), Code::unsupported);
  EXPECT_EQ(code_of([&] { arena.reader(From::oldest); }), std::nullopt);
}

TEST_F(BoottimeTest, AClockOfAnotherMachineIsRefusedToWhoWrites) {
  const bool has_tsc = core::can_read(Clock::tsc);
  change([&](core::Header& header) {
    header.clock = static_cast<std::uint64_t>(has_tsc ? Clock::virtual_counter : Clock::tsc);
  });
  const auto arena = Numbers::open(name_);
  EXPECT_EQ(code_of([&] { arena.writer(); }), Code::unsupported);
  EXPECT_EQ(code_of([&] { arena.reader(From::oldest, {.order = Order::time}); }), Code::unsupported);
  EXPECT_EQ(code_of([&] { arena.reader(From::oldest); }), std::nullopt);
}

TEST_F(BoottimeTest, ClocksThatCannotBeAreRefused) {
  const auto refused = [&](auto&& damage) {
    change(damage);
    return code_of([&] { Numbers::open(name_); });
  };
  EXPECT_EQ(refused([](core::Header& header) { header.ticks_per_second = 0; }), Code::corrupt);
  EXPECT_EQ(refused([](core::Header& header) { header.ticks_per_second = ~std::uint64_t{0}; }), Code::corrupt);
  EXPECT_EQ(refused([](core::Header& header) {
              header.ticks_per_second = 1'000'000'000;
              header.clock = 4;
            }),
            Code::corrupt);
  EXPECT_EQ(refused([](core::Header& header) { header.clock = 0; }), Code::corrupt) << "but the rest says otherwise";
}

}  // namespace
}  // namespace arena_shm
