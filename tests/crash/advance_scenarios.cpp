#include <csignal>
#include <memory>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/scenarios.hpp"
#include "crash/victim.hpp"
#include "support/child.hpp"

namespace arena_shm::test {
namespace {

constexpr std::uint32_t kVictim = 1;

/// Leaves out more than a lap, and goes on.
void advance(const std::string& name, const std::function<void()>& arm) {
  auto arena = Arena<CrashValue>::open(name);
  auto writer = arena.writer("victim");
  writer.alloc(CrashValue::make(kVictim, 0));
  arm();
  writer.advance_to((arena.head() + kCrashSlots + 3) * arena.lanes());
  writer.alloc(CrashValue::make(kVictim, 1));
}

/// Hands out the numbers of more than a lap behind their values.
void repeat(const std::string& name, const std::function<void()>& arm) {
  auto arena = Arena<CrashValue>::open(name);
  auto writer = arena.writer("victim");
  writer.alloc(CrashValue::make(kVictim, 0));
  arm();
  std::vector<CrashValue> values;
  for (std::uint64_t i = 1; i < kCrashSlots + 3; ++i) values.push_back(CrashValue::make(kVictim, i));
  writer.alloc_repeatable(values);
}

/// One that has died with all of that published, and not handed out.
std::shared_ptr<void> dead_with_whole_ones(const std::string& name) {
  Child([&] {
    repeat(name, [] { StopAt::arm("lane_batch_published", SIGKILL); });
    return 0;
  }).end();
  return nullptr;
}

void take_over(const std::string& name, const std::function<void()>& arm) {
  auto arena = Arena<CrashValue>::open(name);
  arm();
  arena.writer("victim").alloc(CrashValue::make(kVictim, 1));
}

}  // namespace

std::vector<Scenario> advance_scenarios() {
  return {{.name = "leaving numbers out, exclusive", .writers = Writers::exclusive, .run = advance, .company = {}},
          {.name = "leaving numbers out, laned", .writers = Writers::laned, .run = advance, .company = {}},
          {.name = "handing out last, exclusive", .writers = Writers::exclusive, .run = repeat, .company = {}},
          {.name = "handing out last, laned", .writers = Writers::laned, .run = repeat, .company = {}},
          {.name = "going on behind whole ones",
           .writers = Writers::exclusive,
           .run = take_over,
           .company = dead_with_whole_ones}};
}

}  // namespace arena_shm::test
