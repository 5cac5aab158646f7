// What the readers of a verb that fills the terminal have to say.
#pragma once

#include <string>
#include <string_view>

#include "recording/attendant.hpp"
#include "terminal/signals.hpp"

namespace arena_shm::tool {

/// Keeps the newest message, for a line of the screen. Thread safety: none.
class ScreenAttendant final : public recording::Attendant {
 public:
  bool stop_requested() const noexcept override { return terminal::stop_requested(); }
  void note(std::string_view text) override { message_ = text; }
  void tell(std::string_view line) override { message_ = line; }
  void show_progress(std::string_view) override {}
  const std::string& message() const noexcept { return message_; }

 private:
  std::string message_;
};

}  // namespace arena_shm::tool
