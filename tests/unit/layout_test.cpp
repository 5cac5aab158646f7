// The bytes of a segment, found at offsets that are written down here once more: a change of the layout that its own
// declarations agree with is still a change.
#include "arena_shm/core/layout.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/raw.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::SegmentFile;
using test::TempName;

const RecordType kRecord{"mkt::Tick", 12, 4, R"({"names":["a"]})"};

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

TEST(LayoutTest, HeaderFieldsStandAtTheirOffsets) {
  const TempName name;
  const auto arena = RawArena::create(name, kRecord, {.slots = 300, .seats = 40});
  SegmentFile file(name);
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(std::memcmp(file.bytes(), "ARENASHM", 8), 0);
  EXPECT_EQ(file.at<std::uint32_t>(8), 6U);
  EXPECT_EQ(std::memcmp(file.bytes() + 12, "\x04\x03\x02\x01", 4), 0);
  EXPECT_EQ(file.at<std::uint32_t>(16), 576U);
  EXPECT_EQ(file.at<std::uint32_t>(20), 0U);
  EXPECT_EQ(file.at<std::uint64_t>(32), file.size());
  EXPECT_EQ(file.at<std::uint64_t>(40), page);
  const std::uint64_t regions[5][2] = {
      {page, 15}, {2 * page, 4}, {3 * page, 128}, {4 * page, 40 * 192}, {6 * page, 300 * 24}};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(file.at<std::uint64_t>(48 + 16 * static_cast<unsigned>(i)), regions[i][0]) << "region " << i;
    EXPECT_EQ(file.at<std::uint64_t>(56 + 16 * static_cast<unsigned>(i)), regions[i][1]) << "region " << i;
  }
  EXPECT_EQ(file.at<std::uint64_t>(128), 300U);
  EXPECT_EQ(file.at<std::uint64_t>(136), 24U);
  EXPECT_EQ(file.at<std::uint64_t>(144), 8U);
  EXPECT_EQ(file.at<std::uint64_t>(152), 12U);
  EXPECT_EQ(file.at<std::uint64_t>(160), 4U);
  EXPECT_EQ(file.at<std::uint32_t>(168), 40U);
  EXPECT_EQ(file.at<std::uint32_t>(172), static_cast<std::uint32_t>(::getpid()));
  EXPECT_EQ(file.at<std::uint64_t>(176), core::fnv1a(kRecord.schema.data(), kRecord.schema.size()));
  for (std::uint64_t at = 224; at < 296; at += 8) EXPECT_EQ(file.at<std::uint64_t>(at), 0U) << "no times";
  for (std::uint64_t at = 296; at < 328; at += 8) EXPECT_EQ(file.at<std::uint64_t>(at), 0U) << "no consumers";
  EXPECT_STREQ(reinterpret_cast<const char*>(file.bytes() + 328), "mkt::Tick");
  EXPECT_EQ(std::memcmp(file.bytes() + page, kRecord.schema.data(), kRecord.schema.size()), 0);
  EXPECT_EQ(file.size(), 6 * page + (300 * 24 + page - 1) / page * page);
}

TEST(LayoutTest, ConsumersHaveSeatsAndARegion) {
  const TempName name;
  const auto arena = RawArena::create(name, kRecord,
                                      {.slots = 16,
                                       .writers = Writers::laned,
                                       .seats = 9,
                                       .full = Full::wait,
                                       .consumers = 5,
                                       .patience = Duration(std::chrono::milliseconds(7))});
  SegmentFile file(name);
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(file.at<std::uint32_t>(20), 2U | 4U);
  EXPECT_EQ(file.at<std::uint64_t>(104), (9U + 5U) * 192);
  EXPECT_EQ(file.at<std::uint64_t>(296), 5 * page);
  EXPECT_EQ(file.at<std::uint64_t>(304), 64U + 5 * 128);
  EXPECT_EQ(file.at<std::uint32_t>(312), 5U);
  EXPECT_EQ(file.at<std::uint64_t>(320), 7'000'000U);
  auto writer = arena.writer();
  const std::array<std::byte, 12> value{};
  for (int i = 0; i < 3; ++i) writer.alloc(value);
  const auto first = arena.consumer("first");
  const auto second = arena.consumer("second", {.durable = true});
  const std::uint64_t lines = 5 * page + 64;
  EXPECT_EQ(file.at<std::uint32_t>(5 * page), 0U) << "nobody waits for room";
  constexpr std::uint64_t kFirstEpoch = 1U << 24;
  EXPECT_EQ(file.at<std::uint64_t>(lines), kFirstEpoch | 1U) << "joined";
  for (std::uint64_t at = 8; at < 32; at += 8) EXPECT_EQ(file.at<std::uint64_t>(lines + at), 0U) << "of groups";
  EXPECT_EQ(file.at<std::uint64_t>(lines + 32), 3U) << "of the first lane";
  EXPECT_EQ(file.at<std::uint64_t>(lines + 40), 0U);
  EXPECT_EQ(file.at<std::uint64_t>(lines + 128), kFirstEpoch | 2U) << "kept";
  EXPECT_EQ(file.at<std::uint64_t>(lines + 128 + 32), 3U);
  EXPECT_EQ(std::memcmp(file.bytes() + 4 * page + 9 * 192 + 96, "first", 6), 0);
  EXPECT_EQ(std::memcmp(file.bytes() + 4 * page + 10 * 192 + 96, "second", 7), 0);
}

TEST(LayoutTest, AGroupHasALineAndEachOfItsMembersOneOfItsOwn) {
  const TempName name;
  const auto arena = RawArena::create(
      name, kRecord, {.slots = 16, .writers = Writers::laned, .seats = 3, .full = Full::wait, .consumers = 4});
  SegmentFile file(name);
  auto member = arena.consumer("pair", {.share = true});
  const auto other = arena.consumer("pair", {.share = true, .durable = true});
  auto writer = arena.writer();
  const std::array<std::byte, 12> value{};
  for (int i = 0; i < 3; ++i) writer.alloc(value);
  std::array<std::byte, 12> got{};
  ASSERT_EQ(member.next(got), 0U);
  ASSERT_EQ(member.next(got), 3U) << "the second value of the first lane";

  constexpr std::uint64_t kFirstEpoch = 1U << 24;
  const std::uint64_t lines = file.header().consumers.offset_bytes + 64;
  const std::uint64_t group = lines + 64;
  EXPECT_EQ(file.at<std::uint64_t>(lines), kFirstEpoch | 2U << 2 | 1U) << "a member, joined";
  EXPECT_EQ(file.at<std::uint64_t>(lines + 8), 1U << 8 | 1U) << "of the group in place 1, in its first epoch";
  EXPECT_EQ(file.at<std::uint64_t>(lines + 16), (3U + 1) << 4 | 1U) << "holds one, from 3 on";
  EXPECT_EQ(file.at<std::uint64_t>(lines + 24), 0U) << "and nothing that is pending";
  EXPECT_EQ(file.at<std::uint64_t>(group), kFirstEpoch | 2U << 4 | 1U << 2 | 2U) << "two joins, a group, kept";
  EXPECT_EQ(file.at<std::uint64_t>(group + 8), 0U) << "nothing was taken over";
  EXPECT_EQ(file.at<std::uint64_t>(group + 32), 2U) << "next, in numbers of the lane";
  EXPECT_EQ(file.at<std::uint64_t>(group + 40), 0U);
  EXPECT_EQ(file.at<std::uint64_t>(lines + 128), kFirstEpoch | 2U << 2 | 1U) << "durable is the group alone";
  EXPECT_EQ(file.at<std::uint64_t>(lines + 128 + 16), 0U);
  const std::uint64_t names = file.header().seats.offset_bytes + 3 * 192 + 96;
  for (std::uint64_t place = 0; place < 3; ++place)
    EXPECT_EQ(std::memcmp(file.bytes() + names + place * 192, "pair", 5), 0) << place;
}

TEST(LayoutTest, TimesStandBehindTheStamps) {
  const TempName name;
  const auto arena = RawArena::create(name, kRecord, {.slots = 4, .writers = Writers::exclusive, .time = true});
  SegmentFile file(name);
  EXPECT_EQ(file.at<std::uint64_t>(224), static_cast<std::uint64_t>(arena.info().clock));
  EXPECT_EQ(file.at<std::uint64_t>(232), file.header().ticks_per_second);
  const std::uint64_t now = core::read_clock(arena.info().clock);
  EXPECT_LE(file.at<std::uint64_t>(248), now);
  EXPECT_LT(now - file.at<std::uint64_t>(248), 60 * file.header().ticks_per_second);
  EXPECT_NE(file.at<std::uint64_t>(256), 0U);
  EXPECT_NE(file.at<std::uint64_t>(264), 0U);
  EXPECT_EQ(file.at<std::uint64_t>(144), 16U);
  EXPECT_EQ(file.at<std::uint64_t>(136), 32U);
  const std::array<std::byte, 12> value{std::byte{7}};
  auto writer = arena.writer();
  writer.alloc(value);
  const std::uint64_t slot = file.header().slots.offset_bytes;
  EXPECT_EQ(file.at<std::uint64_t>(slot), 2U);
  EXPECT_GE(file.at<std::uint64_t>(slot + 8), now);
  EXPECT_EQ(file.at<std::byte>(slot + 16), std::byte{7});
}

TEST(LayoutTest, ExclusiveArenasHaveTheFlagAndOneSeatAndInItTheHead) {
  const TempName name;
  const auto arena = RawArena::create(name, kRecord, {.slots = 1, .writers = Writers::exclusive});
  SegmentFile file(name);
  EXPECT_EQ(file.at<std::uint32_t>(20), 1U);
  EXPECT_EQ(file.at<std::uint32_t>(168), 1U);
  const std::array<std::byte, 12> value{};
  auto writer = arena.writer();
  for (int i = 0; i < 5; ++i) writer.alloc(value);
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(file.at<std::uint64_t>(4 * page + 8), 5U);
  EXPECT_EQ(file.at<std::uint64_t>(3 * page), 0U);
  EXPECT_EQ(arena.head(), 5U);
}

TEST(LayoutTest, AFreshSegmentIsZeroBehindHeaderAndSchema) {
  const TempName name;
  const auto arena = RawArena::create(name, {"", 8, 8, ""}, {.slots = 100});
  SegmentFile file(name);
  for (std::size_t i = 512; i < file.size(); ++i) ASSERT_EQ(file.bytes()[i], std::byte{0}) << "byte " << i;
}

TEST(LayoutTest, EveryPageIsReserved) {
  const TempName name;
  const auto arena = RawArena::create(name, {"", 100, 1, ""}, {.slots = 100'000});
  struct stat status {};
  ASSERT_EQ(::stat(name.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_blocks * 512, status.st_size);
}

TEST(LayoutTest, ValueSeqLivesInSlotSeqModuloSlotsBehindItsStamp) {
  const TempName name;
  auto arena = RawArena::create(name, kRecord, {.slots = 5});
  SegmentFile file(name);
  const std::uint64_t slots = file.at<std::uint64_t>(112);
  for (std::uint64_t seq = 0; seq < 13; ++seq) {
    const std::string value = "value number" + std::string(1, static_cast<char>('a' + seq));
    ASSERT_EQ(arena.alloc(bytes_of(value.substr(1))), seq);
    const std::uint64_t slot = slots + seq % 5 * 24;
    EXPECT_EQ(file.at<std::uint64_t>(slot), (seq + 1) * 2);
    EXPECT_EQ(std::memcmp(file.bytes() + slot + 8, value.data() + 1, 12), 0);
    EXPECT_EQ(file.at<std::uint32_t>(slot + 20), 0U) << "padding";
    EXPECT_EQ(file.at<std::uint64_t>(file.at<std::uint64_t>(80)), seq + 1) << "head";
  }
}

TEST(LayoutTest, SlotsAreWholeWordsWithAlignedPayloads) {
  struct Case {
    std::uint64_t size, align, offset, stride;
  };
  for (const Case& c :
       {Case{1, 1, 8, 16}, Case{8, 8, 8, 16}, Case{9, 1, 8, 24}, Case{12, 4, 8, 24}, Case{16, 16, 16, 32},
        Case{17, 1, 8, 32}, Case{24, 32, 32, 64}, Case{64, 64, 64, 128}, Case{4096, 4096, 4096, 8192}}) {
    const TempName name;
    const auto arena = RawArena::create(name, {"", c.size, c.align, ""}, {.slots = 3});
    SegmentFile file(name);
    EXPECT_EQ(file.header().payload_offset_bytes, c.offset) << c.size << " bytes aligned to " << c.align;
    EXPECT_EQ(file.header().stride_bytes, c.stride) << c.size << " bytes aligned to " << c.align;
    EXPECT_EQ(arena.info().stride_bytes, c.stride);
    for (std::uint64_t i = 0; i < 3; ++i)
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.ptr_at(i)) % c.align, 0U) << "slot " << i;
  }
}

TEST(LayoutTest, SegmentsOfOneNameDifferInTheirEpoch) {
  const TempName name;
  const auto first = RawArena::create(name, kRecord, {.slots = 1}).info().epoch;
  RawArena::remove(name);
  EXPECT_NE(RawArena::create(name, kRecord, {.slots = 1}).info().epoch, first);
}

TEST(Fnv1aTest, AgreesWithThePublishedVectors) {
  EXPECT_EQ(core::fnv1a("", 0), 0xcbf29ce484222325U);
  EXPECT_EQ(core::fnv1a("a", 1), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(core::fnv1a("foobar", 6), 0x85944171f73967e8U);
}

}  // namespace
}  // namespace arena_shm
