#include "tool/verbs/await_arena.hpp"

#include <fmt/format.h>

#include <chrono>

#include "arena_shm/error.hpp"
#include "arena_shm/raw.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"

namespace arena_shm::tool {

terminal::Option add_wait_option(const terminal::Command& verb, bool& waits) {
  return verb.add_flag("--wait", waits, "Wait for an arena that is not there yet");
}

bool await_arena(const std::string& name) {
  constexpr std::chrono::milliseconds kLongestWait{50};  // until a signal, or a closed pipe, is looked for again
  for (std::chrono::milliseconds wait{0}; !terminal::stop_requested(); wait = kLongestWait) {
    try {
      RawView::wait_open(name, wait);
      return true;
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
    }
    if (wait.count() == 0) terminal::note(fmt::format("waiting for an arena '{}'", name));
    terminal::Output::check_open();
  }
  return false;
}

}  // namespace arena_shm::tool
