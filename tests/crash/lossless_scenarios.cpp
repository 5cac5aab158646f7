// Victims in lossless arenas: writers that look for room, and wait for it; consumers that join, consume, and leave.
#include <array>
#include <chrono>
#include <span>
#include <thread>

#include "arena_shm/arena.hpp"
#include "crash/scenarios.hpp"
#include "crash/victim.hpp"

namespace arena_shm::test {
namespace {

using Value = CrashValue;
using Arm = std::function<void()>;
using namespace std::chrono_literals;

constexpr std::uint32_t kVictim = 1;
constexpr std::uint32_t kCompany = 2;

[[noreturn]] void consume_for_ever(Consumer<Value>& consumer) {
  for (;;) {
    while (consumer.next()) {
    }
    consumer.wait_for(10ms);
  }
}

std::shared_ptr<void> consumes(const std::string& name) {
  auto child = std::make_shared<Child>([&name]() -> int {
    const auto arena = Arena<Value>::open(name);
    auto consumer = arena.consumer("company");
    ::raise(SIGSTOP);
    consume_for_ever(consumer);
  });
  child->stop_or_end();
  child->signal(SIGCONT);
  return child;
}

void fill(Arena<Value>& arena) {
  auto writer = arena.writer();
  for (std::uint64_t i = 0; i < kCrashSlots; ++i) writer.alloc(Value::make(kCompany, i));
}

/// The ring is full, and a consumer that is stopped goes on a little later.
template <class Write>
void write_in_full_ring(const std::string& name, const Arm& arm, Write write) {
  Child consumer([&name]() -> int {
    const auto arena = Arena<Value>::open(name);
    auto own = arena.consumer("waited for");
    ::raise(SIGSTOP);
    consume_for_ever(own);
  });
  consumer.stop_or_end();
  auto arena = Arena<Value>::open(name);
  fill(arena);
  Child waker([&consumer] {
    std::this_thread::sleep_for(30ms);
    consumer.signal(SIGCONT);
    return 0;
  });
  write(arena, arm);
  waker.end();
}

void wait_for_room(const std::string& name, const Arm& arm) {
  write_in_full_ring(name, arm, [](Arena<Value>& arena, const Arm& begin) {
    auto writer = arena.writer("victim");
    begin();
    writer.alloc(Value::make(kVictim, 0));
  });
}

void wait_with_a_batch(const std::string& name, const Arm& arm) {
  write_in_full_ring(name, arm, [](Arena<Value>& arena, const Arm& begin) {
    auto writer = arena.writer("victim");
    std::array<Value, 3> values;
    for (std::uint64_t i = 0; i < values.size(); ++i) values[i] = Value::make(kVictim, i);
    begin();
    writer.alloc(std::span<const Value>(values));
  });
}

void wait_guarded(const std::string& name, const Arm& arm) {
  write_in_full_ring(name, arm, [](Arena<Value>& arena, const Arm& begin) {
    begin();
    arena.alloc(Value::make(kVictim, 0));
  });
}

void alloc_some(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto writer = arena.writer("victim");
  arm();
  for (std::uint64_t i = 0; i < 2 * kCrashSlots; ++i) writer.alloc(Value::make(kVictim, i));
}

/// A consumer in the way dies while it is waited for.
void wait_for_the_dying(const std::string& name, const Arm& arm) {
  Child consumer([&name] {
    const auto arena = Arena<Value>::open(name);
    auto own = arena.consumer("dying");
    ::raise(SIGSTOP);
    return 0;
  });
  consumer.stop_or_end();
  auto arena = Arena<Value>::open(name);
  fill(arena);
  Child killer([&consumer] {
    std::this_thread::sleep_for(30ms);
    consumer.signal(SIGKILL);
    return 0;
  });
  auto writer = arena.writer("victim");
  arm();
  writer.alloc(Value::make(kVictim, 0));
  killer.end();
}

void evict(const std::string& name, const Arm& arm) {
  const auto arena = Arena<Value>::open(name);
  auto consumer = arena.consumer("evicted");
  arm();
  arena.evict_consumer("evicted");
}

void join_consume_leave(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto writer = arena.writer();
  arm();
  auto consumer = arena.consumer("victim");
  for (std::uint64_t i = 0; i < 5; ++i) {
    writer.alloc(Value::make(kVictim, i));
    consumer.next();
  }
  consumer.wait_for(1ms);
}

void come_back_after_eviction(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto writer = arena.writer();
  auto consumer = arena.consumer("victim");
  writer.alloc(Value::make(kVictim, 0));
  arena.evict_consumer("victim");
  try {
    consumer.next();
  } catch (const Error&) {
  }
  arm();
  consumer.next();
  consumer.next();
}

void take_the_place_of_the_dead(const std::string& name, const Arm& arm) {
  for (std::uint32_t i = 0; i < kCrashConsumers; ++i) {
    Child dead([&name, i] {
      const auto arena = Arena<Value>::open(name);
      auto consumer = arena.consumer("dead " + std::to_string(i));
      ::raise(SIGKILL);
      return 0;
    });
    dead.end();
  }
  const auto arena = Arena<Value>::open(name);
  arm();
  auto consumer = arena.consumer("victim");
}

}  // namespace

std::vector<Scenario> lossless_scenarios() {
  struct Row {
    const char* name;
    Writers writers;
    void (*run)(const std::string&, const Arm&);
    std::shared_ptr<void> (*company)(const std::string&);
    bool may_hold_mutex;
  };
  constexpr Writers kShared = Writers::shared;
  constexpr Writers kExclusive = Writers::exclusive;
  constexpr Writers kLaned = Writers::laned;
  const std::array rows{
      Row{"lossless: alloc", kShared, alloc_some, consumes, false},
      Row{"lossless: alloc, exclusive", kExclusive, alloc_some, consumes, false},
      Row{"lossless: alloc, laned", kLaned, alloc_some, consumes, false},
      Row{"lossless: waiting for room", kShared, wait_for_room, nullptr, false},
      Row{"lossless: waiting for room, laned", kLaned, wait_for_room, nullptr, false},
      Row{"lossless: waiting with a batch", kShared, wait_with_a_batch, nullptr, false},
      Row{"lossless: waiting with a batch, laned", kLaned, wait_with_a_batch, nullptr, false},
      Row{"lossless: waiting, guarded", kShared, wait_guarded, nullptr, true},
      Row{"lossless: waiting for one who dies", kShared, wait_for_the_dying, nullptr, false},
      Row{"lossless: waiting for one who dies, laned", kLaned, wait_for_the_dying, nullptr, false},
      Row{"lossless: evicting", kShared, evict, nullptr, false},
      Row{"lossless: consuming", kShared, join_consume_leave, nullptr, false},
      Row{"lossless: consuming, laned", kLaned, join_consume_leave, nullptr, false},
      Row{"lossless: coming back", kShared, come_back_after_eviction, nullptr, false},
      Row{"lossless: a dead consumer's place", kShared, take_the_place_of_the_dead, nullptr, false},
  };
  std::vector<Scenario> all;
  for (const Row& row : rows) {
    Scenario scenario{.name = row.name, .writers = row.writers, .lossless = true, .run = row.run, .company = {}};
    if (row.company != nullptr) scenario.company = row.company;
    scenario.may_hold_mutex = row.may_hold_mutex;
    all.push_back(std::move(scenario));
  }
  return all;
}

}  // namespace arena_shm::test
