#include "arena_shm/core/retained.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "arena_shm/core/process.hpp"

namespace arena_shm::core {
namespace {

thread_local constinit bool this_thread_exits = false;  // outlives what is destroyed with the thread

struct MainThread {
  MainThread() = default;
  MainThread(const MainThread&) = delete;
  MainThread& operator=(const MainThread&) = delete;
  // Any other thread just ends: what it destroys afterwards is destroyed in earnest.
  ~MainThread() { this_thread_exits = this_thread_exits || ::gettid() == ::getpid(); }

  void touch() noexcept { touched_ = true; }

 private:
  bool touched_ = false;
};

std::atomic<std::uint64_t> handles_made{1};
std::atomic<std::uint64_t> registered_at{0};  // so many handles had been made at the newest registration
std::atomic<int> registrations{0};

/// Each costs 32 bytes for ever. Handles that come later than that many belong to a program that makes them all the
/// time: its statics are not among them.
constexpr int kMostRegistrations = 4096;

}  // namespace

bool is_exiting() noexcept { return this_thread_exits; }

void expect_exit(Begins what) noexcept {
  const std::uint64_t made = handles_made.load(std::memory_order_relaxed);
  if (what == Begins::use && registered_at.load(std::memory_order_relaxed) == made) return;
  const SignalsBlocked no_handlers;  // one would come upon the locks of the C library that are taken here
  if (what == Begins::handle) {
    static thread_local MainThread here;
    here.touch();
  }
  // Registered before it is noted: another thread that finds the note can rely on it.
  if (registrations.load(std::memory_order_relaxed) < kMostRegistrations) {
    registrations.fetch_add(1, std::memory_order_relaxed);
    std::atexit([] { this_thread_exits = true; });
  }
  registered_at.store(made, std::memory_order_relaxed);
  if (what == Begins::handle) handles_made.fetch_add(1, std::memory_order_relaxed);
}

bool is_only_thread() noexcept {
  // A directory's links: itself, its name, and one for each entry.
  struct stat tasks {};
  constexpr nlink_t kLinksOfOneThread = 3;
  return ::stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == kLinksOfOneThread;
}

}  // namespace arena_shm::core
