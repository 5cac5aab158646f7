#include "filter/number.hpp"

#include <cmath>

namespace arena_shm::filter {

namespace {

__extension__ using UnsignedWide = unsigned __int128;
using Kind = Number::Kind;

constexpr double kBeyondWide = 0x1p127;

bool both_whole(const Number& a, const Number& b) noexcept { return a.kind == Kind::whole && b.kind == Kind::whole; }
bool is_none(const Number& a, const Number& b) noexcept { return a.kind == Kind::none || b.kind == Kind::none; }
double as_real(const Number& a) noexcept { return a.kind == Kind::whole ? static_cast<double>(a.whole) : a.real; }
UnsignedWide magnitude(Wide value) noexcept {
  const auto bits = static_cast<UnsignedWide>(value);
  return value < 0 ? ~bits + 1 : bits;
}

// Rounded once: so many digits of the quotient that the ones left out can only tell whether there is something.
double quotient(Wide a, Wide b) noexcept {
  constexpr UnsignedWide kEnough = UnsignedWide{1} << 60;
  const UnsignedWide divisor = magnitude(b);
  UnsignedWide digits = magnitude(a) / divisor;
  UnsignedWide left = magnitude(a) % divisor;
  int exponent = 0;
  for (; digits < kEnough; --exponent) {
    left <<= 1;
    const bool one = left >= divisor;
    if (one) left -= divisor;
    digits = (digits << 1) | UnsignedWide{one};
  }
  digits |= UnsignedWide{left != 0};
  const double result = std::ldexp(static_cast<double>(digits), exponent);
  return (a < 0) != (b < 0) ? -result : result;
}

std::partial_ordering compare(Wide a, double b) noexcept {
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= kBeyondWide) return std::partial_ordering::less;
  if (b < -kBeyondWide) return std::partial_ordering::greater;
  const auto towards_zero = static_cast<Wide>(b);
  if (a != towards_zero) return a < towards_zero ? std::partial_ordering::less : std::partial_ordering::greater;
  return static_cast<double>(towards_zero) <=> b;  // both small, or equal
}

std::partial_ordering reversed(std::partial_ordering order) noexcept { return 0 <=> order; }

}  // namespace

Number add(const Number& a, const Number& b) noexcept {
  if (is_none(a, b)) return none();
  if (!both_whole(a, b)) return real(as_real(a) + as_real(b));
  Wide sum = 0;
  return __builtin_add_overflow(a.whole, b.whole, &sum) ? none() : whole(sum);
}

Number subtract(const Number& a, const Number& b) noexcept {
  if (is_none(a, b)) return none();
  if (!both_whole(a, b)) return real(as_real(a) - as_real(b));
  Wide difference = 0;
  return __builtin_sub_overflow(a.whole, b.whole, &difference) ? none() : whole(difference);
}

Number multiply(const Number& a, const Number& b) noexcept {
  if (is_none(a, b)) return none();
  if (!both_whole(a, b)) return real(as_real(a) * as_real(b));
  Wide product = 0;
  return __builtin_mul_overflow(a.whole, b.whole, &product) ? none() : whole(product);
}

Number divide(const Number& a, const Number& b) noexcept {
  if (is_none(a, b) || as_real(b) == 0) return none();
  if (!both_whole(a, b)) return real(as_real(a) / as_real(b));
  if (b.whole == -1) return negate(a);
  return a.whole % b.whole == 0 ? whole(a.whole / b.whole) : real(quotient(a.whole, b.whole));
}

Number remainder(const Number& a, const Number& b) noexcept {
  if (is_none(a, b) || as_real(b) == 0) return none();
  if (!both_whole(a, b)) {
    const double divisor = as_real(b);
    const double left = std::fmod(as_real(a), divisor);
    if (left == 0) return real(std::copysign(0.0, divisor));
    return real((left < 0) != (divisor < 0) ? left + divisor : left);
  }
  if (b.whole == -1) return whole(0);
  const Wide left = a.whole % b.whole;
  return whole(left != 0 && (left < 0) != (b.whole < 0) ? left + b.whole : left);
}

Number negate(const Number& a) noexcept { return a.kind == Kind::real ? real(-a.real) : subtract(whole(0), a); }

Number absolute(const Number& a) noexcept {
  if (a.kind == Kind::real) return real(std::fabs(a.real));
  return a.kind == Kind::whole && a.whole < 0 ? negate(a) : a;
}

std::partial_ordering compare(const Number& a, const Number& b) noexcept {
  if (both_whole(a, b)) return a.whole <=> b.whole;
  if (a.kind == Kind::whole) return compare(a.whole, b.real);
  if (b.kind == Kind::whole) return reversed(compare(b.whole, a.real));
  return a.real <=> b.real;
}

bool holds(Relation relation, std::partial_ordering order) noexcept {
  switch (relation) {
    case Relation::equal: return order == 0;
    case Relation::unequal: return order != 0;
    case Relation::less: return order < 0;
    case Relation::less_equal: return order <= 0;
    case Relation::greater: return order > 0;
    case Relation::greater_equal: return order >= 0;
  }
  return false;
}

bool holds(Relation relation, const Number& a, const Number& b) noexcept {
  return !is_none(a, b) && holds(relation, compare(a, b));
}

Relation turned(Relation relation) noexcept {
  switch (relation) {
    case Relation::less: return Relation::greater;
    case Relation::less_equal: return Relation::greater_equal;
    case Relation::greater: return Relation::less;
    case Relation::greater_equal: return Relation::less_equal;
    default: return relation;
  }
}

bool has_bits(const Number& a, const Number& bits) noexcept {
  return both_whole(a, bits) && (a.whole & bits.whole) == bits.whole;
}

}  // namespace arena_shm::filter
