// Which records are wanted, as an expression over their fields: px > 100.5 && sym == "ES" && side != sell. START HERE.
//
// Numbers are exact: integers of 64 bits of either sign, compared and calculated as in mathematics, also beside
// floating-point ones. `/` is the quotient (7 / 2 is 3.5), and % has the sign of its divisor, as in Python. What is
// divided by zero, and what goes beyond 128 bits, is no value, for which no comparison holds, not even !=. NaN is as in
// C: only != holds. A constant with a point beside an f32 field is rounded as the field is, so that what is printed is
// found. C has the precedence of the operators, but that comparisons cannot follow each other.
//
// Fields come first: a word of the language (now, true, _time_ns, ...) means the field of that name if there is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "filter/program.hpp"
#include "schema/schema.hpp"

namespace arena_shm::filter {

/// Thread safety: const calls from any number of threads.
class Filter {
 public:
  /// Compiles it. `now_ns`: since 1970; it is `now` for as long as the filter is used.
  /// Errors: Complaint, an Error of Code::invalid_argument, with a picture of the place.
  Filter(std::string_view expression, const schema::Schema& record, std::int64_t now_ns);

  /// Is the record wanted? Requires: record.size() is that of the schema's record.
  /// Cost: two comparisons of a field with a constant, some nanoseconds; no allocation.
  bool matches(std::span<const std::byte> record, const Beside& beside) const noexcept {
    return program_.run(record, beside);
  }

  /// Does it look at Beside::time_ns? Without a time, no comparison with it holds.
  bool needs_time() const noexcept { return needs_time_; }

 private:
  Program program_;
  bool needs_time_;
};

}  // namespace arena_shm::filter
