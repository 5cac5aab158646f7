#include "terminal/quantity_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "text/time_text.hpp"

namespace arena_shm::terminal {

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

std::optional<std::uint64_t> parse_count(std::string_view text) {
  const auto value = take_quantity(text, kCountUnits);
  return text.empty() ? value : std::nullopt;
}

// "KiB", "KB" and "K" are one.
std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto drop = [&](std::string_view letters) {
    if (!text.empty() && letters.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  };
  drop("bB");
  if (text.size() > 1 && !is_digit(text[text.size() - 2])) drop("i");
  const auto value = take_quantity(text, kSizeUnits);
  return text.empty() ? value : std::nullopt;
}

std::optional<nanoseconds> parse_duration(std::string_view text, BareNumber bare) {
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

/// Replaces the text by what `read` makes of it, or tells what it expected.
Check reading(std::function<std::optional<std::string>(std::string_view)> read, std::string expected) {
  return Read([read = std::move(read), expected = std::move(expected)](std::string& text) -> std::string {
    const auto plain = read(text);
    if (!plain) return fmt::format("expected {}, found '{}'", expected, text);
    text = *plain;
    return "";
  });
}

Check whole_number(std::optional<std::uint64_t> (*parse)(std::string_view), Range range, const char* kind,
                   const char* example) {
  std::string expected = kind;
  if (range.least > 0) expected += fmt::format(" from {}", range.least);
  expected += range.most == Range{}.most ? " up to 2^64 - 1" : fmt::format(" up to {}", range.most);
  const auto read = [parse, range](std::string_view text) -> std::optional<std::string> {
    const auto value = parse(text);
    if (!value || *value < range.least || *value > range.most) return std::nullopt;
    return std::to_string(*value);
  };
  return reading(read, fmt::format("a {}, like {}", expected, example));
}

// As it may be written: 10ms, 1d.
std::string plain(nanoseconds time) {
  const auto ns = static_cast<std::uint64_t>(time.count());
  for (const Unit& unit : {kTimeUnits[10], kTimeUnits[9], kTimeUnits[7], kTimeUnits[6], kTimeUnits[5]}) {
    if (ns % unit.scale == 0) return fmt::format("{}{}", ns / unit.scale, unit.name);
  }
  return fmt::format("{}ns", ns);
}

}  // namespace

Check count(Range range) { return whole_number(parse_count, range, "whole number", "500, 64K or 1M"); }

Check size(Range range) { return whole_number(parse_size, range, "whole number of bytes", "4096, 64K or 1G"); }

Check duration(nanoseconds least, nanoseconds most, BareNumber bare) {
  const auto read = [=](std::string_view text) -> std::optional<std::string> {
    const auto value = parse_duration(text, bare);
    if (!value || *value < least || *value > most) return std::nullopt;
    return fmt::format("{}.{:09}", value->count() / 1'000'000'000, value->count() % 1'000'000'000);
  };
  const std::string range = most == nanoseconds::max() ? fmt::format("of at least {}", plain(least))
                                                       : fmt::format("from {} to {}", plain(least), plain(most));
  return reading(read, fmt::format("a time {}, like 500ms, 10s, 5m or 1h", range));
}

Check time_or_count() {
  const auto read = [](std::string_view text) -> std::optional<std::string> {
    if (const auto time = parse_duration(text, BareNumber::is_refused)) return fmt::format("{}ns", time->count());
    const auto number = parse_count(text);
    return number ? std::make_optional(std::to_string(*number)) : std::nullopt;
  };
  return reading(read, "a time like 500ms, 10s or 5m, or a number of values like 1000 or 64K");
}

Check moment() {
  const auto read = [](std::string_view text) -> std::optional<std::string> {
    std::int64_t ns = 0;
    const text::TimeReading found = text::read_time(text, static_cast<std::int64_t>(kSecond), ns);
    if (found == text::TimeReading::ok || found == text::TimeReading::inexact) return std::to_string(ns);
    const auto back = parse_duration(text, BareNumber::is_refused);
    return back ? std::make_optional(std::to_string(text::realtime_ns() - back->count())) : std::nullopt;
  };
  return reading(read, "a time like 2026-01-31T12:34:56Z, or how long ago, like 10s, 5m or 1h");
}

Check interval() { return duration(std::chrono::milliseconds(10), std::chrono::hours(24), BareNumber::is_seconds); }

Check rate() {
  const auto read = [](std::string_view text) -> std::optional<std::string> {
    double value = 0;
    const char* const whole_end = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), whole_end, value);
    const auto scale = parse_count('1' + std::string(end, whole_end));
    if (!scale || error != std::errc{} || !(value > 0) || !std::isfinite(value)) return std::nullopt;
    return fmt::format("{}", value * static_cast<double>(*scale));
  };
  return reading(read, "a number above 0, like 0.5, 1000 or 64K");
}

Check position() {
  const auto read = [](std::string_view text) -> std::optional<std::string> {
    if (text == "oldest" || text == "newest") return std::string(text);
    const auto seq = parse_count(text);
    return seq ? std::make_optional(std::to_string(*seq)) : std::nullopt;
  };
  return reading(read, "oldest, newest or a sequence number");
}

}  // namespace arena_shm::terminal
