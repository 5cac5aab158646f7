#include "recording/arrow/batch_writer.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace arena_shm::recording::arrow {

namespace {

using flatbuffers::FlatBufferBuilder;
using schema::Field;

constexpr std::size_t kOffsetBytes = sizeof(std::int32_t);  // of texts

// Where the buffers of a batch lie behind one another.
class Body {
 public:
  void add(std::uint64_t bytes) {
    buffers_.emplace_back(static_cast<std::int64_t>(bytes_), static_cast<std::int64_t>(bytes));
    bytes_ += aligned(bytes);
  }
  const std::vector<fb::Buffer>& buffers() const noexcept { return buffers_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  std::vector<fb::Buffer> buffers_;
  std::uint64_t bytes_ = 0;
};

flatbuffers::Offset<fb::RecordBatch> add_batch(FlatBufferBuilder& builder, std::uint64_t rows,
                                               const std::vector<fb::FieldNode>& nodes, const Body& body) {
  const auto node_offsets = builder.CreateVectorOfStructs(nodes);
  return fb::CreateRecordBatch(builder, static_cast<std::int64_t>(rows), node_offsets,
                               builder.CreateVectorOfStructs(body.buffers()));
}

struct TypeOffset {
  fb::Type type;
  flatbuffers::Offset<void> offset;
};

TypeOffset type_of(FlatBufferBuilder& builder, const Column& column) {
  switch (column.dictionary ? ColumnType::text : column.type) {
    case ColumnType::number:
    case ColumnType::half: break;
    case ColumnType::bits: return {fb::Type::boolean, fb::CreateNothing(builder).Union()};
    case ColumnType::bytes:
      return {fb::Type::fixed_size_binary,
              fb::CreateFixedSizeBinary(builder, static_cast<std::int32_t>(column.element_bytes)).Union()};
    case ColumnType::text: return {fb::Type::utf8, fb::CreateNothing(builder).Union()};
    case ColumnType::structure: return {fb::Type::structure, fb::CreateNothing(builder).Union()};
    case ColumnType::list:
      return {fb::Type::fixed_size_list,
              fb::CreateFixedSizeList(builder, static_cast<std::int32_t>(column.extent)).Union()};
  }
  if (column.kind == schema::Kind::floating) {
    const auto precision = column.element_bytes == sizeof(float) ? fb::Precision::single : fb::Precision::double_;
    return {fb::Type::floating, fb::CreateFloatingPoint(builder, precision).Union()};
  }
  return {fb::Type::integer, fb::CreateInt(builder, static_cast<std::int32_t>(8 * column.element_bytes),
                                           column.kind == schema::Kind::signed_integer)
                                 .Union()};
}

flatbuffers::Offset<fb::Field> add_field(FlatBufferBuilder& builder, const Column& column) {
  std::vector<flatbuffers::Offset<fb::Field>> children;
  for (const Column& child : column.children) children.push_back(add_field(builder, child));
  const auto child_offsets = builder.CreateVector(children);
  const auto [type, type_offset] = type_of(builder, column);
  flatbuffers::Offset<fb::DictionaryEncoding> dictionary;
  if (column.dictionary) {
    const auto index = fb::CreateInt(builder, static_cast<std::int32_t>(8 * column.element_bytes), true);
    dictionary = fb::CreateDictionaryEncoding(builder, *column.dictionary, index);
  }
  const auto name = builder.CreateString(column.name);
  const auto notes = add_notes(builder, column.notes);
  const bool is_nullable = column.type == ColumnType::text;
  return fb::CreateField(builder, name, is_nullable, type, type_offset, dictionary, child_offsets, notes);
}

// The elements of a row lie together; those of the next row, `stride` bytes further on.
template <std::size_t bytes>
void gather_as(const std::byte* from, std::size_t stride, std::uint64_t rows, char* target) {
  for (std::uint64_t i = 0; i < rows; ++i) std::memcpy(target + i * bytes, from + i * stride, bytes);
}

void gather(const std::byte* from, std::size_t stride, std::uint64_t rows, std::size_t bytes, char* target) {
  switch (bytes) {
    case 1: return gather_as<1>(from, stride, rows, target);
    case 2: return gather_as<2>(from, stride, rows, target);
    case 4: return gather_as<4>(from, stride, rows, target);
    case 8: return gather_as<8>(from, stride, rows, target);
    case 16: return gather_as<16>(from, stride, rows, target);
    default: break;
  }
  for (std::uint64_t i = 0; i < rows; ++i) std::memcpy(target + i * bytes, from + i * stride, bytes);
}

void set_bit(char* bits, std::uint64_t index) {
  bits[index / 8] = static_cast<char>(static_cast<unsigned char>(bits[index / 8]) | 1u << index % 8);
}

void gather_bits(const std::byte* from, std::size_t stride, std::uint64_t rows, std::size_t per_row, char* target) {
  for (std::uint64_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < per_row; ++k) {
      if (from[i * stride + k] != std::byte{0}) set_bit(target, i * per_row + k);
    }
  }
}

std::uint64_t bit_bytes(std::uint64_t bits) { return (bits + 7) / 8; }

void put_offset(char* offsets, std::uint64_t index, std::size_t end) {
  const auto value = static_cast<std::int32_t>(end);
  std::memcpy(offsets + index * kOffsetBytes, &value, sizeof(value));
}

void fill_gaps(const BatchRows& rows, char* validity, char* offsets, char* data) {
  std::size_t end = 0;
  auto next = rows.gap_texts.begin();
  for (std::uint64_t i = 0; i < rows.count; ++i) {
    if (next != rows.gap_texts.end() && next->first == i) {
      set_bit(validity, i);
      std::copy(next->second.begin(), next->second.end(), data + end);
      end += next->second.size();
      ++next;
    }
    put_offset(offsets, i + 1, end);
  }
}

std::uint64_t bytes_of(std::span<const std::pair<std::uint64_t, std::string>> texts) {
  std::uint64_t bytes = 0;
  for (const auto& [row, text] : texts) bytes += text.size();
  return bytes;
}

}  // namespace

void append_dictionary(std::string& out, EnumDictionary& dictionary) {
  bool is_addition = false;
  const auto texts = dictionary.tell(is_addition);
  std::size_t text_bytes = 0;
  for (const std::string& text : texts) text_bytes += text.size();
  Body body;
  body.add(0);
  body.add((texts.size() + 1) * kOffsetBytes);
  body.add(text_bytes);
  FlatBufferBuilder builder;
  const auto rows = static_cast<std::int64_t>(texts.size());
  const auto batch = add_batch(builder, texts.size(), {fb::FieldNode(rows, 0)}, body);
  append_message(out, builder, fb::Header::dictionary_batch,
                 fb::CreateDictionaryBatch(builder, dictionary.id(), batch, is_addition).Union(), body.bytes(), {});
  const std::size_t at = out.size();
  out.resize(at + body.bytes());
  char* const data = out.data() + at + body.buffers()[2].offset();
  std::size_t end = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::copy(texts[i].begin(), texts[i].end(), data + end);
    end += texts[i].size();
    put_offset(out.data() + at, i + 1, end);
  }
}

BatchWriter::BatchWriter(schema::Schema row) : row_(std::move(row)), columns_(columns_of(row_)) {
  parts_ = *parts_of(columns_, std::numeric_limits<std::size_t>::max());
  dictionaries_.reserve(row_.fields.size());  // leaves know them by address
  for (const Part& part : parts_) {
    if (!part.is_leaf()) continue;
    Leaf& leaf = leaves_.emplace_back(Leaf{.part = &part});
    if (!part.column->field) continue;
    leaf.field = &row_.fields[*part.column->field];
    if (part.column->dictionary) leaf.dictionary = &dictionaries_.emplace_back(*part.column->dictionary, *leaf.field);
  }
}

void BatchWriter::append_schema(std::string& out, const Notes& notes) {
  FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<fb::Field>> fields;
  for (const Column& column : columns_) fields.push_back(add_field(builder, column));
  const auto field_offsets = builder.CreateVector(fields);
  const auto note_offsets = add_notes(builder, notes);
  append_message(out, builder, fb::Header::schema,
                 fb::CreateSchema(builder, fb::Endianness::little, field_offsets, note_offsets).Union(), 0, {});
  for (EnumDictionary& dictionary : dictionaries_) {
    dictionary.restart();
    append_dictionary(out, dictionary);
  }
}

std::uint64_t BatchWriter::data_bytes(const Leaf& leaf, std::uint64_t rows) const {
  const std::uint64_t elements = rows * leaf.part->per_row;
  if (leaf.part->type == ColumnType::bits) return bit_bytes(elements);
  return elements * leaf.part->column->element_bytes;
}

std::uint64_t BatchWriter::body_bytes(std::uint64_t rows) const {
  std::uint64_t bytes = 0;
  for (const Leaf& leaf : leaves_)
    bytes += leaf.field != nullptr ? aligned(data_bytes(leaf, rows))
                                   : aligned(bit_bytes(rows)) + aligned((rows + 1) * kOffsetBytes);
  return bytes;
}

std::uint64_t BatchWriter::dictionary_bytes_with(std::span<const std::byte> row) {
  constexpr std::uint64_t kMessageBytes = 512;
  std::uint64_t bytes = 0;
  for (const Leaf& leaf : leaves_) {
    if (leaf.dictionary == nullptr) continue;
    for (std::size_t k = 0; k < leaf.part->per_row; ++k) leaf.dictionary->index_of(leaf.field->element(row, k));
    if (leaf.dictionary->has_grown())
      bytes += kMessageBytes + leaf.dictionary->text_bytes() + kOffsetBytes * (leaf.dictionary->size() + 1);
  }
  return bytes;
}

void BatchWriter::index(Leaf& leaf, const BatchRows& rows) {
  leaf.indices.clear();
  for (std::uint64_t i = 0; i < rows.count; ++i) {
    const auto row = rows.bytes.subspan(i * row_.size_bytes, row_.size_bytes);
    for (std::size_t k = 0; k < leaf.part->per_row; ++k)
      leaf.indices.push_back(leaf.dictionary->index_of(leaf.field->element(row, k)));
  }
}

void BatchWriter::fill(const Leaf& leaf, const BatchRows& rows, char* target) const {
  if (leaf.dictionary != nullptr) {
    std::memcpy(target, leaf.indices.data(), leaf.indices.size() * sizeof(std::int32_t));
    return;
  }
  const std::byte* const from = rows.bytes.data() + leaf.field->offset_bytes;
  if (leaf.part->type == ColumnType::bits)
    gather_bits(from, row_.size_bytes, rows.count, leaf.part->per_row, target);
  else
    gather(from, row_.size_bytes, rows.count, leaf.field->size_bytes(), target);
}

void BatchWriter::append_batch(std::string& out, const BatchRows& rows, const Notes& notes) {
  for (Leaf& leaf : leaves_) {
    if (leaf.dictionary == nullptr) continue;
    index(leaf, rows);
    if (leaf.dictionary->has_grown()) append_dictionary(out, *leaf.dictionary);
  }
  const std::uint64_t text_bytes = bytes_of(rows.gap_texts);
  Body body;
  std::vector<fb::FieldNode> nodes;
  auto leaf = leaves_.begin();
  for (const Part& part : parts_) {
    const bool is_gaps = part.type == ColumnType::text;
    const std::uint64_t nulls = is_gaps ? rows.count - rows.gap_texts.size() : 0;
    nodes.emplace_back(static_cast<std::int64_t>(rows.count * part.per_row), static_cast<std::int64_t>(nulls));
    body.add(is_gaps ? bit_bytes(rows.count) : 0);
    if (!part.is_leaf()) continue;
    if (is_gaps) body.add((rows.count + 1) * kOffsetBytes);
    body.add(is_gaps ? text_bytes : data_bytes(*leaf, rows.count));
    ++leaf;
  }
  FlatBufferBuilder builder(8192);
  append_message(out, builder, fb::Header::record_batch, add_batch(builder, rows.count, nodes, body).Union(),
                 body.bytes(), notes);
  const std::size_t at = out.size();
  out.resize(at + body.bytes());
  auto buffer = body.buffers().begin();
  leaf = leaves_.begin();
  for (const Part& part : parts_) {
    char* const target = out.data() + at + (buffer + static_cast<std::ptrdiff_t>(part.buffer_count()) - 1)->offset();
    if (part.type == ColumnType::text)
      fill_gaps(rows, out.data() + at + buffer[0].offset(), out.data() + at + buffer[1].offset(), target);
    else if (part.is_leaf() && rows.count > 0)
      fill(*leaf, rows, target);
    if (part.is_leaf()) ++leaf;
    buffer += static_cast<std::ptrdiff_t>(part.buffer_count());
  }
}

}  // namespace arena_shm::recording::arrow
