// What a segment says about itself: the facts of its header, validated.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "arena_shm/duration.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm {

/// What the times of an arena's values are read from. Chosen when it is created, for all who write it.
enum class Clock : std::uint8_t {
  none,             ///< its values have no times
  tsc,              ///< x86-64's time-stamp counter, where the kernel itself keeps time with it
  virtual_counter,  ///< AArch64's CNTVCT_EL0, where the kernel does
  boottime,         ///< CLOCK_BOOTTIME: nanoseconds since boot, those of sleep included
};

/// @param clock  one of the enumerators
/// Returns: "none", "tsc", ...: the enumerator's name.
std::string_view to_string(Clock clock) noexcept;

/// The facts of a segment.
struct Info {
  std::string name;                        ///< the name that it was opened by
  RecordType record;                       ///< what its values are
  std::uint64_t slots = 0;                 ///< of all lanes together
  std::uint32_t lanes = 1;                 ///< one, but in laned arenas
  std::uint64_t stride_bytes = 0;          ///< from one slot to the next: stamp, payload, padding
  std::uint64_t segment_bytes = 0;         ///< the size of its file
  std::uint32_t seats = 0;                 ///< writers that may be attached at once
  Writers writers = Writers::shared;       ///< as Options::writers
  Clock clock = Clock::none;               ///< what Entry::time is read from
  Full full = Full::overwrite;             ///< as Options::full
  std::uint32_t consumers = 0;             ///< lossless arenas: that may be registered at once
  Duration patience{};                     ///< lossless arenas: as Options::patience
  std::array<std::uint8_t, 16> epoch{};    ///< random; two segments of one name differ in it
  std::array<std::uint8_t, 16> boot_id{};  ///< the kernel's, of the boot in which it was created
  std::int64_t created_ns = 0;             ///< CLOCK_REALTIME
  std::uint32_t creator_pid = 0;           ///< as seen from its own namespace of processes
  std::uint32_t layout_version = 0;        ///< what its bytes mean
};

}  // namespace arena_shm
