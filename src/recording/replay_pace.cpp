#include "recording/replay_pace.hpp"

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
                                       .doing = "keep time by",
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
    refuse(field, "a field in ns, us, ms or s", "the unit " + text::excerpt(unit), "say which it is: --time-unit");
  }
  return found->seconds;
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

ReplayPace::ReplayPace(const schema::Schema& schema, const std::string& field, const std::string& unit, double speed) {
  const Field* found = schema.find(field);
  if (found == nullptr) refuse(field, "one of the fields " + schema.names(), "none of that name", "name another");
  if (found->is_array() || found->kind == Kind::text || found->kind == Kind::boolean) {
    refuse(field, "a single number", found->type_name(), "name another field");
  }
  field_ = *found;
  seconds_per_unit_ = seconds_of(field, unit.empty() ? found->unit : unit) / speed;
}

// The difference first: a double does not hold nanoseconds since 1970.
double ReplayPace::units_since_first(std::uint64_t bits) const {
  if (field_->kind == Kind::floating) return std::bit_cast<double>(bits) - std::bit_cast<double>(*first_);
  return static_cast<double>(static_cast<std::int64_t>(bits - *first_));
}

void ReplayPace::wait_for(std::span<const std::byte> record, const Attendant& attendant) {
  constexpr std::chrono::duration<double> kLongestSleep{0.05};  // until a signal is looked for again
  if (!field_) return;
  const std::uint64_t bits = bits_of(*field_, record);
  if (!first_) {
    first_ = bits;
    begin_ = Clock::now();
  }
  const double due = units_since_first(bits) * seconds_per_unit_;
  while (!attendant.stop_requested()) {
    const std::chrono::duration<double> left = std::chrono::duration<double>(due) - (Clock::now() - begin_);
    if (!std::isfinite(due) || left.count() <= 0) return;
    std::this_thread::sleep_for(std::min(left, kLongestSleep));
  }
}

}  // namespace arena_shm::recording
