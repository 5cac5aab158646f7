// An expression as a tree.
//
//   expression = both { "||" both }
//   both       = comparison { "&&" comparison }
//   comparison = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum ]
//   sum        = product { ( "+" | "-" ) product }
//   product    = unary { ( "*" | "/" | "%" ) unary }
//   unary      = { "!" | "-" } primary
//   primary    = number | duration | text | path | path "(" expression { "," expression } ")" | "(" expression ")"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/complaint.hpp"
#include "filter/lexer.hpp"
#include "filter/number.hpp"

namespace arena_shm::filter {

/// The sign says what it is. A chain of one precedence is one node, so that a long expression is no deep tree:
///   number, duration, text, path   `parts` is empty
///   minus, no                      of one part
///   plus, times                    a sum, a product: between parts[i] and parts[i + 1] stands signs[i]
///   equal                          a comparison of two parts, by signs[0]
///   both, either                   of all parts
///   open                           a call of the function `text`; the parts are its arguments
struct Node {
  Sign sign = Sign::end;
  Place place{};
  std::string text{};
  Number number = none();
  bool is_quoted = false;
  std::vector<Node> parts{};
  std::vector<Sign> signs{};
  std::vector<Place> sign_places{};
};

inline constexpr std::size_t kMaxExpressionBytes = std::size_t{1} << 16;
inline constexpr std::size_t kMaxNesting = 100;  ///< of parentheses, ! and -

/// Errors: Complaint.
Node parse(std::string_view expression);

}  // namespace arena_shm::filter
