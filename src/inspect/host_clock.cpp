#include "inspect/host_clock.hpp"

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <string_view>

#include "arena_shm/core/clock.hpp"
#include "core/text_file.hpp"
#include "inspect/times.hpp"

namespace arena_shm::inspect {

namespace {

constexpr const char* kDirectory = "/sys/devices/system/clocksource/clocksource0";

/// A counter that the kernel could keep time with, and that processes may read themselves; or nothing.
std::string_view counter_of_machine() {
  std::istringstream names(core::first_line_of(fmt::format("{}/available_clocksource", kDirectory)).value_or(""));
  for (std::string name; names >> name;) {
    for (const std::string_view counter : {"tsc", "arch_sys_counter"}) {
      if (name == counter) return counter;
    }
  }
  return {};
}

std::string remedy(std::string_view counter, std::string_view kernels) {
  const std::string text = "a value's time takes 30 ns instead of 10; ";
  if (counter.empty()) return text + "the kernel knows no counter here that processes may read themselves";
  if (counter == kernels)
    return text + "this process may not read the counter (prctl PR_SET_TSC), or the processor has no RDTSCP";
  return text + fmt::format("echo {0} > {1}/current_clocksource, or clocksource={0} on the kernel's command line",
                            counter, kDirectory);
}

}  // namespace

Symptom examine_clock() {
  const Clock clock = core::choose_clock();
  const auto kernels = kernels_clock();
  if (clock != Clock::boottime)
    return {Health::ok, "clock", fmt::format("{}, which the kernel keeps time with", to_string(clock)), ""};
  const std::string found = kernels ? fmt::format("the kernel keeps time with {}", *kernels)
                                    : "it is not visible to this process what the kernel keeps time with";
  return {Health::note, "clock", "boottime; " + found, remedy(counter_of_machine(), kernels.value_or(""))};
}

}  // namespace arena_shm::inspect
