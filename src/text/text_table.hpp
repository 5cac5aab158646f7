// Aligned columns of text, for the eye.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace arena_shm::text {

inline constexpr std::size_t kNoWidth = std::numeric_limits<std::size_t>::max();

/// As many of its characters as fit into so many columns, with a mark at the end if it is cut. Requires: printable
/// (utf8.hpp).
std::string cut(std::string_view text, std::size_t width);

/// Appends the text as lines that break between words, and within such as are longer than a line. Those behind the
/// first one begin with `indent` spaces; what `out` has since its last line end stands on the first one. Requires: as
/// cut.
void append_wrapped(std::string& out, std::string_view text, std::size_t width, std::size_t indent);

/// Columns become wider when a cell needs it, never narrower. Where a line gets wider than there is room, long cells
/// are cut, and columns left out. Thread safety: none.
class TextTable {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
    std::size_t least = 0;  ///< its cells may be cut to so many columns; 0: they stay whole
    std::size_t rank = 0;   ///< without room, those of the highest rank are left out first; 0: stays
  };

  explicit TextTable(std::vector<Column> columns, std::size_t width = kNoWidth);

  /// Makes room for these cells. Requires, like append: a cell for each column, printable (utf8.hpp).
  void widen(const std::vector<std::string>& cells);
  void append(std::string& out, const std::vector<std::string>& cells) const;
  void append_heading(std::string& out) const;

  /// From now on the same columns are shown: what does not fit any more is cut at the end of the line.
  void settle() noexcept { settled_ = true; }
  std::size_t left_out_count() const noexcept { return columns_.size() - shown_count_; }

 private:
  std::size_t least_width(std::size_t column) const;
  std::size_t total(std::size_t level) const;
  void choose_columns();
  void lay_out();

  std::vector<Column> columns_;
  std::size_t width_;
  std::vector<std::size_t> cells_;   // the widest cell of each column
  std::vector<std::size_t> widths_;  // as shown
  std::vector<bool> shown_;
  std::size_t shown_count_;
  bool settled_ = false;
};

}  // namespace arena_shm::text
