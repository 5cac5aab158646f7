#include "text/quantities.hpp"

#include <fmt/format.h>

namespace arena_shm::text {

namespace {

std::string scaled(double value, double step, const char* units) {
  std::size_t unit = 0;
  // 999.5 would be printed as 1000.
  while (value >= 999.5 && units[unit + 1] != '\0') {
    value /= step;
    ++unit;
  }
  if (units[unit] == ' ') return fmt::format("{:.0f}", value);
  return value < 99.95 ? fmt::format("{:.1f}{}", value, units[unit]) : fmt::format("{:.0f}{}", value, units[unit]);
}

}  // namespace

std::string counted(std::uint64_t count, std::string_view noun) {
  const char* plural = noun.ends_with('s') ? "es" : "s";
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : plural);
}

std::string short_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{}B", bytes);
  return scaled(static_cast<double>(bytes), 1024, " KMGTPE");
}

std::string short_count(double count) { return scaled(count, 1000, " kMGTPE"); }

std::string short_duration(std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 0) return "0s";
  // 999.5 would be printed as 1e+03.
  if (seconds < 0.9995e-3) return fmt::format("{:.3g}us", seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{:.3g}ms", seconds * 1e3);
  if (seconds < 120) return fmt::format("{:.0f}s", seconds);
  if (seconds < 120 * 60) return fmt::format("{:.0f}m", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{:.0f}h", seconds / 3600);
  return fmt::format("{:.0f}d", seconds / 86400);
}

}  // namespace arena_shm::text
