// Aligned columns of text, for the eye.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace arena_shm::text {

/// Columns become wider when a cell needs it, never narrower. Thread safety: none.
class TextTable {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit TextTable(std::vector<Column> columns);

  /// Makes room for these cells. Requires, like append: a cell for each column, printable (utf8.hpp).
  void widen(const std::vector<std::string>& cells);
  void append(std::string& out, const std::vector<std::string>& cells) const;
  void append_heading(std::string& out) const;

 private:
  std::vector<std::string> titles_;
  std::vector<Align> aligns_;
  std::vector<std::size_t> widths_;
};

}  // namespace arena_shm::text
