// Curves as text: of braille, eight dots a character, or of ASCII where the terminal has no other characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plot/bins.hpp"
#include "plot/series.hpp"

namespace arena_shm::plot {

enum class Dots : std::uint8_t { braille, ascii };

/// How many columns of dots a character has.
constexpr std::size_t dots_across(Dots dots) noexcept { return dots == Dots::braille ? 2 : 1; }

/// A picture of one series: a line with its name and the newest value, then `rows` lines of the curve, with the
/// greatest and the least value at their left; each `columns` characters wide at most. The extremes of each column are
/// joined by a line, and with those of the next one: a single value that stands out is seen. Requires: rows > 0,
/// columns > 24.
std::vector<std::string> draw(const Series& series, const std::vector<Extremes>& columns_of_dots, double newest,
                              std::size_t rows, std::size_t columns, Dots dots);

/// So many characters are left for the curve itself.
constexpr std::size_t curve_columns(std::size_t columns) noexcept { return columns - 12; }

}  // namespace arena_shm::plot
