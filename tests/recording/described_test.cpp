// Arrow streams and MCAP files in memory: random records there and back, and files that are cut off at every byte.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "described_fixture.hpp"

namespace arena_shm::recording {
namespace {

class DescribedTest : public testing::TestWithParam<Form> {
 protected:
  std::mt19937_64 random_{20260131};

  std::string random_fields() {
    static const std::vector<std::string> kTypes{"u8",  "u16", "u32", "u64",  "i8", "i16", "i32",
                                                 "i64", "f32", "f64", "bool", "s1", "s5",  "s17"};
    std::string fields;
    const std::size_t count = 1 + random_() % 12;
    for (std::size_t i = 0; i < count; ++i) {
      fields += (i > 0 ? ", " : "") + kTypes[random_() % kTypes.size()];
      for (std::size_t dimensions = random_() % 3; dimensions > 0; --dimensions)
        fields += "[" + std::to_string(1 + random_() % 4) + "]";
      fields += " f" + std::to_string(i);
    }
    return fields;
  }

  // Padding is zero, and a bool is 0 or 1.
  std::vector<std::byte> random_row(const schema::Schema& schema) {
    std::vector<std::byte> row(schema.size_bytes);
    for (const schema::Field& field : schema.fields) {
      for (std::size_t i = 0; i < field.element_count(); ++i) {
        const auto element = field.element(std::span(row), i);
        for (std::byte& byte : element) byte = std::byte{static_cast<std::uint8_t>(random_())};
        if (random_() % 4 == 0) std::fill(element.begin(), element.end(), std::byte{0xff});
        if (field.kind == schema::Kind::boolean) element[0] &= std::byte{1};
      }
    }
    return row;
  }
};

TEST_P(DescribedTest, RandomRecordsComeBackByteForByte) {
  const int rounds = kIsLong ? 3000 : 100;
  for (int round = 0; round < rounds; ++round) {
    const RecordShape shape = shape_of(random_fields());
    const auto encoder = encoder_for(GetParam(), shape);
    std::string file;
    encoder->begin(file);
    std::vector<std::vector<std::byte>> rows;
    for (std::uint64_t i = 0; i < random_() % 20; ++i) {
      rows.push_back(random_row(*shape.schema));
      encoder->add(1000 + i, rows.back(), {});
      if (random_() % 5 == 0) encoder->end_block(file);
    }
    encoder->finish(file);
    const Seen seen = read(file);
    ASSERT_EQ(seen.notes, "");
    ASSERT_EQ(seen.refused, 0u);
    ASSERT_EQ(seen.shape.schema, shape.schema);
    ASSERT_EQ(seen.rows, rows) << schema::to_fields(*shape.schema);
    for (std::size_t i = 0; i < seen.seqs.size(); ++i) ASSERT_EQ(seen.seqs[i], 1000 + i);
  }
}

TEST_P(DescribedTest, AFileThatIsCutOffAtAnyByteHasOnlyWholeValues) {
  const RecordShape shape = shape_of("u64 n, f32 x, s3 t, bool on");
  const auto encoder = encoder_for(GetParam(), shape);
  std::string file;
  std::vector<std::vector<std::byte>> rows;
  std::vector<std::pair<std::size_t, std::size_t>> ends;  // of blocks: bytes, and rows until there
  encoder->begin(file);
  const std::size_t head_bytes = file.size();
  for (std::uint64_t block = 0; block < 3; ++block) {
    for (std::uint64_t i = 0; i < 4; ++i) {
      rows.push_back(random_row(*shape.schema));
      const Gap gap{.first = 10 * rows.size(), .last = 10 * rows.size() + 2};
      encoder->add(rows.size(), rows.back(), i == 2 ? std::vector{gap} : std::vector<Gap>{});
    }
    encoder->end_block(file);
    ends.emplace_back(file.size(), rows.size());
  }
  encoder->finish(file);
  EXPECT_EQ(read(file).notes, "");
  EXPECT_EQ(read(file).gap_values, 9u);
  for (std::size_t bytes = 12; bytes < file.size(); ++bytes) {
    const Seen seen = read(std::string_view(file).substr(0, bytes));
    ASSERT_LE(seen.rows.size(), rows.size());
    ASSERT_TRUE(std::equal(seen.rows.begin(), seen.rows.end(), rows.begin())) << bytes;
    std::size_t whole = 0;
    for (const auto& [end, count] : ends) whole = bytes >= end ? count : whole;
    ASSERT_GE(seen.rows.size(), whole) << bytes;
    if (GetParam() == Form::arrow && bytes >= head_bytes) {
      ASSERT_EQ(seen.rows.size(), whole) << bytes;
    }
    // Behind the last value only an index may be missing.
    if (whole < rows.size()) {
      ASSERT_NE(seen.notes, "") << bytes;
    }
  }
}

TEST_P(DescribedTest, ABlockThatIsMissingIsCounted) {
  const RecordShape shape = shape_of("u32 n");
  const auto encoder = encoder_for(GetParam(), shape);
  std::string file;
  encoder->begin(file);
  std::size_t begin = 0;
  std::size_t end = 0;
  for (std::uint32_t i = 0; i < 9; ++i) {
    encoder->add(i, std::as_bytes(std::span(&i, 1)), {});
    if (i % 3 != 2) continue;
    if (i == 5) begin = file.size();
    encoder->end_block(file);
    if (i == 5) end = file.size();
  }
  encoder->finish(file);
  file.erase(begin, end - begin);
  const Seen seen = read(file);
  EXPECT_EQ(seen.seqs, (std::vector<std::uint64_t>{0, 1, 2, 6, 7, 8}));
  EXPECT_EQ(seen.lost, 3u);
  EXPECT_NE(seen.notes, "");
}

TEST_P(DescribedTest, GapsAndNewArenasComeInTheirOrder) {
  const RecordShape shape = shape_of("u32 n");
  const auto encoder = encoder_for(GetParam(), shape);
  std::string file;
  encoder->begin(file);
  const std::uint32_t value = 7;
  const Gap gap{.first = 5, .last = 11, .cause = Loss::passed_over, .step = 3};
  encoder->add(3, std::as_bytes(std::span(&value, 1)), std::vector{gap});
  encoder->end_block(file);
  encoder->add_lost(gap);
  encoder->end_block(file);  // a recorder that is killed now has told of it
  EXPECT_EQ(read(file).gap_values, 6u);
  encoder->restart("second");
  encoder->add(0, std::as_bytes(std::span(&value, 1)), {});
  encoder->finish(file);
  const Seen seen = read(file);
  EXPECT_EQ(seen.gap_values, 6u);
  EXPECT_EQ(seen.epochs, std::vector<std::string>{"second"});
  EXPECT_EQ(seen.shape.origin.epoch, "first");
  EXPECT_EQ(seen.shape.origin.type, "Type");
  EXPECT_EQ(seen.seqs, (std::vector<std::uint64_t>{3, 0}));
}

TEST_P(DescribedTest, EnumsMayHaveManyValuesWithoutAName) {
  RecordShape shape = shape_of("i32 e, i8[2] small");
  shape.schema->fields[0].enumerators = {{"minus", static_cast<std::uint64_t>(-1)}, {"one", 1}};
  shape.schema->fields[1].enumerators = {{"low", static_cast<std::uint64_t>(-128)}};
  const auto encoder = encoder_for(GetParam(), shape);
  std::string file;
  encoder->begin(file);
  std::vector<std::vector<std::byte>> rows;
  for (std::int32_t i = 0; i < 9000; ++i) {
    std::vector<std::byte> row(shape.size_bytes);
    const std::int32_t value = i % 2 == 0 ? -1 : i * 65537 - 300'000'000;
    std::memcpy(row.data(), &value, sizeof(value));
    row[4] = std::byte{static_cast<std::uint8_t>(i)};
    row[5] = std::byte{0x80};
    encoder->add(static_cast<std::uint64_t>(i), row, {});
    rows.push_back(row);
    if (i % 500 == 0) encoder->end_block(file);
  }
  encoder->finish(file);
  EXPECT_EQ(read(file).rows, rows);
}

TEST_P(DescribedTest, NoMoreIsWrittenThanWasSaid) {
  RecordShape shape = shape_of("u64 n, s9 text, i16 e, bool[3] on");
  shape.schema->fields[2].enumerators = {{"one", 1}};
  const auto encoder = encoder_for(GetParam(), shape);
  for (const std::size_t count : std::vector<std::size_t>{1, 2, 7, 100}) {
    std::string file;
    encoder->begin(file);
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = random_row(*shape.schema);
      const std::vector<Gap> lost(i % 3, Gap{.first = ~std::uint64_t{0} - 5, .last = ~std::uint64_t{0}});
      most = file.size() + encoder->most_bytes_with(row, lost);
      encoder->add(i, row, lost);
      if (i % 10 == 4) encoder->end_block(file);
    }
    encoder->finish(file);
    EXPECT_LE(file.size(), most);
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, DescribedTest, testing::Values(Form::arrow, Form::mcap),
                         [](const auto& form) { return form.param == Form::arrow ? "arrow" : "mcap"; });

}  // namespace
}  // namespace arena_shm::recording
