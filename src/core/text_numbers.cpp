#include "core/text_numbers.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace arena_shm::core {

std::optional<std::uint64_t> leading_number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) noexcept {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with(key)) continue;
    const std::string_view rest = line.substr(key.size());
    const std::size_t digits = rest.find_first_not_of(" \t");
    if (digits == 0 || digits == std::string_view::npos) continue;  // a longer key, or no number
    if (const auto number = leading_number(rest.substr(digits))) return number;
  }
  return std::nullopt;
}

std::string counted(std::uint64_t count, const char* noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

}  // namespace arena_shm::core
