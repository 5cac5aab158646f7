#include "text/text_table.hpp"

#include <algorithm>
#include <utility>

#include "text/utf8.hpp"

namespace arena_shm::text {

TextTable::TextTable(std::vector<Column> columns) {
  for (Column& column : columns) {
    titles_.push_back(std::move(column.title));
    aligns_.push_back(column.align);
    widths_.push_back(character_count(titles_.back()));
  }
}

void TextTable::widen(const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], character_count(cells[i]));
}

void TextTable::append(std::string& out, const std::vector<std::string>& cells) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string space(widths_[i] - std::min(widths_[i], character_count(cells[i])), ' ');
    if (i > 0) line += "  ";
    line += aligns_[i] == Align::left ? cells[i] + space : space + cells[i];
  }
  out += line.erase(line.find_last_not_of(' ') + 1);
  out += '\n';
}

void TextTable::append_heading(std::string& out) const { append(out, titles_); }

}  // namespace arena_shm::text
