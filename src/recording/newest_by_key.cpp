#include "recording/newest_by_key.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "arena_shm/error.hpp"
#include "schema/value_text.hpp"

namespace arena_shm::recording {

namespace {

using schema::Field;
using schema::Kind;

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

double real_of(std::span<const std::byte> element) {
  if (element.size() == sizeof(float)) {
    float value = 0;
    std::memcpy(&value, element.data(), sizeof(value));
    return static_cast<double>(value);
  }
  double value = 0;
  std::memcpy(&value, element.data(), sizeof(value));
  return value;
}

// Bits that have the order of the numbers; NaN is above all, and -0 is 0.
std::uint64_t ordered_bits(double value) {
  if (std::isnan(value)) return ~std::uint64_t{0};
  if (value == 0) value = 0;
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

std::uint64_t ordered_bits(const Field& field, std::span<const std::byte> element) {
  if (field.kind == Kind::floating) return ordered_bits(real_of(element));
  const bool is_signed = field.kind == Kind::signed_integer;
  std::uint64_t bits = is_signed && (element.back() & std::byte{0x80}) != std::byte{0} ? ~std::uint64_t{0} : 0;
  std::memcpy(&bits, element.data(), element.size());
  return is_signed ? bits ^ kSign : bits;
}

void append_key(std::string& key, const Field& field, std::span<const std::byte> element) {
  if (field.kind == Kind::text) {
    key += schema::text_of(element);
    key += '\0';  // none is within the text
    return;
  }
  const std::uint64_t bits = __builtin_bswap64(ordered_bits(field, element));
  key.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
}

}  // namespace

void NewestByKey::restart(std::uint64_t lanes) {
  lanes_ = lanes;
  for (auto& [key, newest] : newest_) newest.rank = 0;
}

void NewestByKey::put(std::uint64_t seq, std::span<const std::byte> row, std::span<const std::byte> record,
                      std::uint64_t rank) {
  key_.clear();
  for (const Field& field : fields_) {
    for (std::size_t i = 0; i < field.element_count(); ++i) append_key(key_, field, field.element(record, i));
  }
  const auto [found, is_new] = newest_.try_emplace(key_);
  Newest& newest = found->second;
  if (!is_new && newest.seq % lanes_ != seq % lanes_ && rank < newest.rank) return;
  newest.seq = seq;
  newest.rank = rank;
  newest.row.assign(row.begin(), row.end());
  newest.is_changed = true;
  if (newest_.size() <= kMaxKeys) return;
  throw Error(Code::no_space, {.name = {},
                               .doing = "keep the newest value for each key",
                               .expected = fmt::format("at most {} keys", kMaxKeys),
                               .found = "more",
                               .remedy = "choose a field with fewer values, or leave values out with --where"});
}

void NewestByKey::for_each(const std::function<void(const Newest&)>& see) const {
  for (const auto& [key, newest] : newest_) see(newest);
}

void NewestByKey::take_changes(const std::function<void(const Newest&)>& see) {
  for (auto& [key, newest] : newest_) {
    if (newest.is_changed) see(newest);
    newest.is_changed = false;
  }
}

}  // namespace arena_shm::recording
