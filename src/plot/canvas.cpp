#include "plot/canvas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "text/utf8.hpp"

namespace arena_shm::plot {

namespace {

// Dots, eight to a character of braille or one to one of ASCII; row 0 is at the top.
class Canvas {
 public:
  Canvas(std::size_t rows, std::size_t columns, Dots dots)
      : dots_(dots), rows_(rows), columns_(columns), cells_(rows * columns) {}

  std::size_t dot_rows() const noexcept { return rows_ * down(); }

  void set(std::size_t row, std::size_t column) {
    const std::size_t across = dots_across(dots_);
    constexpr std::array<std::array<unsigned char, 2>, 4> kBits{
        {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
    auto& cell = cells_[row / down() * columns_ + column / across];
    cell = static_cast<unsigned char>(cell | (dots_ == Dots::braille ? kBits.at(row % 4).at(column % 2) : 1U));
  }

  std::string line(std::size_t row) const {
    std::string text;
    for (std::size_t i = 0; i < columns_; ++i) {
      const unsigned char cell = cells_[row * columns_ + i];
      if (cell == 0 || dots_ == Dots::ascii) {
        text += cell == 0 ? ' ' : '*';
      } else {  // U+2800 and the bits, in UTF-8
        text += '\xe2';
        text += static_cast<char>(0xa0 | (cell >> 6U));
        text += static_cast<char>(0x80 | (cell & 0x3fU));
      }
    }
    return text;
  }

 private:
  std::size_t down() const noexcept { return dots_ == Dots::braille ? 4 : 1; }

  Dots dots_;
  std::size_t rows_;
  std::size_t columns_;
  std::vector<unsigned char> cells_;
};

constexpr std::size_t kLabelColumns = 10;

std::string label(double value) {
  const std::string text = fmt::format("{:>{}.4g}", value, kLabelColumns);
  return text.size() > kLabelColumns ? fmt::format("{:>{}.3g}", value, kLabelColumns) : text;
}

}  // namespace

std::vector<std::string> draw(const Series& series, const std::vector<Extremes>& columns_of_dots, double newest,
                              std::size_t rows, std::size_t columns, Dots dots) {
  Extremes all;
  for (const Extremes& column : columns_of_dots) all.add(column);
  const std::string unit = series.unit.empty() ? "" : " " + text::printable(series.unit);
  std::vector<std::string> lines;
  lines.push_back(all.is_there() ? fmt::format("{}{}  {:.10g}  from {:.10g} to {:.10g}", text::printable(series.name),
                                               unit, newest, all.least, all.greatest)
                                 : text::printable(series.name) + unit + "  no value that is a number");
  Canvas canvas(rows, curve_columns(columns), dots);
  const auto most = static_cast<double>(canvas.dot_rows() - 1);
  const bool is_constant = !(all.least < all.greatest);
  // The difference of two numbers need not be one.
  const double scale = std::isfinite(all.greatest - all.least) ? 1 : 0.5;
  const double range = scale * all.greatest - scale * all.least;
  const auto row_of = [&](double value) {
    const double part = is_constant ? 0.5 : std::clamp((scale * value - scale * all.least) / range, 0.0, 1.0);
    return static_cast<std::size_t>(std::lround((1 - part) * most));
  };
  std::optional<Extremes> before;
  std::size_t before_at = 0;
  const std::size_t count = std::min(columns_of_dots.size(), curve_columns(columns) * dots_across(dots));
  for (std::size_t i = 0; i < count; ++i) {
    const Extremes& column = columns_of_dots[i];
    if (!column.is_there()) continue;
    Extremes joined = column;
    if (before && i == before_at + 1 && before->greatest < column.least) joined.least = before->greatest;
    if (before && i == before_at + 1 && before->least > column.greatest) joined.greatest = before->least;
    for (std::size_t row = row_of(joined.greatest); row <= row_of(joined.least); ++row) canvas.set(row, i);
    // A straight line where there was nothing for a while.
    for (std::size_t k = before_at + 1; before && k < i; ++k) {
      const double part = static_cast<double>(k - before_at) / static_cast<double>(i - before_at);
      const double from = std::midpoint(before->least, before->greatest);
      canvas.set(row_of(std::lerp(from, std::midpoint(column.least, column.greatest), part)), k);
    }
    before = column;
    before_at = i;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    std::string left(kLabelColumns, ' ');
    if (all.is_there() && row == 0) left = label(all.greatest);
    if (all.is_there() && row + 1 == rows && rows > 1 && !is_constant) left = label(all.least);
    lines.push_back(left + (dots == Dots::braille ? " \u2502" : " |") + canvas.line(row));
  }
  return lines;
}

}  // namespace arena_shm::plot
