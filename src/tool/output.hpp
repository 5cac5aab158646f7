// Everything that the tool prints: data to standard output, notes to standard error.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace arena_shm::tool {

/// Thrown when nobody reads standard output any more, as behind `| head`. Not an error.
struct OutputClosed {};

/// Standard output, gathered into large writes. What is not flushed is lost.
/// Thread safety: none.
class Output {
 public:
  /// Append here.
  std::string& text() noexcept { return text_; }
  /// Writes everything. Errors: OutputClosed, Code::no_space, system.
  void flush();
  /// Writes if much has been gathered. Errors: as flush.
  void flush_if_large();
  /// Has the reader gone away? Finds out without writing. Errors: OutputClosed.
  static void check_open();

 private:
  std::string text_;
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

/// "1 value", "2 values"
std::string counted(std::uint64_t count, std::string_view noun);
/// "40B", "3.1M": powers of 1024, three digits.
std::string short_bytes(std::uint64_t bytes);
/// "412", "412k", "18.2M": powers of 1000.
std::string short_count(double count);
/// "4s", "3m", "2h", "17d"
std::string short_duration(std::chrono::nanoseconds duration);
/// "2026-01-31T12:34:56.789Z", from CLOCK_REALTIME.
std::string utc_time(std::int64_t realtime_ns);
/// As much of it as fits: what a segment says of times may be anything.
std::chrono::nanoseconds time_between(std::int64_t from_ns, std::int64_t to_ns) noexcept;
/// CLOCK_REALTIME
std::int64_t realtime_ns();

}  // namespace arena_shm::tool
