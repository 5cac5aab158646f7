// The words of an expression.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filter/complaint.hpp"
#include "filter/number.hpp"

namespace arena_shm::filter {

enum class Sign : std::uint8_t {
  number,    ///< whole or real
  duration,  ///< a whole number of ns
  text,      ///< without its quotes
  path,      ///< of a field, or another name: "leg.px", "pos[1][2]", as one text
  plus,
  minus,
  times,
  divide,
  remainder,
  equal,
  unequal,
  less,
  less_equal,
  greater,
  greater_equal,
  both,    ///< &&
  either,  ///< ||
  no,      ///< !
  open,
  close,
  comma,
  end,
};

struct Token {
  Sign sign = Sign::end;
  Place place{};
  std::string text{};      ///< of a text or a path
  Number number = none();  ///< of a number or a duration
  bool is_quoted = false;  ///< a path in backquotes: never a word of the language
};

/// As the expression has it.
std::string_view source_of(std::string_view expression, const Token& token);

/// All of them; the last one is the end. `and`, `or` and `not` are signs, too. Errors: Complaint.
std::vector<Token> tokens_of(std::string_view expression);

}  // namespace arena_shm::filter
