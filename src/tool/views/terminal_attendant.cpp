#include "tool/views/terminal_attendant.hpp"

#include <unistd.h>

#include <string>
#include <string_view>

#include "terminal/output.hpp"
#include "terminal/signals.hpp"

namespace arena_shm::tool {

namespace {

class TerminalAttendant final : public recording::Attendant {
 public:
  bool stop_requested() const noexcept override { return terminal::stop_requested(); }

  void note(std::string_view text) override {
    show_progress("");
    terminal::note(text);
  }

  void tell(std::string_view line) override {
    show_progress("");
    terminal::plain_note(line);
  }

  void show_progress(std::string_view line) override {
    if (!is_terminal_ || (line.empty() && width_ == 0)) return;
    const std::size_t rest = width_ > line.size() ? width_ - line.size() : 0;
    write('\r' + std::string(line) + std::string(rest, ' ') + (line.empty() ? "\r" : ""));
    width_ = line.size();
  }

 private:
  static void write(const std::string& text) { static_cast<void>(::write(STDERR_FILENO, text.data(), text.size())); }

  bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::size_t width_ = 0;
};

}  // namespace

recording::Attendant& terminal_attendant() {
  static TerminalAttendant attendant;
  return attendant;
}

}  // namespace arena_shm::tool
