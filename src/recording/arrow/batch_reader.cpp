#include "recording/arrow/batch_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "arena_shm/error.hpp"

namespace arena_shm::recording::arrow {

namespace {

using schema::Kind;

constexpr std::size_t kMostValues = std::size_t{1} << 24;  // of a dictionary

bool bit_at(const std::byte* bits, std::uint64_t index) {
  return (std::to_integer<unsigned>(bits[index / 8]) >> index % 8 & 1u) != 0;
}

template <class T>
T value_at(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

// IEEE 754's binary16; every value of it is one of binary32.
float widened(std::uint16_t half) {
  constexpr unsigned kMantissaBits = 10;
  constexpr unsigned kMoreBits = 13;
  const std::uint32_t sign = std::uint32_t{half & 0x8000u} << 16;
  const std::uint32_t mantissa = half & 0x3ffu;
  const std::uint32_t exponent = half >> kMantissaBits & 0x1fu;
  if (exponent == 0) {
    const float value = static_cast<float>(mantissa) / static_cast<float>(1u << 24);
    return sign != 0 ? -value : value;
  }
  const std::uint32_t wide = exponent == 0x1f ? 0xff : exponent + 112;
  const std::uint32_t bits = sign | wide << 23 | mantissa << kMoreBits;
  float value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

}  // namespace

void BatchReader::fail(const std::string& expected, const std::string& found) const {
  throw Error(Code::corrupt, {.name = path_,
                              .doing = "read",
                              .expected = expected,
                              .found = found,
                              .remedy = "the file is damaged, or of a program that writes Arrow streams otherwise"});
}

std::vector<BatchReader::Buffer> BatchReader::buffers_of(const fb::RecordBatch& batch) const {
  if (batch.compression() != nullptr) {
    throw Error(Code::incompatible_type, {.name = path_,
                                          .doing = "read",
                                          .expected = "a stream that is not compressed",
                                          .found = "one that is",
                                          .remedy = "write it without compression"});
  }
  std::vector<Buffer> buffers;
  if (batch.buffers() == nullptr) return buffers;
  for (const fb::Buffer* one : *batch.buffers()) {
    const Buffer buffer{static_cast<std::uint64_t>(one->offset()), static_cast<std::uint64_t>(one->length())};
    const bool is_inside =
        one->offset() >= 0 && one->length() >= 0 &&
        (buffer.bytes == 0 || (buffer.at <= body_.size() && buffer.bytes <= body_.size() - buffer.at));
    if (!is_inside) fail("buffers inside of their batch", fmt::format("{} bytes at {}", one->length(), one->offset()));
    buffers.push_back(buffer);
  }
  return buffers;
}

std::uint64_t BatchReader::bytes_needed(const Part& part, std::uint64_t elements) const {
  if (part.type == ColumnType::bits) return elements / 8 + (elements % 8 != 0 ? 1 : 0);
  const std::size_t bytes = part.type == ColumnType::half ? sizeof(std::uint16_t) : part.column->element_bytes;
  if (elements > std::numeric_limits<std::uint64_t>::max() / bytes) fail("a batch of this size", "too many rows");
  return elements * bytes;
}

BatchReader::Data BatchReader::data_of(const Part& part, const PartUse& use, const fb::FieldNode& node,
                                       std::span<const Buffer> buffers) const {
  if (part.per_row > 0 && rows_ > std::numeric_limits<std::uint64_t>::max() / part.per_row)
    fail("a batch of this size", "too many rows");
  const std::uint64_t elements = rows_ * part.per_row;
  if (node.length() < 0 || static_cast<std::uint64_t>(node.length()) != elements)
    fail(fmt::format("{} elements of column '{}'", elements, part.path), fmt::format("{}", node.length()));
  Data data;
  if (use.to == PartUse::To::texts) return data;
  const bool has_nulls = node.null_count() != 0;
  if (has_nulls && (!part.is_leaf() || part.column->kind != Kind::floating || part.column->dictionary))
    fail(fmt::format("a value in each row of column '{}'", part.path), "rows without one");
  if (has_nulls) {
    if (buffers[0].bytes < elements / 8 + (elements % 8 != 0 ? 1 : 0)) fail("a bit for each row", "fewer");
    data.validity = buffers[0];
  }
  if (!part.is_leaf()) return data;
  data.values = buffers[1];
  if (data.values.bytes < bytes_needed(part, elements))
    fail(fmt::format("{} values of column '{}'", elements, part.path), fmt::format("{} bytes", data.values.bytes));
  return data;
}

void BatchReader::take_batch(const fb::RecordBatch& batch, std::vector<std::byte> body) {
  body_ = std::move(body);
  const std::vector<Buffer> buffers = buffers_of(batch);
  std::size_t buffer_count = 0;
  for (const Part& part : layout_.parts) buffer_count += part.buffer_count();
  const std::size_t node_count = batch.nodes() == nullptr ? 0 : batch.nodes()->size();
  if (batch.length() < 0 || node_count != layout_.parts.size() || buffers.size() != buffer_count)
    fail("a batch of the schema's columns", fmt::format("{} columns, {} buffers", node_count, buffers.size()));
  rows_ = static_cast<std::uint64_t>(batch.length());
  data_.clear();
  std::size_t at = 0;
  for (std::size_t i = 0; i < layout_.parts.size(); ++i) {
    const Part& part = layout_.parts[i];
    const auto its = std::span(buffers).subspan(at, part.buffer_count());
    data_.push_back(data_of(part, layout_.uses[i], *batch.nodes()->Get(static_cast<flatbuffers::uoffset_t>(i)), its));
    at += part.buffer_count();
  }
}

void BatchReader::take_dictionary(const fb::DictionaryBatch& dictionary, std::vector<std::byte> body) {
  const fb::RecordBatch* batch = dictionary.data();
  constexpr std::size_t kBuffers = 3;
  body_ = std::move(body);
  rows_ = 0;
  if (batch == nullptr || batch->length() < 0) fail("a dictionary", "none");
  const std::vector<Buffer> buffers = buffers_of(*batch);
  const auto count = static_cast<std::uint64_t>(batch->length());
  if (buffers.size() != kBuffers || count > kMostValues || (count > 0 && buffers[1].bytes / 4 < count + 1))
    fail("a dictionary of texts", fmt::format("{} buffers", buffers.size()));
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::byte* offsets = body_.data() + buffers[1].at + 4 * i;
    const auto begin = value_at<std::int32_t>(offsets);
    const auto end = value_at<std::int32_t>(offsets + 4);
    if (begin < 0 || end < begin || static_cast<std::uint64_t>(end) > buffers[2].bytes)
      fail("texts inside of their dictionary", fmt::format("one from {} to {}", begin, end));
    const auto* data = reinterpret_cast<const char*>(body_.data()) + buffers[2].at;
    texts.emplace_back(data + begin, data + end);
  }
  std::size_t all = 0;
  bool is_known = false;
  std::string_view expected;
  for (auto& [i, values] : values_) {
    if (layout_.parts[i].column->dictionary != dictionary.id()) continue;
    is_known = true;
    all += texts.size() + (dictionary.is_delta() ? values.size() : 0);  // many columns may have the same dictionary
    if (all > kMostValues) fail(fmt::format("at most {} values", kMostValues), "more");
    if (const auto one = values.take(texts, dictionary.is_delta()); !one.empty()) expected = one;
  }
  if (!expected.empty()) fail(std::string(expected), "something else");
  if (trusts_names_ && !is_known) fail("a dictionary of a column", fmt::format("number {}", dictionary.id()));
}

void BatchReader::begin(bool trusts_names) {
  trusts_names_ = trusts_names;
  for (std::size_t i = 0; i < layout_.parts.size(); ++i) {
    const schema::Field* field = layout_.uses[i].field;
    if (field != nullptr && layout_.parts[i].column->dictionary) values_.emplace(i, EnumValues(*field, trusts_names));
  }
}

void BatchReader::distrust_additions() {
  for (auto& [part, values] : values_) values.distrust_additions();
}

bool BatchReader::lacks_values() {
  if (!trusts_names_) return false;
  bool is_lacking = false;
  for (const auto& [i, values] : values_) {
    const std::uint64_t elements = rows_ * layout_.parts[i].per_row;
    for (std::uint64_t k = 0; k < elements && !is_lacking; ++k)
      is_lacking = index_at(layout_.parts[i], data_[i], k) >= values.size();
  }
  for (auto& [i, values] : values_) values.settle(!is_lacking);
  return is_lacking;
}

std::uint64_t BatchReader::seq(std::uint64_t index) const noexcept {
  for (std::size_t i = 0; i < data_.size(); ++i) {
    if (layout_.uses[i].to == PartUse::To::seq)
      return value_at<std::uint64_t>(body_.data() + data_[i].values.at + index * sizeof(std::uint64_t));
  }
  return index;
}

bool BatchReader::is_null(const Data& data, std::uint64_t element) const noexcept {
  return data.validity && !bit_at(body_.data() + data.validity->at, element);
}

std::uint64_t BatchReader::index_at(const Part& part, const Data& data, std::uint64_t element) const noexcept {
  const std::size_t bytes = part.column->element_bytes;
  std::uint64_t index = 0;
  std::memcpy(&index, body_.data() + data.values.at + element * bytes, bytes);
  const bool is_negative = part.column->kind == Kind::signed_integer && index >> (8 * bytes - 1) != 0;
  return is_negative ? kMostValues : index;
}

void BatchReader::put_element(std::size_t i, std::uint64_t element, std::byte* target) const {
  const Part& part = layout_.parts[i];
  const Data& data = data_[i];
  const std::byte* const from = body_.data() + data.values.at;
  if (part.column->dictionary) {
    const std::uint64_t index = index_at(part, data, element);
    const auto values = values_.find(i);
    const auto value = values == values_.end() ? std::nullopt : values->second.at(index);
    if (!value)
      fail(fmt::format("values of column '{}' that its dictionary has", part.path), fmt::format("index {}", index));
    std::memcpy(target, &*value, layout_.uses[i].field->element_bytes);
  } else if (part.type == ColumnType::bits) {
    *target = std::byte{bit_at(from, element)};
  } else if (part.column->element_bytes == sizeof(float) && part.column->kind == Kind::floating) {
    float value = std::numeric_limits<float>::quiet_NaN();
    if (!is_null(data, element))
      value = part.type == ColumnType::half ? widened(value_at<std::uint16_t>(from + element * sizeof(std::uint16_t)))
                                            : value_at<float>(from + element * sizeof(float));
    std::memcpy(target, &value, sizeof(value));
  } else {
    double value = std::numeric_limits<double>::quiet_NaN();
    if (!is_null(data, element)) value = value_at<double>(from + element * sizeof(double));
    std::memcpy(target, &value, sizeof(value));
  }
}

void BatchReader::put_part(std::size_t i, std::uint64_t first, std::uint64_t rows, std::byte* target,
                           std::size_t stride) const {
  const Part& part = layout_.parts[i];
  const Data& data = data_[i];
  const bool is_plain =
      (part.type == ColumnType::number || part.type == ColumnType::bytes) && !part.column->dictionary && !data.validity;
  if (is_plain) {
    const std::size_t bytes = part.per_row * part.column->element_bytes;
    const std::byte* from = body_.data() + data.values.at + first * bytes;
    for (std::uint64_t row = 0; row < rows; ++row) std::memcpy(target + row * stride, from + row * bytes, bytes);
    return;
  }
  const std::size_t bytes = layout_.uses[i].field->element_bytes;
  for (std::uint64_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < part.per_row; ++k)
      put_element(i, (first + row) * part.per_row + k, target + row * stride + k * bytes);
  }
}

void BatchReader::read_rows(std::uint64_t first, std::span<std::byte> rows, std::size_t row_bytes) const {
  std::fill(rows.begin(), rows.end(), std::byte{0});
  const std::uint64_t count = rows.size() / row_bytes;
  const std::size_t time_bytes = layout_.record.time_bytes();
  for (std::size_t i = 0; i < layout_.parts.size(); ++i) {
    const PartUse& use = layout_.uses[i];
    if (use.to == PartUse::To::time) put_part(i, first, count, rows.data(), row_bytes);
    if (use.to == PartUse::To::record)
      put_part(i, first, count, rows.data() + time_bytes + use.offset_bytes, row_bytes);
  }
}

}  // namespace arena_shm::recording::arrow
