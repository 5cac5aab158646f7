#include "recording/mcap/exact_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

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

}  // namespace

bool needs_exact_row(const schema::Schema& row, std::span<const std::byte> bytes) {
  return std::ranges::any_of(row.fields, [&](const schema::Field& field) {
    if (field.kind != schema::Kind::text) return false;
    for (std::size_t i = 0; i < field.element_count(); ++i) {
      const auto element = field.element(bytes, i);
      const std::string_view text = schema::text_of(element);
      const auto behind = element.subspan(text.size());
      if (!text::is_utf8(text) || std::ranges::any_of(behind, [](std::byte byte) { return byte != std::byte{0}; }))
        return true;
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
