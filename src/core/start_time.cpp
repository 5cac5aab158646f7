#include "core/start_time.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "core/proc_files.hpp"

namespace arena_shm::core {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

/// The next number behind blanks, cut off.
std::optional<std::int64_t> take_number(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

std::optional<std::int64_t> boottime_offset_ns(std::string_view timens_offsets) noexcept {
  constexpr std::string_view kKey = "boottime";
  constexpr std::int64_t kLongestSeconds = std::int64_t{1} << 33;  // the kernel's own limit, about: KTIME_SEC_MAX
  const std::size_t at = timens_offsets.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  timens_offsets.remove_prefix(at + kKey.size());
  const auto seconds = take_number(timens_offsets);
  const auto nanoseconds = take_number(timens_offsets);
  if (!seconds || !nanoseconds || *seconds > kLongestSeconds || *seconds < -kLongestSeconds || *nanoseconds < 0 ||
      *nanoseconds >= kSecondNs)
    return std::nullopt;
  return *seconds * kSecondNs + *nanoseconds;
}

std::optional<std::int64_t> own_boottime_offset_ns() noexcept {
  std::array<char, 256> buffer;
  const std::string_view text = read_start(ProcPath("/proc/self/timens_offsets"), buffer.data(), buffer.size());
  if (text.empty()) {
    struct stat status {};
    if (errno == ENOENT && ::stat("/proc/self", &status) == 0) return 0;
    return std::nullopt;
  }
  struct stat own {};
  struct stat children {};
  if (::stat("/proc/self/ns/time", &own) != 0 || ::stat("/proc/self/ns/time_for_children", &children) != 0 ||
      own.st_ino != children.st_ino)
    return std::nullopt;
  return boottime_offset_ns(text);
}

std::uint64_t without_offset(std::uint64_t shown_ticks, std::int64_t offset_ns,
                             std::int64_t ticks_per_second) noexcept {
  const std::int64_t tick_ns = kSecondNs / ticks_per_second;
  const std::int64_t offset_ticks = offset_ns / tick_ns - (offset_ns % tick_ns < 0 ? 1 : 0);  // rounded down
  return shown_ticks - static_cast<std::uint64_t>(offset_ticks);
}

std::uint64_t host_start_time(std::uint64_t shown_ticks) noexcept {
  if (shown_ticks == 0) return 0;
  const auto offset = own_boottime_offset_ns();
  return offset ? without_offset(shown_ticks, *offset, ::sysconf(_SC_CLK_TCK)) : 0;
}

bool same_start(std::uint64_t one, std::uint64_t other) noexcept {
  // A pid does not come round within a clock tick.
  return one != 0 && other != 0 && (one > other ? one - other : other - one) <= 1;
}

}  // namespace arena_shm::core
