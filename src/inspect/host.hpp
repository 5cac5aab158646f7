// What a host offers to arenas, and what it takes from them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace arena_shm::inspect {

enum class Health : std::uint8_t {
  ok,
  note,     ///< could be better for some
  warning,  ///< will surprise somebody
  broken,   ///< arenas do not work without it
};
std::string_view to_string(Health health) noexcept;

struct Symptom {
  Health health;
  std::string what;
  std::string found;
  std::string remedy;  ///< empty if there is nothing to do
};

/// Tries what arenas need, with files of its own that are gone afterwards; reads the rest from /proc, /sys and /etc.
/// Last come the arenas whose writers are held up.
std::vector<Symptom> examine_host();

}  // namespace arena_shm::inspect
