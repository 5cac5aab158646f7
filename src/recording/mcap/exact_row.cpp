#include "recording/mcap/exact_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>

#include "core/text_numbers.hpp"
#include "schema/value_text.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording::mcap {

namespace {

constexpr std::string_view kBefore = ",\"_row\":\"";
constexpr std::string_view kBehind = "\"}";

std::optional<std::uint64_t> seq_in(std::string_view message) {
  const std::string key = fmt::format("{{\"{}\":", schema::kSeqColumn);
  if (!message.starts_with(key)) return std::nullopt;
  message.remove_prefix(key.size());
  if (message.starts_with('"')) message.remove_prefix(1);
  return core::leading_number(message);
}

bool is_odd_text(std::span<const std::byte> element) {
  const std::string_view text = schema::text_of(element);
  const auto behind = element.subspan(text.size());
  return !text::is_utf8(text) || std::ranges::any_of(behind, [](std::byte byte) { return byte != std::byte{0}; });
}

template <class Real>
bool is_odd_real(std::span<const std::byte> element) {
  constexpr Real kNan = std::numeric_limits<Real>::quiet_NaN();
  Real value{};
  std::memcpy(&value, element.data(), sizeof(value));
  return std::isnan(value) && std::memcmp(&kNan, element.data(), sizeof(value)) != 0;
}

bool is_odd(const schema::Field& field, std::span<const std::byte> element) {
  switch (field.kind) {
    case schema::Kind::text: return is_odd_text(element);
    case schema::Kind::boolean: return element.front() > std::byte{1};
    case schema::Kind::floating:
      return element.size() == sizeof(float) ? is_odd_real<float>(element) : is_odd_real<double>(element);
    default: return false;
  }
}

}  // namespace

bool needs_exact_row(const schema::Schema& row, std::span<const std::byte> bytes) {
  return std::ranges::any_of(row.fields, [&](const schema::Field& field) {
    if (field.kind == schema::Kind::signed_integer || field.kind == schema::Kind::unsigned_integer) return false;
    for (std::size_t i = 0; i < field.element_count(); ++i) {
      if (is_odd(field, field.element(bytes, i))) return true;
    }
    return false;
  });
}

void add_exact_row(std::string& message, std::span<const std::byte> row) {
  message.pop_back();
  message += kBefore;
  for (const std::byte byte : row) fmt::format_to(std::back_inserter(message), "{:02x}", byte);
  message += kBehind;
}

std::optional<std::uint64_t> exact_row_in(std::string_view message, std::span<std::byte> row) {
  const std::size_t bytes = kBefore.size() + 2 * row.size() + kBehind.size();
  if (message.size() < bytes || !message.ends_with(kBehind)) return std::nullopt;
  std::string_view exact = message.substr(message.size() - bytes);
  if (!exact.starts_with(kBefore)) return std::nullopt;
  exact.remove_prefix(kBefore.size());
  for (std::byte& byte : row) {
    std::uint8_t value = 0;
    const auto [end, error] = std::from_chars(exact.data(), exact.data() + 2, value, 16);
    if (error != std::errc{} || end != exact.data() + 2) return std::nullopt;
    byte = std::byte{value};
    exact.remove_prefix(2);
  }
  return seq_in(message);
}

}  // namespace arena_shm::recording::mcap
