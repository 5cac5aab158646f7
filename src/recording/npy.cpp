#include "recording/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace arena_shm::recording {

namespace {

using schema::Field;
using schema::Kind;

constexpr std::size_t kAlignBytes = 64;           // where the rows begin
constexpr std::size_t kMostCountDigits = 20;      // of a u64
constexpr std::size_t kLargestVersion1 = 0xffff;  // its length has two bytes

// As Python writes it.
std::string python_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '\'';
}

std::string type_of(const Field& field) {
  const std::string_view order = field.element_bytes > 1 ? "<" : "|";
  switch (field.kind) {
    case Kind::unsigned_integer: return fmt::format("{}u{}", order, field.element_bytes);
    case Kind::signed_integer: return fmt::format("{}i{}", order, field.element_bytes);
    case Kind::floating: return fmt::format("{}f{}", order, field.element_bytes);
    case Kind::boolean: return "|b1";
    case Kind::text: return fmt::format("|S{}", field.element_bytes);
  }
  return {};
}

std::string member(const Field& field) {
  std::string out = fmt::format("({}, '{}'", python_quoted(field.name), type_of(field));
  if (field.is_array()) {
    out += ", (";
    for (const std::size_t extent : field.shape) fmt::format_to(std::back_inserter(out), "{}, ", extent);
    out.resize(out.size() - (field.shape.size() > 1 ? 2 : 1));  // (3,) but (2, 3)
    out += ')';
  }
  return out + "), ";
}

std::string descr_of(const RecordShape& record) {
  std::string out = fmt::format("[('{}', '<u8'), ", schema::kSeqColumn);
  if (record.has_time) fmt::format_to(std::back_inserter(out), "('{}', '<i8'), ", schema::kTimeColumn);
  if (record.schema) {
    std::vector<Field> fields = record.schema->fields;
    const auto by_place = [](const Field& a, const Field& b) { return a.offset_bytes < b.offset_bytes; };
    std::sort(fields.begin(), fields.end(), by_place);
    std::size_t end = 0;
    const auto fill_up_to = [&](std::size_t offset) {
      if (offset > end) fmt::format_to(std::back_inserter(out), "('', '|V{}'), ", offset - end);
    };
    for (const Field& field : fields) {
      fill_up_to(field.offset_bytes);
      out += member(field);
      end = field.offset_bytes + field.size_bytes();
    }
    fill_up_to(record.schema->size_bytes);
  } else {
    fmt::format_to(std::back_inserter(out), "('record', '|V{}'), ", record.size_bytes);
  }
  out.resize(out.size() - 2);
  return out + ']';
}

}  // namespace

std::string npy_header(const RecordShape& record, std::uint64_t row_count) {
  const std::string descr = descr_of(record);
  std::string text = fmt::format("{{'descr': {}, 'fortran_order': False, 'shape': (", descr);
  const std::size_t widest = text.size() + kMostCountDigits + std::strlen(",), }\n");
  fmt::format_to(std::back_inserter(text), "{},), }}", row_count);

  // Version 3 is version 2 in UTF-8; the others are Latin-1.
  const bool is_ascii =
      std::all_of(descr.begin(), descr.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
  char version = is_ascii ? '\1' : '\3';
  if (version == '\1' && widest + kNpyPrefixBytes + kAlignBytes > kLargestVersion1) version = '\2';
  const std::size_t length_bytes = version == '\1' ? 2 : 4;
  const std::size_t before = kNpyMagic.size() + 2 + length_bytes;
  const std::size_t all = (before + widest + kAlignBytes - 1) / kAlignBytes * kAlignBytes;
  text.resize(all - before - 1, ' ');
  text += '\n';

  std::string header(kNpyMagic);
  header += {version, '\0'};
  for (std::size_t i = 0; i < length_bytes; ++i) header += static_cast<char>(text.size() >> (8 * i) & 0xff);
  return header + text;
}

}  // namespace arena_shm::recording
