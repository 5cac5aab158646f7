// Numbers of things, bytes and seconds, short enough for a table.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace arena_shm::text {

/// "1 value", "2 values", "2 processes"
std::string counted(std::uint64_t count, std::string_view noun);
/// "40B", "3.1M": powers of 1024, three digits.
std::string short_bytes(std::uint64_t bytes);
/// "412", "412k", "18.2M": powers of 1000.
std::string short_count(double count);
/// "4s", "3m", "2h", "17d"
std::string short_duration(std::chrono::nanoseconds duration);

}  // namespace arena_shm::text
