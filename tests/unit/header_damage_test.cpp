// Files that were an arena once: a bit has changed, or bytes are missing.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/raw.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::code_of;
using test::SegmentFile;
using test::TempName;

const RecordType kRecord{"tick", 16, 8, R"({"names":[]})"};

/// Where a changed bit is noticed first.
Code code_of_flip(std::size_t byte) {
  if (byte < offsetof(core::Header, layout_version)) return Code::not_an_arena;
  if (byte < offsetof(core::Header, byte_order)) return Code::incompatible_version;
  if (byte < offsetof(core::Header, header_bytes)) return Code::incompatible_byte_order;
  return Code::corrupt;
}

void refuse_each_flipped_bit(Writers writers) {
  const TempName name;
  const auto arena = RawArena::create(name, kRecord, {.slots = 3, .writers = writers});
  SegmentFile file(name);
  for (std::size_t byte = 0; byte < sizeof(core::Header); ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      file.bytes()[byte] ^= std::byte{1} << bit;
      ASSERT_EQ(code_of([&] { RawView::open(name); }), code_of_flip(byte)) << "byte " << byte << " bit " << bit;
      file.bytes()[byte] ^= std::byte{1} << bit;
    }
  }
  EXPECT_EQ(code_of([&] { RawView::open(name); }), std::nullopt);
}

TEST(HeaderDamageTest, EachFlippedBitIsRefused) { refuse_each_flipped_bit(Writers::shared); }
TEST(HeaderDamageTest, EachFlippedBitOfALanedOneIsRefused) { refuse_each_flipped_bit(Writers::laned); }

TEST(HeaderDamageTest, EachTruncationIsRefused) {
  const TempName name;
  const auto arena = RawArena::create(name, kRecord, {.slots = 3, .seats = 1});
  const std::size_t size = SegmentFile(name).size();
  for (std::size_t length = size; length-- > 0;) {
    ASSERT_EQ(::truncate(name.path().c_str(), static_cast<off_t>(length)), 0);
    ASSERT_EQ(code_of([&] { RawView::open(name); }), length < 8 ? Code::not_an_arena : Code::truncated)
        << length << " of " << size << " bytes";
  }
  EXPECT_EQ(code_of([&] { RawArena::open(name); }), Code::not_an_arena) << "the empty file";
}

TEST(HeaderDamageTest, ALongerFileIsRefused) {
  const TempName name;
  const auto arena = RawArena::create(name, kRecord, {.slots = 3});
  const std::size_t size = SegmentFile(name).size();
  for (const std::size_t more : {std::size_t{1}, std::size_t{8}, std::size_t{4096}}) {
    ASSERT_EQ(::truncate(name.path().c_str(), static_cast<off_t>(size + more)), 0);
    EXPECT_EQ(code_of([&] { RawView::open(name); }), Code::corrupt) << more << " bytes more";
  }
}

TEST(HeaderDamageTest, ForeignBytesAreNoArena) {
  const TempName name;
  auto arena = RawArena::create(name, kRecord, {.slots = 3});
  SegmentFile file(name);
  for (std::size_t i = 0; i < file.size(); ++i) file.bytes()[i] = static_cast<std::byte>(i * 37);
  EXPECT_EQ(code_of([&] { RawView::open(name); }), Code::not_an_arena);
  EXPECT_EQ(code_of([&] { RawArena::open(name); }), Code::not_an_arena);
  EXPECT_EQ(code_of([&] { RawArena::open_or_create(name, kRecord, {.slots = 3}); }), Code::not_an_arena);
}

// Holes that are punched into the slots read as zeros: never used, hence nothing is there, and nothing is invented.
TEST(HeaderDamageTest, ZeroedSlotsShowNoValues) {
  const TempName name;
  auto arena = RawArena::create(name, kRecord, {.slots = 4});
  const std::vector<std::byte> value(16, std::byte{7});
  for (int i = 0; i < 4; ++i) arena.alloc(value);
  SegmentFile file(name);
  for (std::uint64_t i = 0; i < file.header().slots.size_bytes; ++i)
    file.bytes()[file.header().slots.offset_bytes + i] = std::byte{0};
  std::vector<std::byte> found(16);
  for (std::uint64_t seq = 0; seq < 4; ++seq) EXPECT_EQ(arena.read(seq, found), ReadStatus::hole);
  EXPECT_EQ(arena.alloc(value), 4U) << "writers go on";
  EXPECT_EQ(arena.read(4, found), ReadStatus::ok);
}

}  // namespace
}  // namespace arena_shm
