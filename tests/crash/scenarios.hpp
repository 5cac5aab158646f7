// What a victim is inside of when it is killed or stopped.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arena_shm/options.hpp"
#include "support/checked_value.hpp"

namespace arena_shm::test {

using CrashValue = CheckedValue<40>;
inline constexpr std::uint64_t kCrashSlots = 8;
inline constexpr std::uint32_t kCrashSeats = 12;
inline constexpr std::uint32_t kCrashConsumers = 4;

struct Scenario {
  std::string name;
  Writers writers = Writers::shared;
  bool timed = false;  ///< its values have times
  bool lossless =
      false;  ///< writers wait for consumers: also for one that is stopped, and for what a stopped writer owes
  /// Runs in the victim: prepares, calls `arm`, does what the scenario is about.
  std::function<void(const std::string& name, const std::function<void()>& arm)> run;
  /// Makes the company that the victim meets: processes that live until the end of the check. May be empty.
  std::function<std::shared_ptr<void>(const std::string& name)> company;
  bool others_stopped = false;  ///< the company holds a slot: its seq stays pending
  bool may_hold_mutex = false;  ///< a victim that is stopped may keep others from Arena::alloc
  bool mutex_is_held = false;   ///< the company keeps others from Arena::alloc
};

std::vector<Scenario> scenarios();
std::vector<Scenario> advance_scenarios();
std::vector<Scenario> lossless_scenarios();
std::vector<Scenario> group_scenarios();

}  // namespace arena_shm::test
