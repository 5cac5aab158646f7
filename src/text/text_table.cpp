#include "text/text_table.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "text/columns.hpp"

namespace arena_shm::text {

namespace {

constexpr std::string_view kMark = "\xe2\x80\xa6";  // U+2026, an ellipsis
constexpr std::string_view kBetween = "  ";
constexpr std::size_t kLeastTitle = 8;

}  // namespace

std::string cut(std::string_view text, std::size_t width) {
  if (column_count(text) <= width) return std::string(text);
  if (width == 0) return "";
  return std::string(text.substr(0, fitting_bytes(text, width - 1))) + std::string(kMark);
}

void append_wrapped(std::string& out, std::string_view text, std::size_t width, std::size_t indent) {
  width = std::max({width, 2 * indent, std::size_t{1}});
  std::size_t used = column_count(std::string_view(out).substr(out.rfind('\n') + 1));
  while (column_count(text) > width - std::min(used, width)) {
    std::size_t full = fitting_bytes(text, width - std::min(used, width));
    if (full == 0 && used <= indent) full = first_character(text).bytes.size();  // wider than the line
    const std::size_t space = text.substr(0, full + 1).rfind(' ');
    const bool has_word = space != std::string_view::npos && used + space > indent;
    const std::size_t end = has_word ? space : full;
    if (end == text.size()) break;
    out += text.substr(0, end);
    out += '\n' + std::string(indent, ' ');
    text.remove_prefix(has_word ? end + 1 : end);
    used = indent;
  }
  out += text;
  out += '\n';
}

TextTable::TextTable(std::vector<Column> columns, std::size_t width)
    : columns_(std::move(columns)),
      width_(width),
      cells_(columns_.size()),
      shown_(columns_.size(), true),
      shown_count_(columns_.size()) {
  lay_out();
}

void TextTable::widen(const std::vector<std::string>& cells) {
  bool is_wider = false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t count = column_count(cells[i]);
    is_wider = is_wider || count > cells_[i];
    cells_[i] = std::max(cells_[i], count);
  }
  if (is_wider) lay_out();
}

std::size_t TextTable::least_width(std::size_t column) const {
  const std::size_t title = std::min(column_count(columns_[column].title), kLeastTitle);
  const std::size_t least = columns_[column].least;
  return std::max(title, least == 0 ? cells_[column] : std::min(cells_[column], least));
}

// Of the columns that are shown, if none is wider than that unless it has to be.
std::size_t TextTable::total(std::size_t level) const {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!shown_[i]) continue;
    const std::size_t full = std::max(cells_[i], column_count(columns_[i].title));
    sum += std::max(least_width(i), std::min(full, level)) + kBetween.size();
  }
  return sum - std::min(sum, kBetween.size());
}

void TextTable::choose_columns() {
  std::vector<std::size_t> order(columns_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [this](std::size_t a, std::size_t b) { return columns_[a].rank > columns_[b].rank; });
  shown_.assign(columns_.size(), true);
  shown_count_ = columns_.size();
  std::size_t needed = total(0);
  for (const std::size_t i : order) {
    if (needed <= width_ || columns_[i].rank == 0) return;
    shown_[i] = false;
    --shown_count_;
    needed -= least_width(i) + kBetween.size();
  }
}

void TextTable::lay_out() {
  if (width_ != kNoWidth && !settled_) choose_columns();
  std::size_t level = kNoWidth;
  if (width_ != kNoWidth && total(kNoWidth) > width_) {
    std::size_t low = 0;
    for (std::size_t high = width_; low < high;) {
      const std::size_t middle = low + (high - low + 1) / 2;
      if (total(middle) <= width_) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    level = low;
  }
  widths_.resize(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::size_t full = std::max(cells_[i], column_count(columns_[i].title));
    widths_[i] = std::max(least_width(i), std::min(full, level));
  }
}

void TextTable::append(std::string& out, const std::vector<std::string>& cells) const {
  std::string line;
  bool is_first = true;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!shown_[i]) continue;
    const std::string cell = width_ == kNoWidth ? cells[i] : cut(cells[i], widths_[i]);
    const std::string space(widths_[i] - std::min(widths_[i], column_count(cell)), ' ');
    if (!std::exchange(is_first, false)) line += kBetween;
    line += columns_[i].align == Align::left ? cell + space : space + cell;
  }
  out += cut(line.erase(line.find_last_not_of(' ') + 1), width_);
  out += '\n';
}

void TextTable::append_heading(std::string& out) const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  append(out, titles);
}

}  // namespace arena_shm::text
