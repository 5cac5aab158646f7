// Numbers as filters calculate with them: whole ones are exact, and nothing wraps.
#pragma once

#include <compare>
#include <cstdint>

namespace arena_shm::filter {

__extension__ using Wide = __int128;  // holds every field of either sign, and most of what comes of them

/// A whole number, a real one, or none: what is divided by zero, and a whole number beyond 128 bits. What is calculated
/// from none is none.
struct Number {
  enum class Kind : std::uint8_t { none, whole, real };

  Kind kind;
  Wide whole;   // of kind whole
  double real;  // of kind real
};

inline Number none() noexcept { return {Number::Kind::none, 0, 0}; }
inline Number whole(Wide value) noexcept { return {Number::Kind::whole, value, 0}; }
inline Number real(double value) noexcept { return {Number::Kind::real, 0, value}; }

/// As in Python: of two whole numbers they are exact, and `divide` of them is their quotient, which is a whole number
/// or the nearest double. `remainder` has the sign of b. Else both are doubles. Divided by zero: none.
Number add(const Number& a, const Number& b) noexcept;
Number subtract(const Number& a, const Number& b) noexcept;
Number multiply(const Number& a, const Number& b) noexcept;
Number divide(const Number& a, const Number& b) noexcept;
Number remainder(const Number& a, const Number& b) noexcept;
Number negate(const Number& a) noexcept;
Number absolute(const Number& a) noexcept;

/// By their values, whatever their kinds: 2^53 + 1 is not 2.0^53. Unordered: one is NaN. Requires: neither is none.
std::partial_ordering compare(const Number& a, const Number& b) noexcept;

enum class Relation : std::uint8_t { equal, unequal, less, less_equal, greater, greater_equal };
/// Of NaN only `unequal` holds.
bool holds(Relation relation, std::partial_ordering order) noexcept;
/// None of none holds.
bool holds(Relation relation, const Number& a, const Number& b) noexcept;
/// The relation of b to a.
Relation turned(Relation relation) noexcept;

/// Has `a` every bit of `bits`? Negative ones as in two's complement without end. Not if one of them is not whole.
bool has_bits(const Number& a, const Number& bits) noexcept;

}  // namespace arena_shm::filter
