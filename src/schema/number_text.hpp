// Numbers and truth values as programs of others write them: C's printf, Go, Java, Python, pandas, spreadsheets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace arena_shm::schema {

enum class Reading {
  ok,
  no_number,
  out_of_range,
  fraction,  ///< a number, but no whole one
  inexact,   ///< a whole one, but written as a floating-point number so large that it may have been rounded
};

struct WholeNumber {
  bool negative = false;
  std::uint64_t magnitude = 0;
};

/// The text without spaces and tabs around it.
std::string_view trimmed(std::string_view text) noexcept;
/// Are the texts the same but for upper and lower case? Requires: `lower` is in lower case, in ASCII.
bool is_same_word(std::string_view text, std::string_view lower) noexcept;

/// Decimal digits, or hexadecimal ones behind 0x, with a sign or without; also with a point or an exponent (1.0,
/// 1E+03), as long as that is exact. Returns: `ok`, or `inexact` with `number` filled in, or another one.
Reading read_whole(std::string_view text, WholeNumber& number);

/// Decimal (1, -1.5, +2.5E-03, .5), hexadecimal (0x1.8p+3), inf, Infinity, nan, nan(0x1), in any case, with a sign or
/// without. A NaN is always the same quiet one. Returns: `ok`, `no_number` or `out_of_range`.
Reading read_real(std::string_view text, float& number);
Reading read_real(std::string_view text, double& number);

/// true, t, yes, y, on, 1 and their opposites, in any case; also 1.0 and 0.0. Nothing for anything else.
std::optional<bool> read_truth(std::string_view text);

}  // namespace arena_shm::schema
