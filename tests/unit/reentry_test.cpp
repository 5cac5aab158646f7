// A writer that is used from inside of itself: an error for who does it, and nothing for the value that was begun.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"
#include "support/writers_name.hpp"

namespace arena_shm {
namespace {

using test::code_of;
using test::TempName;

using Numbers = Arena<std::uint64_t>;

/// What a signal handler does while a test is inside of alloc. Only what is set here runs in it.
std::function<void()> in_handler;

class SignalHandler {
 public:
  explicit SignalHandler(std::function<void()> action) {
    in_handler = std::move(action);
    struct sigaction handler {};
    handler.sa_handler = [](int) {
      const int saved = errno;
      in_handler();
      errno = saved;
    };
    handler.sa_flags = SA_RESTART;
    ::sigaction(SIGUSR1, &handler, &before_);
  }
  SignalHandler(const SignalHandler&) = delete;
  SignalHandler& operator=(const SignalHandler&) = delete;
  ~SignalHandler() { ::sigaction(SIGUSR1, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

class ReentryTest : public ::testing::TestWithParam<Writers> {
 protected:
  TempName name_;
  Numbers arena_ = Numbers::create(name_, {.slots = 4, .writers = GetParam()});
};

TEST_P(ReentryTest, FromItsOwnCallableIsRefusedAndHarmless) {
  auto writer = arena_.writer();
  std::optional<Code> inner;
  std::optional<Code> inner_batch;
  const std::vector<std::uint64_t> batch{8, 9};
  const std::uint64_t seq = writer.alloc_with([&](SlotWriter& slot) noexcept {
    inner = code_of([&] { writer.alloc(7); });
    inner_batch = code_of([&] { writer.alloc(batch); });
    slot.append(std::uint64_t{42});
  });
  EXPECT_EQ(inner, Code::reentered);
  EXPECT_EQ(inner_batch, Code::reentered);
  EXPECT_EQ(seq, 0U);
  EXPECT_EQ(*arena_.read(0), 42U);
  EXPECT_EQ(arena_.head(), 1U);
  EXPECT_EQ(writer.alloc(43).seq, arena_.lanes()) << "the writer works afterwards";
  EXPECT_EQ(*arena_.read(arena_.lanes()), 43U);
}

TEST_P(ReentryTest, FromASignalHandlerIsRefusedAndHarmless) {
  auto writer = arena_.writer();
  std::optional<Code> inner;
  const SignalHandler handler([&] { inner = code_of([&] { writer.try_alloc(7); }); });
  const std::uint64_t seq = writer.alloc_with([&](SlotWriter& slot) noexcept {
    ::raise(SIGUSR1);
    slot.append(std::uint64_t{42});
  });
  EXPECT_EQ(inner, Code::reentered);
  EXPECT_EQ(*arena_.read(seq), 42U);
  EXPECT_EQ(writer.alloc(43).seq, arena_.lanes());
}

/// Interrupts the calling thread as often as it can while `work` runs there.
void under_signals(const std::function<void()>& work) {
  const pthread_t self = ::pthread_self();
  std::atomic<bool> end{false};
  std::thread interrupter([&] {
    while (!end) {
      ::pthread_kill(self, SIGUSR1);
      std::this_thread::sleep_for(std::chrono::microseconds(40));
    }
  });
  work();
  end = true;
  interrupter.join();
}

/// Allocates in the main line and in a handler that interrupts it anywhere. Each value has to get a seq of its own, and
/// to be found there.
void expect_each_value_once(const Numbers& arena, const std::function<Entry<std::uint64_t>(std::uint64_t)>& alloc) {
  constexpr std::uint64_t kInner = std::uint64_t{1} << 40;
  constexpr std::uint64_t kOuter = 200'000;
  constexpr std::uint64_t kEnough = 50;  // of each kind of interruption
  static std::vector<Entry<std::uint64_t>> inner;
  static std::atomic<std::uint64_t> refused;
  inner.clear();
  inner.reserve(1 << 17);
  refused = 0;
  const SignalHandler handler([&] {
    try {
      if (inner.size() < inner.capacity()) inner.push_back(alloc(kInner + inner.size()));
    } catch (const Error& error) {
      if (error.code() == Code::reentered) ++refused;
    }
  });
  std::map<std::uint64_t, std::uint64_t> found;
  auto reader = arena.reader(From::oldest);
  std::vector<Entry<std::uint64_t>> outer;
  outer.reserve(kOuter);
  under_signals([&] {
    while (outer.size() < kOuter && (inner.size() < kEnough || refused < kEnough)) {
      outer.push_back(alloc(outer.size()));
      for (int pause = 0; pause < 8; ++pause) core::cpu_pause();
    }
  });
  while (const auto entry = reader.next()) found.emplace(entry->seq, entry->value);
  EXPECT_EQ(reader.overwritten_count(), 0U);
  ASSERT_EQ(found.size(), outer.size() + inner.size());
  std::uint64_t wrong = 0;
  for (const auto& entry : outer) wrong += found[entry.seq] != entry.value;
  for (const auto& entry : inner) wrong += found[entry.seq] != entry.value;
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(inner.size(), 0U) << "the handler did come through; it was refused " << refused << " times";
}

TEST_P(ReentryTest, AStormOfSignalsCorruptsNothing) {
  const TempName name;
  const auto arena = Numbers::create(name, {.slots = 1 << 20, .writers = GetParam()});
  auto writer = arena.writer();
  expect_each_value_once(arena, [&](std::uint64_t value) { return writer.alloc(value); });
}

TEST_P(ReentryTest, AStormOfSignalsCorruptsNothingUnderTheMutex) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = 1 << 20, .writers = GetParam()});
  expect_each_value_once(arena, [&](std::uint64_t value) { return arena.alloc(value); });
}

INSTANTIATE_TEST_SUITE_P(Writers, ReentryTest, ::testing::Values(Writers::shared, Writers::exclusive, Writers::laned),
                         [](const auto& test) { return test::name_of(test.param); });

}  // namespace
}  // namespace arena_shm
