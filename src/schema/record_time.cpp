#include "schema/record_time.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "text/time_text.hpp"

namespace arena_shm::schema {

std::optional<Field> time_field(const Schema& schema) {
  const Field* field = schema.find(schema.time_field);
  if (field == nullptr || field->is_array() || !text::units_per_second(field->unit)) return std::nullopt;
  if (field->kind != Kind::unsigned_integer && field->kind != Kind::signed_integer) return std::nullopt;
  return *field;
}

std::optional<std::int64_t> time_ns(const Field& field, std::span<const std::byte> record) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  const auto element = field.element(record, 0);
  const bool is_signed = field.kind == Kind::signed_integer;
  const bool negative = is_signed && (element.back() & std::byte{0x80}) != std::byte{0};
  std::int64_t units = negative ? -1 : 0;
  std::memcpy(&units, element.data(), element.size());
  if (!is_signed && units < 0) return std::nullopt;  // of a u64 beyond the range
  std::int64_t ns = 0;
  const std::int64_t ns_per_unit = kNsPerSecond / text::units_per_second(field.unit).value_or(kNsPerSecond);
  if (__builtin_mul_overflow(units, ns_per_unit, &ns)) return std::nullopt;
  return ns;
}

std::uint64_t unsigned_time_ns(const Field& field, std::span<const std::byte> record) {
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  if (const auto ns = time_ns(field, record)) return static_cast<std::uint64_t>(std::max<std::int64_t>(*ns, 0));
  const auto element = field.element(record, 0);
  if (field.kind == Kind::signed_integer && (element.back() & std::byte{0x80}) != std::byte{0}) return 0;
  std::uint64_t units = 0;
  std::memcpy(&units, element.data(), element.size());
  std::uint64_t ns = 0;
  const auto per_second = static_cast<std::uint64_t>(text::units_per_second(field.unit).value_or(kNsPerSecond));
  return __builtin_mul_overflow(units, kNsPerSecond / per_second, &ns) ? std::numeric_limits<std::uint64_t>::max() : ns;
}

}  // namespace arena_shm::schema
