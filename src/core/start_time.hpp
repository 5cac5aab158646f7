// When a process started, as the same number for everybody. /proc/PID/stat adds the offset of the *reader's* time
// namespace, time_namespaces(7): two processes that look at a third one may see different numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace arena_shm::core {

/// What a time namespace adds to the time since boot, out of the text of /proc/PID/timens_offsets. Empty: not told
/// there.
std::optional<std::int64_t> boottime_offset_ns(std::string_view timens_offsets) noexcept;

/// That of this process; 0 where the kernel has no time namespaces. Empty if it cannot be told: without /proc, or after
/// unshare(CLONE_NEWTIME), when the file tells about the children.
/// May be called from signal handlers.
std::optional<std::int64_t> own_boottime_offset_ns() noexcept;

/// Field 22 of /proc/PID/stat as the initial time namespace shows it; where the offset is no whole number of clock
/// ticks, up to one tick more. `ticks_per_second` is sysconf(_SC_CLK_TCK).
std::uint64_t without_offset(std::uint64_t shown_ticks, std::int64_t offset_ns, std::int64_t ticks_per_second) noexcept;

/// The same for what this process has read there; 0, which no process has, if it cannot be told.
std::uint64_t host_start_time(std::uint64_t shown_ticks) noexcept;

/// Can they be of one process? Both as host_start_time has them.
bool same_start(std::uint64_t one, std::uint64_t other) noexcept;

}  // namespace arena_shm::core
