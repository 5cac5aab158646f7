// Files that say more than they have room for: offsets may lead to the same bytes again and again, and lengths, too.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "described_fixture.hpp"
#include "recording/arrow/messages.hpp"
#include "recording/mcap/records.hpp"

namespace arena_shm::recording {
namespace {

using arrow::NoteOffsets;
using flatbuffers::FlatBufferBuilder;
using FieldOffset = flatbuffers::Offset<arrow::fb::Field>;
namespace fb = arrow::fb;

FieldOffset field_of(FlatBufferBuilder& builder, const std::string& name, const std::vector<FieldOffset>& children = {},
                     NoteOffsets notes = {}) {
  const auto name_offset = builder.CreateString(name);
  const auto type = children.empty() ? fb::CreateInt(builder, 64, true).Union() : fb::CreateNothing(builder).Union();
  const auto child_offsets = builder.CreateVector(children);
  return fb::CreateField(builder, name_offset, false, children.empty() ? fb::Type::integer : fb::Type::structure, type,
                         {}, child_offsets, notes);
}

NoteOffsets notes_of_one(FlatBufferBuilder& builder, std::size_t count) {
  const auto key = builder.CreateString("key");
  const auto note = fb::CreateKeyValue(builder, key, builder.CreateString(std::string(10'000, 'v')));
  return builder.CreateVector(std::vector(count, note));
}

std::string stream_of(FlatBufferBuilder& builder, const std::vector<FieldOffset>& fields, NoteOffsets notes = {}) {
  const auto field_offsets = builder.CreateVector(fields);
  std::string out;
  arrow::append_message(out, builder, fb::Header::schema,
                        fb::CreateSchema(builder, fb::Endianness::little, field_offsets, notes).Union(), 0, {});
  arrow::append_end(out);
  return out;
}

using Make = std::function<std::string(FlatBufferBuilder&)>;

TEST(HostileTest, WhatIsSharedAThousandTimesIsNoMessage) {
  const std::vector<std::pair<const char*, Make>> hostile{
      {"a field", [](auto& b) { return stream_of(b, std::vector(1000, field_of(b, std::string(10'000, 'n')))); }},
      {"its notes", [](auto& b) { return stream_of(b, {field_of(b, "x", {}, notes_of_one(b, 1000))}); }},
      {"the schema's notes", [](auto& b) { return stream_of(b, {field_of(b, "x")}, notes_of_one(b, 1000)); }},
      {"names of structs",
       [](auto& b) {
         const auto leaf = field_of(b, "x");
         return stream_of(b, {field_of(b, std::string(10'000, 's'), std::vector(1000, leaf))});
       }},
      {"structs of structs", [](auto& b) {
         FieldOffset field = field_of(b, "x");
         for (int i = 0; i < 20; ++i) field = field_of(b, "s", {field, field});
         return stream_of(b, {field});
       }}};
  for (const auto& [what, make] : hostile) {
    FlatBufferBuilder builder;
    const Seen seen = read(make(builder));
    EXPECT_NE(seen.notes.find("expected an Arrow stream"), std::string::npos) << what << ": " << seen.notes;
  }
}

TEST(HostileTest, ManyColumnsWithLongNamesAreRead) {
  FlatBufferBuilder builder;
  std::vector<FieldOffset> inner;
  std::vector<FieldOffset> fields;
  for (int i = 0; i < 300; ++i) {
    inner.push_back(field_of(builder, "inner" + std::to_string(i)));
    fields.push_back(field_of(builder, std::string(100, 'n') + std::to_string(i)));
  }
  fields.push_back(field_of(builder, "a struct whose name is not the shortest one", inner));
  const Seen seen = read(stream_of(builder, fields));
  EXPECT_EQ(seen.notes, "");
  ASSERT_TRUE(seen.shape.schema);
  EXPECT_EQ(seen.shape.schema->fields.size(), 600u);
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

constexpr std::size_t kHostileBytes = std::size_t{1} << 23;
constexpr std::size_t kMostLines = 40;

// Each chunk says that it reaches beyond the file, or that it has all of the rest.
TEST(HostileTest, AHostileMcapFileEndsSoonAndSaysLittle) {
  std::string head;
  encoder_for(Form::mcap, shape_of("u32 n"))->begin(head);
  for (const bool is_whole : {false, true}) {
    std::string file = head;
    while (file.size() < kHostileBytes) {
      const std::string records = "\x90" + std::string(8, '\0') + "a";
      file += '\x06';
      mcap::put(file, is_whole ? std::uint64_t{40} + records.size() : std::uint64_t{1} << 40);
      mcap::put(file, std::uint64_t{0});
      mcap::put(file, std::uint64_t{0});
      mcap::put(file, std::uint64_t{records.size()});
      mcap::put(file, mcap::checksum(records));
      mcap::put_text(file, "");
      mcap::put(file, std::uint64_t{records.size()});
      file += records + std::string(1, '\0');
    }
    const Seen seen = read(file);
    EXPECT_EQ(seen.rows.size(), 0u);
    EXPECT_LE(lines(seen.notes), kMostLines);
  }
}

TEST(HostileTest, AHostileArrowFileEndsSoonAndSaysLittle) {
  std::string head;
  encoder_for(Form::arrow, shape_of("u32 n"))->begin(head);
  for (const bool is_long : {false, true}) {
    std::string file = head;
    while (file.size() < kHostileBytes) {
      flatbuffers::FlatBufferBuilder builder;
      const std::uint64_t body = is_long ? kHostileBytes - file.size() - 200 : 0;
      arrow::append_message(file, builder, arrow::fb::Header::record_batch,
                            arrow::fb::CreateRecordBatch(builder, 0).Union(), body, {});
      if (file.size() + 300 > kHostileBytes) break;
    }
    file += std::string(400, 'x');
    const Seen seen = read(file);
    EXPECT_EQ(seen.rows.size(), 0u);
    EXPECT_LE(lines(seen.notes), kMostLines);
  }
}

}  // namespace
}  // namespace arena_shm::recording
