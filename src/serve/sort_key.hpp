// Numbers of all kinds as unsigned integers of the same order, and back, with nothing lost. So the least and the
// greatest of any field are found by one comparison, and a 64-bit integer stays exact.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>

#include "schema/schema.hpp"

namespace arena_shm::serve {

/// Of a number that is not finite: no finite double has it, and integers count theirs as it is.
inline constexpr std::uint64_t kNoKey = std::numeric_limits<std::uint64_t>::max();

inline constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

constexpr std::uint64_t key_of(double value) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}
constexpr double double_of(std::uint64_t key) noexcept {
  return std::bit_cast<double>((key & kSignBit) != 0 ? key & ~kSignBit : ~key);
}

/// What one column, or one value, of a field is made of: a number in a record.
struct Number {
  schema::Kind kind = schema::Kind::unsigned_integer;  ///< any but text
  std::size_t offset_bytes = 0;
  std::size_t bytes = 8;

  bool is_floating() const noexcept { return kind == schema::Kind::floating; }
  bool is_signed() const noexcept { return kind == schema::Kind::signed_integer; }
  /// Does JavaScript's number round it?
  bool is_wide() const noexcept { return !is_floating() && bytes == 8; }
};

/// Calls visit(read) with a function that reads the number's key from where it lies.
template <class Visit>
void with_key_reader(const Number& number, Visit&& visit) {
  const auto integer = []<class T>(T) {
    return [](const std::byte* at) {
      T value{};
      std::memcpy(&value, at, sizeof(T));
      if constexpr (std::numeric_limits<T>::is_signed)
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(value)) ^ kSignBit;
      else
        return static_cast<std::uint64_t>(value);
    };
  };
  const auto floating = []<class T>(T) {
    return [](const std::byte* at) {
      T value{};
      std::memcpy(&value, at, sizeof(T));
      return std::isfinite(value) ? key_of(static_cast<double>(value)) : kNoKey;
    };
  };
  if (number.is_floating()) return number.bytes == 4 ? visit(floating(float{})) : visit(floating(double{}));
  const bool is_signed = number.is_signed();
  switch (number.bytes) {
    case 1: return is_signed ? visit(integer(std::int8_t{})) : visit(integer(std::uint8_t{}));
    case 2: return is_signed ? visit(integer(std::int16_t{})) : visit(integer(std::uint16_t{}));
    case 4: return is_signed ? visit(integer(std::int32_t{})) : visit(integer(std::uint32_t{}));
    default: return is_signed ? visit(integer(std::int64_t{})) : visit(integer(std::uint64_t{}));
  }
}

/// About what the number is: exact for all but integers above 2^53.
inline double about(const Number& number, std::uint64_t key) noexcept {
  if (number.is_floating()) return double_of(key);
  return number.is_signed() ? static_cast<double>(static_cast<std::int64_t>(key ^ kSignBit)) : static_cast<double>(key);
}

/// Appends the number as JSON: exact; 64-bit integers as texts, for who reads them would round them.
void append_number(std::string& out, const Number& number, std::uint64_t key);

}  // namespace arena_shm::serve
