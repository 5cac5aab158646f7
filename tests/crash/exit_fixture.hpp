// Processes that exit while their threads are in the middle of something. Each has the handles as statics.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "arena_shm/arena.hpp"
#include "crash/acts.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {

using Numbers = Arena<std::uint64_t>;

/// Another library's static, which is destroyed after the handles: the threads have time to come upon what is gone.
struct Late {
  ~Late() {
    if (late_exit) ::usleep(30'000);
  }
  static inline bool late_exit = false;
};
inline Late late;

struct Statics {
  std::optional<Numbers> arena;
  std::optional<Writer<std::uint64_t>> writer;
  std::optional<ArenaView<std::uint64_t>> view;
  std::optional<Reader<std::uint64_t>> reader;
};
inline Statics statics;

inline void open_all(const TempName& name) {
  statics.arena = Numbers::open(name);
  statics.writer = statics.arena->writer();
  statics.view = ArenaView<std::uint64_t>::open(name);
  statics.reader = statics.view->reader(From::at(0));
}

class ExitWhileTest : public testing::Test {
 protected:
  /// A process in which `work` runs on detached threads, and which exits, with code 7, once each has come to `point`;
  /// or, without a point, when each has called `work` a hundred times.
  Child exiting(const char* point, const std::function<void()>& work, int threads = 1, bool by_main = true) {
    return Child([=, this] {
      Late::late_exit = true;
      static std::atomic<int> come{0};
      static std::string where;
      where = point;
      open_all(name_);
      core::stop_point_hook = [](const char* at) {
        if (where == at) ++come;
      };
      for (int i = 0; i < threads; ++i) {
        std::thread([=] {
          for (int times = 0;; ++times) {
            work();
            if (where.empty() && times == 100) ++come;
          }
        }).detach();
      }
      while (come < threads) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // that they sleep; it is right without, too
      if (by_main) std::exit(7);
      std::thread([] { std::exit(7); }).join();
      return 1;
    });
  }

  /// A process that is stopped inside of Arena::alloc.
  Child holder() {
    return Child([this] {
      auto arena = Numbers::open(name_);
      StopAt::arm("mutex_locked", SIGSTOP);
      arena.alloc(1);
      return 0;
    });
  }

  TempName name_;
  Numbers arena_ = Numbers::create(name_, {.slots = 4, .seats = 16});
  SegmentFile file_{name_};
};

}  // namespace arena_shm::test
