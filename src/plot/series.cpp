#include "plot/series.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

#include "arena_shm/error.hpp"
#include "text/utf8.hpp"

namespace arena_shm::plot {

namespace {

template <class T>
T load(std::span<const std::byte> bytes) noexcept {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

double whole(std::span<const std::byte> bytes, bool is_signed) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  if (!is_signed) return static_cast<double>(value);
  const auto unused_bits = static_cast<unsigned>(8 * (sizeof(value) - bytes.size()));
  return static_cast<double>(static_cast<std::int64_t>(value << unused_bits) >> unused_bits);
}

[[noreturn]] void refuse(const std::string& arena, std::string expected, std::string found) {
  throw Error(Code::invalid_argument, {.name = arena,
                                       .doing = "draw the values of",
                                       .expected = std::move(expected),
                                       .found = std::move(found),
                                       .remedy = "choose numbers with --fields, like px or pos[0]"});
}

}  // namespace

double Series::value(std::span<const std::byte> record) const noexcept {
  const auto bytes = field.element(record, index);
  if (field.kind != schema::Kind::floating) return whole(bytes, field.kind == schema::Kind::signed_integer);
  return bytes.size() == sizeof(float) ? static_cast<double>(load<float>(bytes)) : load<double>(bytes);
}

std::vector<Series> series_of(const std::string& arena, const schema::Schema& record,
                              const std::vector<std::string>& wanted) {
  const schema::Schema shown = wanted.empty() ? record : record.select(wanted);
  std::vector<Series> all;
  for (const schema::Field& field : shown.fields) {
    if (field.kind == schema::Kind::text) {
      if (!wanted.empty()) refuse(arena, "numbers", fmt::format("the text {}", text::excerpt(field.name)));
      continue;
    }
    if (wanted.empty() && field.name == record.time_field) continue;
    for (std::size_t i = 0; i < field.element_count(); ++i)
      all.push_back({.name = field.element_name(i), .unit = field.unit, .field = field, .index = i});
  }
  if (all.empty()) refuse(arena, "records with a number beside their time", "none: " + record.names());
  return all;
}

}  // namespace arena_shm::plot
