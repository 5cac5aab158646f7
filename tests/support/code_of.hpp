// What an action throws, as a value to compare: EXPECT_EQ(code_of([&] { ... }), Code::table_full).
#pragma once

#include <optional>
#include <ostream>
#include <utility>

#include "arena_shm/error.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm {

// How GoogleTest prints them.
inline void PrintTo(Code code, std::ostream* out) { *out << to_string(code); }
inline void PrintTo(ReadStatus status, std::ostream* out) { *out << to_string(status); }
inline void PrintTo(Loss loss, std::ostream* out) { *out << to_string(loss); }

namespace test {

/// The Error that `action` throws; nothing if it throws none.
template <class Action>
std::optional<Error> error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

/// Its code.
template <class Action>
std::optional<Code> code_of(Action&& action) {
  const auto error = error_of(std::forward<Action>(action));
  return error ? std::optional(error->code()) : std::nullopt;
}

}  // namespace test
}  // namespace arena_shm
