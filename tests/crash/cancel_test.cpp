// pthread_cancel of a thread, at every point of every call: it ends that thread and nothing else.
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/acts.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

using Numbers = Arena<std::uint64_t>;

/// Cancels the calling thread at a named point.
struct CancelAt {
  inline static std::string point;
  inline static std::atomic<int> times{0};
  inline static std::set<std::string> seen;  // by a thread that runs alone

  static void arm(const std::string& where) {
    point = where;
    times = 0;
    core::stop_point_hook = [](const char* name) {
      if (point == name && ++times == 1) ::pthread_cancel(::pthread_self());
    };
  }
  static void watch() {
    core::stop_point_hook = [](const char* name) { seen.insert(name); };
  }
};

/// Runs `work` on a thread; true: it was cancelled.
bool run_cancelled(const std::function<void()>& work) {
  pthread_t thread{};
  const auto start = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    ::pthread_testcancel();  // a call that is over may leave it to what follows
    return nullptr;
  };
  if (::pthread_create(&thread, nullptr, start, const_cast<std::function<void()>*>(&work)) != 0) ::abort();
  void* result = nullptr;
  ::pthread_join(thread, &result);
  return result == PTHREAD_CANCELED;
}

class CancelTest : public testing::Test {
 protected:
  using Works = std::vector<std::pair<const char*, std::function<void()>>>;

  Works calls() {
    return {
        {"create", [this] { Numbers::create(other_, {.slots = 4}); }},
        {"open", [this] { Numbers::open(name_); }},
        {"open_or_create", [this] { Numbers::open_or_create(other_, {.slots = 4}); }},
        {"open of a view", [this] { ArenaView<std::uint64_t>::open(name_); }},
        {"writer", [this] { arena_.writer(); }},
        {"first alloc", [this] { Numbers::open(name_).alloc(1); }},
        {"Writer::alloc", [this] { arena_.writer().alloc(1); }},
        {"batch",
         [this] {
           arena_.writer().alloc(std::vector<std::uint64_t>{1, 2, 3});
         }},
        {"many allocs",
         [this] {
           auto arena = Numbers::open(name_);
           for (int i = 0; i < 200; ++i) arena.alloc(1);
         }},
        {"reader",
         [this] {
           auto reader = arena_.reader(From::oldest);
           while (reader.next()) continue;
           reader.wait_for(std::chrono::milliseconds(1));
         }},
        {"reader that polls",
         [this] {
           auto reader = arena_.reader(From::at(1000), {.doorbell = false});
           reader.wait_for(std::chrono::milliseconds(2));
         }},
        {"read", [this] { arena_.read(arena_.head() - 1); }},
    };
  }

  /// No seat is held, nor the mutex, and nothing that was called is in the way of anybody.
  std::string wrong() {
    if (core::mutex_owner(file_.control().mutex) != 0 && !core::mutex_is_reserved(file_.control().mutex))
      return "the mutex is held";
    for (std::uint32_t seat = 1; seat < kSeats; ++seat) {
      if (file_.seat(seat).ended != file_.seat(seat).session) return "seat " + std::to_string(seat) + " is held";
    }
    arena_.alloc(5);
    const auto newest = arena_.read(arena_.head() - 1);
    return newest && *newest == 5 ? "" : "the newest value is not there";
  }

  static constexpr std::uint32_t kSeats = 4;
  TempName name_;
  TempName other_;
  Numbers arena_ = Numbers::create(name_, {.slots = 4, .seats = kSeats});
  SegmentFile file_{name_};
};

TEST_F(CancelTest, AtEveryPointOfEveryCallEndsTheThreadOnly) {
  Child child([this] {
    arena_ = Numbers::open(name_);  // a child's own
    arena_.alloc(1);                // seat 0 is its
    int failures = 0;
    for (const auto& [what, work] : calls()) {
      Numbers::remove(other_);
      CancelAt::seen.clear();
      CancelAt::watch();
      run_cancelled(work);
      core::stop_point_hook = nullptr;
      for (const std::string& point : CancelAt::seen) {
        Numbers::remove(other_);
        CancelAt::arm(point);
        const bool cancelled = run_cancelled(work);
        core::stop_point_hook = nullptr;
        const std::string problem = !cancelled && CancelAt::times > 0 ? "it was not cancelled" : wrong();
        if (problem.empty()) continue;
        std::fprintf(stderr, "%s, at %s: %s\n", what, point.c_str(), problem.c_str());
        ++failures;
      }
    }
    return failures;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

// Cancelled before the call: it does nothing at all, or ends the thread afterwards.
TEST_F(CancelTest, BeforeACallEndsTheThreadOnly) {
  Child child([this] {
    arena_ = Numbers::open(name_);
    arena_.alloc(1);
    int failures = 0;
    for (const auto& [what, work] : calls()) {
      const bool cancelled = run_cancelled([&work = work] {
        ::pthread_cancel(::pthread_self());
        work();
      });
      if (cancelled && wrong().empty()) continue;
      std::fprintf(stderr, "%s: %s\n", what, wrong().c_str());
      ++failures;
    }
    return failures;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

/// Of threads that wait for ever: each is cancelled when it waits, and ends.
class CancelWaitingTest : public CancelTest {
 protected:
  /// Runs `work` on a thread in a child, cancels that at `point`, or where it is when it has passed it. Then lets
  /// `afterwards` look.
  std::string cancel_at(const char* point, const std::function<void()>& work, const std::function<bool()>& afterwards) {
    Child child([&] {
      static std::atomic<bool> there{false};
      static std::string where;
      where = point;
      arena_ = Numbers::open(name_);
      core::stop_point_hook = [](const char* at) {
        if (where == at) there = true;
      };
      std::atomic<pthread_t> thread{};
      std::atomic<bool> known{false};
      std::thread canceller([&] {
        while (!there || !known) std::this_thread::yield();
        ::pthread_cancel(thread);
      });
      const bool cancelled = run_cancelled([&] {
        thread = ::pthread_self();
        known = true;
        work();
      });
      canceller.join();
      core::stop_point_hook = nullptr;
      return cancelled && afterwards() ? 0 : 1;
    });
    return child.end();
  }
};

TEST_F(CancelWaitingTest, ForTheMutex) {
  Child stopped([this] {
    auto arena = Numbers::open(name_);
    StopAt::arm("mutex_locked", SIGSTOP);
    arena.alloc(1);
    return 0;
  });
  ASSERT_EQ(stopped.stop_or_end(), "stopped");
  EXPECT_EQ(cancel_at(
                "mutex_waiting", [this] { arena_.alloc(1); },
                [&] {
                  stopped.signal(SIGCONT);
                  return arena_.alloc(2).value == 2;  // by the same handle
                }),
            "exit 0");
  EXPECT_EQ(stopped.end(), "exit 0");
}

TEST_F(CancelWaitingTest, ForAFreeSlot) {
  StoppedWriter stopped(arena_, file_);
  stopped.stop_in_slot(4);
  EXPECT_EQ(cancel_at(
                "alloc_starved", [this] { arena_.writer().alloc(1); },
                [&] { return file_.seat(1).ended == file_.seat(1).session; }),
            "exit 0")
      << "the seat is given back";
  // Under the mutex, which is free afterwards.
  EXPECT_EQ(
      cancel_at(
          "alloc_starved", [this] { arena_.alloc(1); }, [&] { return core::mutex_owner(file_.control().mutex) == 0; }),
      "exit 0");
}

TEST_F(CancelWaitingTest, ForAValue) {
  for (const bool doorbell : {true, false}) {
    for (const Manner manner : {Manner::latency, Manner::throughput}) {
      EXPECT_EQ(cancel_at(
                    "sleeper_announced",
                    [&] {
                      auto reader = arena_.reader(From::newest, {.manner = manner, .doorbell = doorbell});
                      reader.wait_for(std::chrono::hours::max());
                    },
                    [&] { return arena_.alloc(1).value == 1; }),
                "exit 0");
    }
  }
}

// In the user's own callback; the reader is good for another thread afterwards.
TEST_F(CancelWaitingTest, InACallbackOfOnGap) {
  Child child([this] {
    arena_ = Numbers::open(name_);
    for (std::uint64_t i = 0; i < 10; ++i) arena_.alloc(i);
    auto reader = arena_.reader(From::at(0));
    bool cancels = true;
    reader.on_gap([&](const Gap&) {
      if (!std::exchange(cancels, false)) return;
      ::pthread_cancel(::pthread_self());
      ::pthread_testcancel();
    });
    if (!run_cancelled([&] { reader.next(); })) return 1;
    const auto entry = reader.next();
    return entry && entry->seq == 6 && reader.overwritten_count() == 6 ? 0 : 2;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

}  // namespace
}  // namespace arena_shm::test
