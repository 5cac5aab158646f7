// Messages into a ring with the numbers of their origin.
#include "bridge/mirror_ring.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "arena_shm/arena.hpp"
#include "bridge/sample.hpp"
#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::bridge {
namespace {

using test::code_of;
using test::TempName;

constexpr Epoch kEpoch{7};
constexpr std::uint64_t kSlots = 16;

Origin origin_of_lanes(std::uint64_t lanes) {
  return {.arena = "any",
          .type = "four bytes",
          .record_bytes = 4,
          .align_bytes = 4,
          .schema = "",
          .writers = lanes > 1 ? Writers::laned : Writers::shared,
          .lanes = lanes,
          .slots = kSlots * lanes};
}

class MirrorRingTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  std::uint64_t lanes() const { return GetParam(); }
  MirrorRing make() { return MirrorRing::make(name_.str(), origin_of_lanes(lanes()), kEpoch, 0); }
  Sample values(std::vector<std::uint64_t> seqs) const {
    Sample sample = values_of(std::move(seqs), lanes());
    sample.message.epoch = kEpoch;
    sample.message.records = sample.records;
    return sample;
  }
  Applied apply(MirrorRing& ring, std::vector<std::uint64_t> seqs) const {
    const Sample sample = values(std::move(seqs));
    return ring.apply(sample.message);
  }
  std::vector<std::uint64_t> there() const {
    const auto view = RawView::open(name_.str());
    std::vector<std::uint64_t> seqs;
    std::vector<std::byte> value(4);
    for (std::uint64_t seq = 0; seq < view.head(); ++seq) {
      if (view.read(seq, value) == ReadStatus::ok) seqs.push_back(seq);
    }
    return seqs;
  }

  TempName name_;
};

TEST_P(MirrorRingTest, EachValueHasItsNumberAndTheRestAreHoles) {
  MirrorRing ring = make();
  const Applied applied = apply(ring, {2 * lanes(), 3 * lanes(), 7 * lanes()});
  EXPECT_EQ(applied.values, 3U);
  EXPECT_EQ(applied.left_out, 5U);
  EXPECT_EQ(there(), (std::vector<std::uint64_t>{2 * lanes(), 3 * lanes(), 7 * lanes()}));
  std::vector<std::byte> value(4);
  EXPECT_EQ(RawView::open(name_.str()).read(lanes(), value), ReadStatus::hole);
  EXPECT_EQ(ring.sum(), 8U);
}

TEST_P(MirrorRingTest, WhatIsThereIsNotWrittenAgain) {
  MirrorRing ring = make();
  apply(ring, {0, lanes()});
  const Applied again = apply(ring, {0, lanes(), 2 * lanes()});
  EXPECT_EQ(again.again, 2U);
  EXPECT_EQ(again.values, 1U);
  EXPECT_EQ(apply(ring, {0}).again, 1U);
  EXPECT_EQ(ring.sum(), 3U) << "it never goes back";
}

TEST_P(MirrorRingTest, TheNextOneFindsTheEpochAndThePlace) {
  EXPECT_FALSE(MirrorRing::find(name_.str()).has_value());
  std::vector<std::uint64_t> next;
  {
    MirrorRing ring = make();
    apply(ring, {0, 4 * lanes()});
    next = ring.next();
    EXPECT_EQ(code_of([&] { MirrorRing::find(name_.str()); }), Code::table_full) << "it lives";
  }
  const auto again = MirrorRing::find(name_.str());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->epoch(), kEpoch);
  EXPECT_EQ(again->next(), next);
}

TEST_P(MirrorRingTest, KilledInTheMiddleOfAMessageItLeavesNoHole) {
  constexpr std::uint64_t kWhole = 5;
  std::vector<std::uint64_t> seqs;
  for (std::uint64_t n = 0; n < kWhole + 3; ++n) seqs.push_back(n * lanes());
  Sample sample = values(seqs);
  test::Child mirror([&] {
    // Of its records so many can be read.
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const mapped = ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    auto* const records = static_cast<std::byte*>(mapped) + page - 4 * kWhole;
    std::memcpy(records, sample.records.data(), 4 * kWhole);
    if (mapped == MAP_FAILED || ::mprotect(records + 4 * kWhole, page, PROT_NONE) != 0) return 1;
    ::signal(SIGSEGV, SIG_DFL);
    sample.message.records = {records, sample.records.size()};
    make().apply(sample.message);
    return 2;
  });
  ASSERT_EQ(mirror.end(), "signal " + std::to_string(SIGSEGV));
  auto ring = MirrorRing::find(name_.str());
  ASSERT_TRUE(ring.has_value());
  EXPECT_EQ(ring->sum(), kWhole);
  const Applied applied = apply(*ring, seqs);
  EXPECT_EQ(applied.values + applied.again, seqs.size());
  EXPECT_EQ(applied.left_out, 0U);
  EXPECT_EQ(there(), seqs);
}

TEST_P(MirrorRingTest, AnotherEpochTakesItsPlace) {
  {
    MirrorRing ring = make();
    apply(ring, {0});
  }
  const MirrorRing anew = MirrorRing::make(name_.str(), origin_of_lanes(lanes()), Epoch{8}, 0);
  EXPECT_EQ(anew.sum(), 0U);
  EXPECT_TRUE(there().empty());
}

TEST_P(MirrorRingTest, OneThatLivesIsNotReplaced) {
  const MirrorRing ring = make();
  EXPECT_EQ(code_of([&] { MirrorRing::make(name_.str(), origin_of_lanes(lanes()), Epoch{8}, 0); }),
            Code::already_exists);
}

TEST_P(MirrorRingTest, RecordsOfAnotherShapeAreRefused) {
  MirrorRing ring = make();
  Sample sample = values_of({0}, lanes(), 8);
  sample.message.records = sample.records;
  EXPECT_EQ(code_of([&] { ring.apply(sample.message); }), Code::corrupt);
  Sample other = values_of({0}, lanes() + 1);
  other.message.records = other.records;
  EXPECT_EQ(code_of([&] { ring.apply(other.message); }), Code::corrupt);
  EXPECT_EQ(ring.sum(), 0U);
}

TEST_P(MirrorRingTest, OfAnyMessagesInAnyOrderEachNumberHasItsValueOrNone) {
  MirrorRing ring = make();
  std::mt19937_64 random(lanes());
  std::uint64_t expected = 0;
  for (int i = 0; i < 500; ++i) {
    std::vector<std::uint64_t> seqs;
    for (std::uint64_t seq = random() % 200; seq < 200 && seqs.size() < 20; seq += 1 + random() % 7)
      seqs.push_back(seq);
    if (seqs.empty()) continue;
    const Applied applied = apply(ring, seqs);
    EXPECT_EQ(applied.values + applied.again, seqs.size());
    expected += applied.values + applied.left_out;
    EXPECT_EQ(ring.sum(), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Lanes, MirrorRingTest, ::testing::Values(1, 3));

TEST(MirrorRingOnceTest, WhatSomebodyElseHasWrittenIsLeftAlone) {
  const TempName name;
  auto arena = Arena<std::uint32_t>::create(name, {.slots = 4, .writers = Writers::exclusive});
  arena.alloc(5);
  EXPECT_EQ(code_of([&] { MirrorRing::find(name.str()); }), Code::already_exists);
  EXPECT_EQ(code_of([&] { MirrorRing::make(name.str(), origin_of_lanes(1), kEpoch, 0); }), Code::already_exists);
  EXPECT_EQ(*arena.read(0), 5U);
}

TEST(MirrorRingOnceTest, ARingThatWasMadeForItIsUsed) {
  const TempName name;
  const auto arena =
      RawArena::create(name.str(), {.name = "four bytes", .size_bytes = 4, .align_bytes = 4, .schema = {}},
                       {.slots = kSlots, .writers = Writers::exclusive});
  const auto epoch = arena.info().epoch;
  const MirrorRing ring = MirrorRing::make(name.str(), origin_of_lanes(1), kEpoch, 0);
  EXPECT_EQ(RawView::open(name.str()).info().epoch, epoch);
}

TEST(MirrorRingOnceTest, AnOriginThatWouldTakeAllMemoryIsRefused) {
  const TempName name;
  Origin origin = origin_of_lanes(1);
  origin.slots = std::uint64_t{1} << 50;
  EXPECT_EQ(code_of([&] { MirrorRing::make(name.str(), origin, kEpoch, 0); }), Code::no_space);
  EXPECT_EQ(MirrorRing::make(name.str(), origin, kEpoch, 4).sum(), 0U);
}

}  // namespace
}  // namespace arena_shm::bridge
