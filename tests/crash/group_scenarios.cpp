// Victims in groups: members that join, take, take over, are evicted, come back, and leave.
#include <array>
#include <chrono>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/scenarios.hpp"
#include "crash/victim.hpp"

namespace arena_shm::test {
namespace {

using Value = CrashValue;
using Arm = std::function<void()>;
using namespace std::chrono_literals;

constexpr std::uint32_t kWriter = 1;
constexpr const char* kGroup = "crew";

Consumer<Value> join(const Arena<Value>& arena) { return arena.consumer(kGroup, {.share = true, .hold = 0ms}); }

/// A member that has `count` values in hand, and is stopped.
std::shared_ptr<Child> holder(const std::string& name, std::size_t count) {
  auto child = std::make_shared<Child>([&name, count]() -> int {
    const auto arena = Arena<Value>::open(name);
    auto member = join(arena);
    std::vector<Entry<Value>> entries(count);
    while (member.next(entries) == 0) member.wait_for(10ms);
    ::raise(SIGSTOP);
    return 0;
  });
  child->stop_or_end();
  return child;
}

void write(Arena<Value>& arena, std::uint64_t count) {
  auto writer = arena.writer();
  for (std::uint64_t i = 0; i < count; ++i) writer.alloc(Value::make(kWriter, i));
}

void found_take_leave(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto writer = arena.writer();
  arm();
  auto member = join(arena);
  std::array<Entry<Value>, 3> some;
  for (std::uint64_t i = 0; i < 5; ++i) {
    writer.alloc(Value::make(kWriter, i));
    member.next();
    writer.alloc(Value::make(kWriter, i));
    member.next(std::span(some));
  }
  member.wait_for(1ms);
}

void take_over_from_the_dead(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto member = join(arena);
  write(arena, 3);
  holder(name, 2)->kill_and_reap();
  member.next();
  arm();
  for (int i = 0; i < 3; ++i) {
    member.next();
    std::this_thread::sleep_for(2ms);
  }
}

void take_over_from_the_evicted(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto member = join(arena);
  write(arena, 3);
  const auto stopped = holder(name, 2);
  member.next();
  for (const ConsumerInfo& one : arena.consumers()) {
    if (one.holds == 2) arena.evict_consumer(one.name + "/" + std::to_string(one.index));
  }
  arm();
  for (int i = 0; i < 3; ++i) {
    member.next();
    std::this_thread::sleep_for(2ms);
  }
}

void take_the_place_of_a_dead_member(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  const auto founder = join(arena);
  write(arena, 3);
  holder(name, 2)->kill_and_reap();
  arm();
  auto member = join(arena);
  while (member.next()) {
  }
}

void come_back_after_eviction(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto member = join(arena);
  auto other = join(arena);
  write(arena, 2);
  other.next();
  arena.evict_consumer(kGroup);
  try {
    member.next();
  } catch (const Error&) {
  }
  arm();
  member.next();
  member.next();
}

void be_evicted(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto member = join(arena);
  auto other = join(arena);
  write(arena, 2);
  member.next();
  for (const ConsumerInfo& one : arena.consumers()) {
    if (one.holds == 1) arena.evict_consumer(one.name + "/" + std::to_string(one.index));
  }
  other.next();
  std::this_thread::sleep_for(2ms);
  other.next();
  arm();
  for (int i = 0; i < 2; ++i) {
    try {
      member.next();
    } catch (const Error&) {
    }
  }
}

/// The members of the group in the way die while it is waited for.
void wait_for_the_dying(const std::string& name, const Arm& arm) {
  Child members([&name] {
    const auto arena = Arena<Value>::open(name);
    auto one = join(arena);
    auto two = join(arena);
    ::raise(SIGSTOP);
    return 0;
  });
  members.stop_or_end();
  auto arena = Arena<Value>::open(name);
  write(arena, kCrashSlots);
  Child killer([&members] {
    std::this_thread::sleep_for(30ms);
    members.signal(SIGKILL);
    return 0;
  });
  auto writer = arena.writer("victim");
  arm();
  writer.alloc(Value::make(kWriter, 0));
  killer.end();
}

/// A writer that is stopped in the middle of a value.
std::shared_ptr<void> stopped_in_a_value(const std::string& name) {
  auto child = std::make_shared<Child>([&name]() -> int {
    const auto arena = Arena<Value>::open(name);
    auto writer = arena.writer();
    writer.alloc_with([](SlotWriter&) noexcept { ::raise(SIGSTOP); });
    return 0;
  });
  child->stop_or_end();
  return child;
}

void put_aside(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto member = arena.consumer(kGroup, {.share = true, .from = From::oldest, .hold = 0ms});
  write(arena, 2);
  arm();
  for (int i = 0; i < 3; ++i) member.next();
}

}  // namespace

std::vector<Scenario> group_scenarios() {
  constexpr Writers kShared = Writers::shared;
  constexpr Writers kLaned = Writers::laned;
  const auto of = [](const char* name, Writers writers, void (*run)(const std::string&, const Arm&)) {
    return Scenario{.name = name, .writers = writers, .lossless = true, .run = run, .company = {}};
  };
  std::vector<Scenario> all{
      of("group: founding, taking, leaving", kShared, found_take_leave),
      of("group: founding, taking, leaving, laned", kLaned, found_take_leave),
      of("group: taking over from the dead", kShared, take_over_from_the_dead),
      of("group: taking over from the dead, laned", kLaned, take_over_from_the_dead),
      of("group: taking over from the evicted", kShared, take_over_from_the_evicted),
      of("group: a dead member's place", kShared, take_the_place_of_a_dead_member),
      of("group: coming back", kShared, come_back_after_eviction),
      of("group: being evicted", kShared, be_evicted),
      of("group: waiting for those who die", kShared, wait_for_the_dying),
      of("group: waiting for those who die, laned", kLaned, wait_for_the_dying),
      of("group: putting a value aside", kShared, put_aside),
  };
  all.back().company = stopped_in_a_value;
  all.back().others_stopped = true;
  return all;
}

}  // namespace arena_shm::test
