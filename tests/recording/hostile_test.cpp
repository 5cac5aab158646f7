// Arrow streams that say more than they have room for: offsets may lead to the same bytes again and again.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "described_fixture.hpp"
#include "recording/arrow/messages.hpp"

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

}  // namespace
}  // namespace arena_shm::recording
