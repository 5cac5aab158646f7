#include "tool/signals.hpp"

#include <csignal>
#include <initializer_list>

namespace arena_shm::tool {

namespace {

volatile std::sig_atomic_t stop = 0;

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // not SA_RESTART: a read from the terminal has to come back
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction before {};
    // Who was started with the signal ignored, as by nohup, goes on ignoring it.
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) {
      ::sigaction(signal, &action, nullptr);
    }
  }
}

bool stop_requested() noexcept { return stop != 0; }

}  // namespace arena_shm::tool
