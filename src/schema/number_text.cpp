#include "schema/number_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>

namespace arena_shm::schema {

namespace {

constexpr int kHexadecimal = 16;
constexpr std::uint64_t kExactInDouble = std::uint64_t{1} << 53;  // up to here a double has every integer

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool take_sign(std::string_view& text) {
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  const bool negative = text.front() == '-';
  text.remove_prefix(1);
  return negative;
}

bool take_hexadecimal_prefix(std::string_view& text) {
  if (text.size() < 3 || text[0] != '0' || lower(text[1]) != 'x') return false;
  text.remove_prefix(2);
  return true;
}

Reading read_digits(std::string_view text, int base, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument)
    return Reading::no_number;
  return error == std::errc{} ? Reading::ok : Reading::out_of_range;
}

// "E+03", or nothing. Saturates: beyond that there is no digit that could make up for it.
bool read_exponent(std::string_view text, std::int64_t& exponent) {
  constexpr std::int64_t kFar = std::int64_t{1} << 40;
  exponent = 0;
  if (text.empty()) return true;
  if (lower(text.front()) != 'e') return false;
  text.remove_prefix(1);
  const bool negative = take_sign(text);
  std::uint64_t size = 0;
  const Reading reading = read_digits(text, 10, size);
  if (reading == Reading::no_number) return false;
  exponent = reading == Reading::ok && size < static_cast<std::uint64_t>(kFar) ? static_cast<std::int64_t>(size) : kFar;
  if (negative) exponent = -exponent;
  return true;
}

// Digits with a point, an exponent, or both: moves the point, so that no digit is rounded.
Reading read_scaled(std::string_view text, std::uint64_t& number) {
  constexpr std::size_t kMostDigits = 20;  // of a u64
  std::string digits;
  std::int64_t scale = 0;
  bool behind_point = false;
  while (!text.empty() && (is_digit(text.front()) || (text.front() == '.' && !behind_point))) {
    if (text.front() == '.') {
      behind_point = true;
    } else {
      digits += text.front();
      if (behind_point) --scale;
    }
    text.remove_prefix(1);
  }
  std::int64_t exponent = 0;
  if (digits.empty() || !read_exponent(text, exponent)) return Reading::no_number;
  scale += exponent;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  number = 0;
  if (digits.empty()) return Reading::ok;
  const std::size_t zeros = digits.size() - 1 - digits.find_last_not_of('0');
  digits.resize(digits.size() - zeros);
  scale += static_cast<std::int64_t>(zeros);
  if (scale < 0) return Reading::fraction;
  if (scale > static_cast<std::int64_t>(kMostDigits) || digits.size() > kMostDigits) return Reading::out_of_range;
  digits.append(static_cast<std::size_t>(scale), '0');
  const Reading reading = read_digits(digits, 10, number);
  return reading == Reading::ok && number > kExactInDouble ? Reading::inexact : reading;
}

bool is_nan(std::string_view text) {
  constexpr std::size_t kWordBytes = 3;
  return is_same_word(text.substr(0, kWordBytes), "nan") &&
         (text.size() == kWordBytes || (text[kWordBytes] == '(' && text.back() == ')'));
}

template <class T>
Reading read_finite(std::string_view text, T& number) {
  const bool hexadecimal = take_hexadecimal_prefix(text);
  if (text.find_first_of("0123456789.") != 0 && !hexadecimal) return Reading::no_number;  // another sign, a name
  if (text.find_first_of("0123456789abcdefABCDEF.") != 0) return Reading::no_number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number,
                                            hexadecimal ? std::chars_format::hex : std::chars_format::general);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return Reading::no_number;
  return error == std::errc{} ? Reading::ok : Reading::out_of_range;
}

template <class T>
Reading read_real_as(std::string_view text, T& number) {
  text = trimmed(text);
  const bool negative = take_sign(text);
  Reading reading = Reading::ok;
  if (is_nan(text)) {
    number = std::numeric_limits<T>::quiet_NaN();
  } else if (is_same_word(text, "inf") || is_same_word(text, "infinity")) {
    number = std::numeric_limits<T>::infinity();
  } else {
    reading = read_finite(text, number);
  }
  if (negative) number = -number;
  return reading;
}

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_same_word(std::string_view text, std::string_view lower_word) noexcept {
  return std::ranges::equal(text, lower_word, {}, lower);
}

Reading read_whole(std::string_view text, WholeNumber& number) {
  text = trimmed(text);
  number.negative = take_sign(text);
  if (take_hexadecimal_prefix(text)) return read_digits(text, kHexadecimal, number.magnitude);
  const Reading plain = read_digits(text, 10, number.magnitude);
  return plain == Reading::no_number ? read_scaled(text, number.magnitude) : plain;
}

Reading read_real(std::string_view text, float& number) { return read_real_as(text, number); }
Reading read_real(std::string_view text, double& number) { return read_real_as(text, number); }

std::optional<bool> read_truth(std::string_view text) {
  text = trimmed(text);
  constexpr std::array<std::string_view, 5> kTrue{"true", "t", "yes", "y", "on"};
  constexpr std::array<std::string_view, 5> kFalse{"false", "f", "no", "n", "off"};
  const auto is_in = [&](const auto& words) {
    return std::ranges::any_of(words, [&](std::string_view word) { return is_same_word(text, word); });
  };
  if (is_in(kTrue)) return true;
  if (is_in(kFalse)) return false;
  WholeNumber number;
  if (read_whole(text, number) != Reading::ok || number.magnitude > 1 || (number.negative && number.magnitude != 0))
    return std::nullopt;
  return number.magnitude == 1;
}

}  // namespace arena_shm::schema
