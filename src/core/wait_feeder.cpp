#include "arena_shm/core/wait_feeder.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace arena_shm::core {
namespace {

constexpr std::chrono::nanoseconds kWithoutOrders = std::chrono::hours{1};
constexpr std::chrono::nanoseconds kWithoutWaitv = std::chrono::milliseconds{1};

int make_event() {
  const int fd = eventfd_above_standard();
  if (fd < 0) throw_errno(errno, Act::duplicate, "make a descriptor for", "a WaitSet");
  return fd;
}

}  // namespace

WaitFeeder::WaitFeeder() : event_(make_event()) {
  words_.reserve(kMostFutexWords);   // so that arm() allocates nothing
  const SignalsBlocked no_handlers;  // on the thread: signals are the program's own
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    throw_errno(error.code().value(), Act::duplicate, "start the thread of", "a WaitSet");
  }
}

WaitFeeder::~WaitFeeder() {
  {
    const std::lock_guard<std::mutex> guard(lock_);
    ends_ = true;
    tell_thread();
  }
  thread_.join();
}

void WaitFeeder::tell_thread() noexcept { futex_add_and_wake(orders_, 1); }

void WaitFeeder::arm(std::span<const FutexWord> words, std::chrono::nanoseconds longest) noexcept {
  const std::lock_guard<std::mutex> guard(lock_);
  words_.assign(words.begin(),
                words.begin() + static_cast<std::ptrdiff_t>(std::min(words.size(), kMostFutexWords - 1)));
  deadline_ = Clock::now() + longest;
  armed_ = true;
  tell_thread();
}

void WaitFeeder::disarm() noexcept {
  const std::lock_guard<std::mutex> guard(lock_);
  if (armed_) tell_thread();
  armed_ = false;
  std::uint64_t count = 0;
  static_cast<void>(::read(event_.get(), &count, sizeof count));  // EAGAIN: it has not been told
}

/// Requires: armed, and the lock.
bool WaitFeeder::is_rung() const noexcept {
  return Clock::now() >= deadline_ || std::any_of(words_.begin(), words_.end(), [](const FutexWord& one) {
           // Relaxed: who is told looks at the slots himself.
           return one.word->load(std::memory_order_relaxed) != one.expected;
         });
}

void WaitFeeder::run() noexcept {
  std::vector<FutexWord> words;
  words.reserve(kMostFutexWords);
  for (;;) {
    std::chrono::nanoseconds longest = kWithoutOrders;
    {
      const std::lock_guard<std::mutex> guard(lock_);
      if (ends_) return;
      if (armed_ && is_rung()) {
        armed_ = false;
        const std::uint64_t one = 1;
        static_cast<void>(::write(event_.get(), &one, sizeof one));
      }
      words.clear();
      if (armed_) {
        words.assign(words_.begin(), words_.end());
        longest = std::min<std::chrono::nanoseconds>(longest, deadline_ - Clock::now());
      }
      words.push_back({&orders_, orders_.load(std::memory_order_relaxed)});  // changes under the lock only
    }
    if (std::size_t which = 0; !futex_wait_any(words, longest, which)) {
      const bool may_ring = words.size() > 1;
      futex_wait(*words.back().word, words.back().expected, may_ring ? std::min(longest, kWithoutWaitv) : longest);
    }
  }
}

}  // namespace arena_shm::core
