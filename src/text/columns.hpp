// How wide text is on a terminal: most characters take a column, those of East Asian scripts and emoji two, combining
// marks none.
#pragma once

#include <cstddef>
#include <string_view>

namespace arena_shm::text {

struct Character {
  std::string_view bytes;
  wchar_t code;
  std::size_t columns;
};

/// What the text begins with; a byte that belongs to no character is U+FFFD. Requires: it is not empty.
Character first_character(std::string_view text) noexcept;

/// Number of columns that the text takes.
std::size_t column_count(std::string_view text) noexcept;

/// The bytes of as many characters as fit into so many columns, each with its combining marks.
std::size_t fitting_bytes(std::string_view text, std::size_t columns) noexcept;

}  // namespace arena_shm::text
