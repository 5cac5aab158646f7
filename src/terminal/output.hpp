// Everything that the tool prints: data to standard output, notes to standard error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/output_closed.hpp"

namespace arena_shm::terminal {

using core::OutputClosed;

/// Standard output, gathered into large writes. What is not flushed is lost.
/// Thread safety: none.
class Output {
 public:
  /// Append here.
  std::string& text() noexcept { return text_; }
  /// What is there ends in a whole row. Whoever never says so has rows that end with their line.
  void end_row() { row_ends_.push_back(text_.size()); }
  /// Writes everything, unless a stop is requested while nobody makes room: what is left then, and all that comes
  /// behind it, is dropped. If it fails, a file is cut behind its last whole row.
  /// Returns: how many bytes of what was gathered are out. Errors: OutputClosed, Code::no_space, file_size_limit,
  /// system.
  std::size_t flush();
  /// Has so much been gathered that it is time to flush?
  bool is_large() const noexcept;
  /// Has the reader gone away? Finds out without writing. Errors: OutputClosed.
  static void check_open();

 private:
  std::size_t whole_bytes(std::size_t written) const;

  std::string text_;
  std::vector<std::size_t> row_ends_;  // in text_
  bool is_cut_off_ = false;
};

/// How many characters a line of standard output may have: as the terminal is wide; where there is none, any number.
std::size_t line_width();

/// May escape codes be used? Only on a terminal, and not with NO_COLOR (no-color.org).
bool is_colourful();

/// The line in red, or as it is.
std::string alarming(std::string line);
/// The line in bold, or as it is.
std::string strong(std::string line);

/// One line to standard error, "arena-shm: ..."; whatever is not printable is escaped.
void note(std::string_view text);
/// The same without the tool's name in front: for the lines of a summary.
void plain_note(std::string_view text);
/// Lines to standard error as they are, which only fit together where none is broken. Requires: printable.
void picture(std::string_view lines);

}  // namespace arena_shm::terminal
