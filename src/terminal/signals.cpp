#include "terminal/signals.hpp"

#include <unistd.h>

#include <csignal>
#include <initializer_list>
#include <string_view>

#include "core/stop_request.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::terminal {

namespace {

volatile std::sig_atomic_t trigger_signal = 0;

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { core::stop_request = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // not SA_RESTART: who waits for input or output has to come back
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction before {};
    // Who was started with the signal ignored, as by nohup, goes on ignoring it.
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) {
      ::sigaction(signal, &action, nullptr);
    }
  }
}

bool stop_requested() noexcept { return core::stop_requested(); }

void catch_trigger_signal() {
  struct sigaction action {};
  action.sa_handler = [](int) { trigger_signal = 1; };
  ::sigaction(SIGUSR1, &action, nullptr);
}

bool take_trigger_signal() noexcept {
  if (trigger_signal == 0) return false;
  trigger_signal = 0;
  return true;
}

void report_bus_errors() {
  struct sigaction action {};
  action.sa_handler = [](int) {
    constexpr std::string_view kCutShort =
        "arena-shm: expected a segment of constant size, found that its file was cut off while it was in use; "
        "remove the arena and create it again\n";
    static_cast<void>(::write(STDERR_FILENO, kCutShort.data(), kCutShort.size()));
    ::_exit(static_cast<int>(ExitCode::failed));
  };
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace arena_shm::terminal
