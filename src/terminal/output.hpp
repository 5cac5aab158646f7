// Everything that the tool prints: data to standard output, notes to standard error.
#pragma once

#include <string>
#include <string_view>

#include "core/output_closed.hpp"

namespace arena_shm::terminal {

using core::OutputClosed;

/// Standard output, gathered into large writes. What is not flushed is lost.
/// Thread safety: none.
class Output {
 public:
  /// Append here.
  std::string& text() noexcept { return text_; }
  /// Writes everything, unless a stop is requested while nobody makes room: what is left then, and all that comes
  /// behind it, is dropped. Returns: how many bytes of what was gathered are out. Errors: OutputClosed, Code::no_space,
  /// system.
  std::size_t flush();
  /// Has so much been gathered that it is time to flush?
  bool is_large() const noexcept;
  /// Has the reader gone away? Finds out without writing. Errors: OutputClosed.
  static void check_open();

 private:
  std::string text_;
  bool is_cut_off_ = false;
};

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

}  // namespace arena_shm::terminal
