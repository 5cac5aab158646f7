// A signal handler that uses the library while its thread is inside of it, through another handle: it is refused, or it
// works; it never waits for its own thread.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/acts.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

using Numbers = Arena<std::uint64_t>;

/// Raises a signal, whose handler runs `action`, at a named point: each time, or the first time.
struct Interrupt {
  inline static std::string point;
  inline static std::function<void()> action;
  inline static int times = 0;
  inline static bool once = true;

  static void arm(const std::string& where, std::function<void()> what, bool first_only = true) {
    point = where;
    action = std::move(what);
    times = 0;
    once = first_only;
    struct sigaction handler {};
    handler.sa_handler = [](int) {
      const int saved = errno;
      const auto hook = std::exchange(core::stop_point_hook, nullptr);
      action();
      if (!once) core::stop_point_hook = hook;
      errno = saved;
    };
    ::sigaction(SIGUSR1, &handler, nullptr);
    core::stop_point_hook = [](const char* at) {
      if (point != at) return;
      ++times;
      ::raise(SIGUSR1);
    };
  }
  static void disarm() { core::stop_point_hook = nullptr; }
};

class HandlerTest : public testing::Test {
 protected:
  TempName name_;
  Numbers arena_ = Numbers::create(name_, {.slots = 64, .seats = 8});
};

TEST_F(HandlerTest, AllocatingThroughASecondHandleIsReentered) {
  Child child([this] {
    auto first = Numbers::open(name_);
    auto second = Numbers::open(name_);
    second.alloc(1);
    int wrong = 0;
    const auto refused_at = [&](const char* point) {
      std::optional<Code> code;
      Interrupt::arm(point, [&] { code = code_of([&] { second.alloc(2); }); });
      first.alloc(3);
      Interrupt::disarm();
      if (code == Code::reentered) return;
      std::fprintf(stderr, "at %s: %s\n", point, code ? std::string(to_string(*code)).c_str() : "not refused");
      ++wrong;
    };
    for (const char* point :
         {"mutex_locked", "alloc_claiming", "alloc_claimed", "slot_busy", "slot_done", "mutex_unlock"})
      refused_at(point);
    for (const char* point : {"alloc_claiming", "alloc_claimed", "mutex_reserved", "slot_busy", "slot_done"}) {
      Interrupt::disarm();
      for (int i = 0; i < 2000; ++i) first.alloc(1);  // reserved for it: each taking back has doubled its patience
      refused_at(point);
    }
    return wrong;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

TEST_F(HandlerTest, AllocatingWhileItsThreadWaitsIsReentered) {
  Child stopped([this] {
    auto arena = Numbers::open(name_);
    StopAt::arm("mutex_locked", SIGSTOP);
    arena.alloc(1);
    return 0;
  });
  ASSERT_EQ(stopped.stop_or_end(), "stopped");
  Child child([&] {
    auto first = Numbers::open(name_);
    auto second = Numbers::open(name_);
    std::optional<Code> code;
    Interrupt::arm("mutex_waiting", [&] {
      code = code_of([&] { second.alloc(2); });
      stopped.signal(SIGCONT);
    });
    first.alloc(3);
    return code == Code::reentered ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(stopped.end(), "exit 0");
}

// Opening, closing, taking seats, repairing: from a handler that has come at any point of the same.
TEST_F(HandlerTest, SettingUpInTheMiddleOfSettingUpWorks) {
  const std::vector<std::pair<const char*, std::function<void(const std::string&)>>> works{
      {"open and close", [](const std::string& name) { Numbers::open(name); }},
      {"create and remove",
       [](const std::string& name) {
         const std::string other = name + ".h";
         if (const auto code = code_of([&] { Numbers::create(other, {.slots = 4}); });
             code && *code != Code::already_exists)
           throw Error(*code, {});
         Numbers::remove(other);
       }},
      {"take a seat, write, leave", [](const std::string& name) { Numbers::open(name).writer().alloc(1); }},
      {"make a reader",
       [](const std::string& name) {
         auto view = ArenaView<std::uint64_t>::open(name);
         auto reader = view.reader(From::oldest);
         while (reader.next()) continue;
       }},
      {"clear dead seats",
       [](const std::string& name) {
         const auto segment = core::Segment::open(name, core::Access::read_write);
         for (std::uint32_t seat = 0; seat < 8; ++seat) core::clear_dead_seat(*segment, seat);
       }},
  };
  Child child([&] {
    // One that has died holding the mutex, so that there is something to repair.
    Child([this] {
      auto arena = Numbers::open(name_);
      StopAt::arm("mutex_locked", SIGKILL);
      arena.alloc(1);
      return 0;
    }).end();
    int wrong = 0;
    static std::vector<std::string> points;
    for (const auto& [outer_name, outer] : works) {
      points.clear();
      core::stop_point_hook = [](const char* at) {
        if (std::find(points.begin(), points.end(), at) == points.end()) points.emplace_back(at);
      };
      outer(name_.str());
      Interrupt::disarm();
      const std::vector<std::string> all = points;
      for (const std::string& point : all) {
        for (const auto& [inner_name, inner] : works) {
          bool done = false;
          Interrupt::arm(point, [&, &inner = inner] {
            inner(name_.str());
            done = true;
          });
          outer(name_.str());
          Interrupt::disarm();
          if (done || Interrupt::times == 0) continue;
          std::fprintf(stderr, "%s, at %s: %s\n", outer_name, point.c_str(), inner_name);
          ++wrong;
        }
      }
    }
    return wrong;
  });
  EXPECT_EQ(child.end(), "exit 0");
  Numbers::remove(name_.str() + ".h");
  EXPECT_EQ(arena_.alloc(7).value, 7U);
}

// Under the very lock of a view: its first reader maps the doorbell.
TEST_F(HandlerTest, MakingAReaderInTheMiddleOfMakingOneWorks) {
  Child child([this] {
    const auto view = ArenaView<std::uint64_t>::open(name_);
    bool done = false;
    Interrupt::arm("doorbell_mapping", [&] {
      view.reader(From::oldest);
      done = true;
    });
    view.reader(From::oldest);
    return done ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

}  // namespace
}  // namespace arena_shm::test
