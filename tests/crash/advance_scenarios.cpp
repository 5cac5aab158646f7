#include "arena_shm/arena.hpp"
#include "crash/scenarios.hpp"

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

}  // namespace

std::vector<Scenario> advance_scenarios() {
  return {{.name = "leaving numbers out, exclusive", .writers = Writers::exclusive, .run = advance, .company = {}},
          {.name = "leaving numbers out, laned", .writers = Writers::laned, .run = advance, .company = {}}};
}

}  // namespace arena_shm::test
