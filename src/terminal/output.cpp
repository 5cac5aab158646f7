#include "terminal/output.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "arena_shm/core/system.hpp"
#include "core/patient_write.hpp"
#include "core/take_back.hpp"
#include "text/text_table.hpp"
#include "text/utf8.hpp"

namespace arena_shm::terminal {

namespace {

constexpr std::size_t kLargeBytes = std::size_t{1} << 16;

// A line end stays outside.
std::string painted(const char* style, std::string line) {
  if (!is_colourful()) return line;
  const std::string end = line.ends_with('\n') ? "\n" : "";
  line.resize(line.size() - end.size());
  return fmt::format("\x1b[{}m{}\x1b[0m{}", style, line, end);
}

std::size_t width_of(int descriptor) {
  constexpr std::size_t kUsual = 80;  // of a terminal that does not say
  if (::isatty(descriptor) != 1) return text::kNoWidth;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
  return size.ws_col;
}

}  // namespace

// How much of what was written is whole rows.
std::size_t Output::whole_bytes(std::size_t written) const {
  if (row_ends_.empty()) return std::string_view(text_).substr(0, written).rfind('\n') + 1;  // npos + 1 is 0
  const auto behind = std::upper_bound(row_ends_.begin(), row_ends_.end(), written);
  return behind == row_ends_.begin() ? 0 : *(behind - 1);
}

std::size_t Output::flush() {
  const core::PatientWrite done = is_cut_off_ ? core::PatientWrite{} : core::write_patiently(STDOUT_FILENO, text_);
  is_cut_off_ = is_cut_off_ || (done.error == 0 && done.bytes < text_.size());
  const std::size_t part = done.error == 0 ? 0 : done.bytes - whole_bytes(done.bytes);
  text_.clear();
  row_ends_.clear();
  if (done.error == 0) return done.bytes;
  if (done.error == EPIPE) throw OutputClosed{};
  if (!core::take_back(STDOUT_FILENO, part)) note("the last row on standard output is incomplete");
  core::throw_errno(done.error, core::Act::write_file, "write to", "standard output");
}

bool Output::is_large() const noexcept { return text_.size() >= kLargeBytes; }

void Output::check_open() {
  pollfd out{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  if (::poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0) throw OutputClosed{};
}

std::size_t line_width() { return width_of(STDOUT_FILENO); }

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
  std::string lines;
  text::append_wrapped(lines, text::printable(text), width_of(STDERR_FILENO), 2);
  static_cast<void>(core::write_patiently(STDERR_FILENO, lines));
}

void picture(std::string_view lines) {
  static_cast<void>(core::write_patiently(STDERR_FILENO, std::string(lines) + '\n'));
}

}  // namespace arena_shm::terminal
