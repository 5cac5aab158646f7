#include "text/quantity_input.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <span>
#include <string>

namespace arena_shm::text {

namespace {

using std::chrono::nanoseconds;

struct Unit {
  std::string_view name;  ///< in small letters
  std::uint64_t scale;
};

constexpr std::uint64_t kKibi = 1024;
constexpr std::size_t kMostDigits = 18;  // of a fraction: their power of ten fits
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::array kCountUnits{Unit{"", 1},
                                 Unit{"k", 1000},
                                 Unit{"m", 1'000'000},
                                 Unit{"g", 1'000'000'000},
                                 Unit{"t", 1'000'000'000'000},
                                 Unit{"ki", kKibi},
                                 Unit{"mi", kKibi* kKibi},
                                 Unit{"gi", kKibi* kKibi* kKibi},
                                 Unit{"ti", kKibi* kKibi* kKibi* kKibi}};
constexpr std::array kSizeUnits{Unit{"", 1}, Unit{"k", kKibi}, Unit{"m", kKibi* kKibi}, Unit{"g", kKibi* kKibi* kKibi},
                                Unit{"t", kKibi* kKibi* kKibi* kKibi}};
constexpr std::array kTimeUnits{Unit{"", kSecond},         Unit{"ns", 1},
                                Unit{"us", 1000},          Unit{"\u00b5s", 1000},
                                Unit{"\u03bcs", 1000},     Unit{"ms", 1'000'000},
                                Unit{"s", kSecond},        Unit{"m", 60 * kSecond},
                                Unit{"min", 60 * kSecond}, Unit{"h", 3600 * kSecond},
                                Unit{"d", 86400 * kSecond}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_while(std::string_view& text, auto is_one) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_one);
  const std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

// "1" and "5" of "1.5", in the unit: exact, or nothing.
std::optional<std::uint64_t> scaled(std::string_view whole, std::string_view fraction, std::uint64_t scale) {
  std::uint64_t value = 0;
  if (std::from_chars(whole.data(), whole.data() + whole.size(), value).ec != std::errc{}) return std::nullopt;
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;
  for (const char digit : fraction) {
    numerator = numerator * 10 + static_cast<std::uint64_t>(digit - '0');
    denominator *= 10;
  }
  std::uint64_t part = 0;
  if (__builtin_mul_overflow(value, scale, &value) || __builtin_mul_overflow(numerator, scale, &part) ||
      part % denominator != 0 || __builtin_add_overflow(value, part / denominator, &value))
    return std::nullopt;
  return value;
}

/// Takes one number with its unit from the front of the text.
std::optional<std::uint64_t> take_quantity(std::string_view& text, std::span<const Unit> units) {
  const std::string_view whole = take_while(text, is_digit);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_while(text, is_digit);
    if (fraction.empty()) return std::nullopt;
    while (fraction.ends_with('0')) fraction.remove_suffix(1);
    if (fraction.size() > kMostDigits) return std::nullopt;
  }
  take_while(text, [](char c) { return c == ' '; });
  std::string name(take_while(text, [](char c) { return !is_digit(c) && c != ' '; }));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& one) { return one.name == name; });
  if (unit == units.end()) return std::nullopt;
  return scaled(whole.empty() && !fraction.empty() ? std::string_view("0") : whole, fraction, unit->scale);
}

}  // namespace

std::optional<std::uint64_t> read_count(std::string_view text) {
  const auto value = take_quantity(text, kCountUnits);
  return text.empty() ? value : std::nullopt;
}

// "KiB", "KB" and "K" are one.
std::optional<std::uint64_t> read_size(std::string_view text) {
  const auto drop = [&](std::string_view letters) {
    if (!text.empty() && letters.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  };
  drop("bB");
  if (text.size() > 1 && !is_digit(text[text.size() - 2])) drop("i");
  const auto value = take_quantity(text, kSizeUnits);
  return text.empty() ? value : std::nullopt;
}

std::optional<nanoseconds> read_duration(std::string_view text, BareNumber bare) {
  constexpr auto kLongest = static_cast<std::uint64_t>(nanoseconds::max().count());
  const bool is_bare = !text.empty() && is_digit(text.back());
  if (is_bare && (bare == BareNumber::is_refused || text.find_first_not_of("0123456789.") != std::string_view::npos))
    return std::nullopt;
  std::uint64_t total = 0;
  do {
    const auto part = take_quantity(text, kTimeUnits);
    if (!part || __builtin_add_overflow(total, *part, &total) || total > kLongest) return std::nullopt;
    take_while(text, [](char c) { return c == ' '; });
  } while (!text.empty());
  return nanoseconds(total);
}

}  // namespace arena_shm::text
