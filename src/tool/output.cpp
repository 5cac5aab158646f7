#include "tool/output.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "arena_shm/core/system.hpp"
#include "schema/utf8.hpp"
#include "schema/value_text.hpp"

namespace arena_shm::tool {

namespace {

constexpr std::size_t kLargeBytes = std::size_t{1} << 16;

// Returns 0, or errno.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::string scaled(double value, double step, const char* units) {
  std::size_t unit = 0;
  // 999.5 would be printed as 1000.
  while (value >= 999.5 && units[unit + 1] != '\0') {
    value /= step;
    ++unit;
  }
  if (units[unit] == ' ') return fmt::format("{:.0f}", value);
  return value < 99.95 ? fmt::format("{:.1f}{}", value, units[unit]) : fmt::format("{:.0f}{}", value, units[unit]);
}

// A line end stays outside.
std::string painted(const char* style, std::string line) {
  if (!is_colourful()) return line;
  const std::string end = line.ends_with('\n') ? "\n" : "";
  line.resize(line.size() - end.size());
  return fmt::format("\x1b[{}m{}\x1b[0m{}", style, line, end);
}

}  // namespace

void Output::flush() {
  const int error = write_all(STDOUT_FILENO, text_);
  text_.clear();
  if (error == EPIPE) throw OutputClosed{};
  if (error != 0) core::throw_errno(error, core::Act::write_file, "write to", "standard output");
}

void Output::flush_if_large() {
  if (text_.size() >= kLargeBytes) flush();
}

void Output::check_open() {
  pollfd out{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  if (::poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0) throw OutputClosed{};
}

bool is_colourful() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0') && term != nullptr &&
         std::string_view(term) != "dumb";
}

std::string alarming(std::string line) { return painted("31", std::move(line)); }
std::string strong(std::string line) { return painted("1", std::move(line)); }

void note(std::string_view text) { plain_note("arena-shm: " + std::string(text)); }

void plain_note(std::string_view text) {
  // One write, so that the lines of several processes do not mix. If it fails there is nobody to tell.
  static_cast<void>(write_all(STDERR_FILENO, schema::printable(text) + '\n'));
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string short_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{}B", bytes);
  return scaled(static_cast<double>(bytes), 1024, " KMGTPE");
}

std::string short_count(double count) { return scaled(count, 1000, " kMGTPE"); }

std::string short_duration(std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 0) return "0s";
  // 999.5 would be printed as 1e+03.
  if (seconds < 0.9995e-3) return fmt::format("{:.3g}us", seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{:.3g}ms", seconds * 1e3);
  if (seconds < 120) return fmt::format("{:.0f}s", seconds);
  if (seconds < 120 * 60) return fmt::format("{:.0f}m", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{:.0f}h", seconds / 3600);
  return fmt::format("{:.0f}d", seconds / 86400);
}

std::string utc_time(std::int64_t realtime_ns) {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  const std::int64_t ms = realtime_ns / kNsPerMs - (realtime_ns % kNsPerMs < 0 ? 1 : 0);  // rounded down
  return schema::time_text(ms, 1000);
}

std::chrono::nanoseconds time_between(std::int64_t from_ns, std::int64_t to_ns) noexcept {
  std::int64_t count = 0;
  if (!__builtin_sub_overflow(to_ns, from_ns, &count)) return std::chrono::nanoseconds(count);
  return from_ns < 0 ? std::chrono::nanoseconds::max() : std::chrono::nanoseconds::min();
}

std::int64_t realtime_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace arena_shm::tool
