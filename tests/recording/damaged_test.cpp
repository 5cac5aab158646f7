// Damage in the middle of a recording costs what it hits, and it is told.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "described_fixture.hpp"

namespace arena_shm::recording {
namespace {

struct Blocks {
  std::string file;
  std::vector<std::size_t> ends;  // of the schema and of each block
};

// Five blocks of four rows, which are their numbers.
Blocks blocks_of(Form form) {
  RecordShape shape = shape_of("u32 n, u8 side");
  shape.schema->fields[1].enumerators = {{"buy", 0}, {"sell", 1}};
  const auto encoder = encoder_for(form, shape);
  Blocks blocks;
  encoder->begin(blocks.file);
  blocks.ends.push_back(blocks.file.size());
  for (std::uint32_t i = 0; i < 20; ++i) {
    const std::array<std::uint32_t, 2> row{i, i % 2};
    encoder->add(i, std::as_bytes(std::span(row)).first(shape.size_bytes), {});
    if (i % 4 != 3) continue;
    encoder->end_block(blocks.file);
    blocks.ends.push_back(blocks.file.size());
  }
  encoder->finish(blocks.file);
  return blocks;
}

class DamagedTest : public testing::TestWithParam<Form> {};

TEST_P(DamagedTest, WhereverAByteIsAlteredAllOtherBlocksAreReadAndTheRestIsTold) {
  const Blocks blocks = blocks_of(GetParam());
  ASSERT_EQ(read(blocks.file).rows.size(), 20u);
  ASSERT_FALSE(read(blocks.file).is_damaged);
  for (std::size_t at = blocks.ends[0]; at < blocks.ends.back(); at += kStride) {
    for (const unsigned flipped : {0xffU, 0x01U, 0x40U}) {
      std::string file = blocks.file;
      file[at] = static_cast<char>(static_cast<unsigned char>(file[at]) ^ flipped);
      const Seen seen = read(file);
      ASSERT_GE(seen.rows.size(), 16u) << at << ' ' << flipped << ' ' << seen.notes;
      if (seen.rows.size() == 20) continue;
      ASSERT_TRUE(seen.is_damaged || seen.refused > 0) << at << ' ' << flipped;
      ASSERT_NE(seen.notes, "") << at << ' ' << flipped;
    }
  }
}

TEST_P(DamagedTest, OfAHoleOfZerosOrOfBytesThatAreMissingIsToldHowManyValuesWereInIt) {
  const Blocks blocks = blocks_of(GetParam());
  for (const std::size_t bytes : {std::size_t{50}, blocks.ends[3] - blocks.ends[2]}) {
    std::string zeros = blocks.file;
    zeros.replace(blocks.ends[2] + 3, bytes, bytes, '\0');
    std::string shorter = blocks.file;
    shorter.erase(blocks.ends[2] + 3, bytes);
    for (const std::string& file : {zeros, shorter}) {
      const Seen seen = read(file);
      ASSERT_GE(seen.rows.size(), 12u) << seen.notes;
      ASSERT_EQ(seen.rows.size() + seen.lost, 20u) << seen.notes;
      EXPECT_NE(seen.notes, "");
    }
  }
}

TEST_P(DamagedTest, WhereNothingFollowsTheDamageHowMuchIsLeftOutIsTold) {
  const Blocks blocks = blocks_of(GetParam());
  std::string file = blocks.file;
  std::fill(file.begin() + static_cast<std::ptrdiff_t>(blocks.ends[2]), file.end(), '\0');
  const Seen seen = read(file);
  EXPECT_EQ(seen.rows.size(), 8u);
  EXPECT_TRUE(seen.is_damaged);
  const std::string left = std::to_string(file.size() - blocks.ends[2]) + " bytes behind that could not be read";
  EXPECT_NE(seen.notes.find(left), std::string::npos) << seen.notes;
}

INSTANTIATE_TEST_SUITE_P(Forms, DamagedTest, testing::Values(Form::arrow, Form::mcap),
                         [](const auto& form) { return form.param == Form::arrow ? "arrow" : "mcap"; });

}  // namespace
}  // namespace arena_shm::recording
