#include "recording/replay_pace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <thread>

#include "arena_shm/error.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording {

namespace {

using schema::Field;
using schema::Kind;

[[noreturn]] void refuse(const std::string& field, std::string expected, std::string found, std::string remedy) {
  throw Error(Code::invalid_argument, {.name = field,
                                       .doing = "replay at the pace of field",
                                       .expected = std::move(expected),
                                       .found = std::move(found),
                                       .remedy = std::move(remedy)});
}

double seconds_of(const std::string& field, const std::string& unit) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr std::array<Unit, 6> kUnits{
      {{"", 1e-9}, {"ns", 1e-9}, {"us", 1e-6}, {"\u00b5s", 1e-6}, {"ms", 1e-3}, {"s", 1}}};
  const auto found = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == unit; });
  if (found == kUnits.end()) {
    refuse(field, "a field in ns, us, ms or s", "the unit " + text::excerpt(unit), "give the unit with --time-unit");
  }
  return found->seconds;
}

// "5 s", "1.5 h", "31.7 years", in three digits.
std::string duration_text(double seconds) {
  struct Unit {
    double seconds;
    std::string_view name;
  };
  constexpr std::array<Unit, 6> kUnits{
      {{365.25 * 86400, "years"}, {86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}, {1e-3, "ms"}}};
  const auto found =
      std::find_if(kUnits.begin(), kUnits.end() - 1, [&](const Unit& u) { return seconds >= 0.9995 * u.seconds; });
  return fmt::format("{:.3g} {}", seconds / found->seconds, found->name);
}

// Sign-extended, or the bits of a double.
std::uint64_t bits_of(const Field& field, std::span<const std::byte> record) {
  const auto element = field.element(record, 0);
  if (field.kind == Kind::floating) {
    double value = 0;
    float narrow = 0;
    if (field.element_bytes == sizeof(value)) {
      std::memcpy(&value, element.data(), sizeof(value));
    } else {
      std::memcpy(&narrow, element.data(), sizeof(narrow));
      value = static_cast<double>(narrow);
    }
    return std::bit_cast<std::uint64_t>(value);
  }
  const bool negative = field.kind == Kind::signed_integer && (element.back() & std::byte{0x80}) != std::byte{0};
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  std::memcpy(&value, element.data(), element.size());
  return value;
}

}  // namespace

ReplayPace::ReplayPace(const schema::Schema& schema, const std::string& field, const std::string& unit, double speed,
                       std::chrono::duration<double> max_gap)
    : max_gap_(max_gap) {
  const Field* found = schema.find(field);
  if (found == nullptr)
    refuse(field, "one of the fields " + schema.names(), "no field of that name", "choose another field");
  if (found->is_array() || found->kind == Kind::text || found->kind == Kind::boolean) {
    refuse(field, "a single number", found->type_name(), "choose another field");
  }
  field_ = *found;
  seconds_per_unit_ = seconds_of(field, unit.empty() ? found->unit : unit) / speed;
}

// The difference first: a double does not hold nanoseconds since 1970. That of two integers fits into 64 bits.
ReplayPace::Seconds ReplayPace::step_to(std::uint64_t bits) const {
  double units = 0;
  if (field_->kind == Kind::floating) {
    units = std::bit_cast<double>(bits) - std::bit_cast<double>(*last_);
  } else if (field_->kind == Kind::signed_integer) {
    if (static_cast<std::int64_t>(bits) > static_cast<std::int64_t>(*last_)) units = static_cast<double>(bits - *last_);
  } else if (bits > *last_) {
    units = static_cast<double>(bits - *last_);
  }
  return Seconds(units > 0 ? units * seconds_per_unit_ : 0);
}

ReplayPace::Seconds ReplayPace::cut(Seconds step, Attendant& attendant) {
  if (step <= max_gap_) return step;
  if (cut_count_++ == 0) {
    attendant.note(fmt::format("waiting {} instead of {} for the next record; --max-gap limits every wait",
                               duration_text(max_gap_.count()), duration_text(step.count())));
  }
  return max_gap_;
}

void ReplayPace::wait_for(std::span<const std::byte> record, Attendant& attendant) {
  constexpr Seconds kLongestSleep{0.05};  // until a signal is looked for again
  if (!field_) return;
  const std::uint64_t bits = bits_of(*field_, record);
  if (field_->kind == Kind::floating && !std::isfinite(std::bit_cast<double>(bits))) return;
  if (!last_) {
    begin_ = Clock::now();
    due_ = Seconds::zero();
  } else {
    due_ += cut(step_to(bits), attendant);
  }
  last_ = bits;
  while (!attendant.stop_requested()) {
    const Seconds left = due_ - (Clock::now() - begin_);
    if (left <= Seconds::zero()) return;
    std::this_thread::sleep_for(std::min(left, kLongestSleep));
  }
}

}  // namespace arena_shm::recording
