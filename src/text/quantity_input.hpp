// Counts, sizes and times as people type them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace arena_shm::text {

/// "500", "64K", "1.5M": K M G T are powers of 1000; Ki Mi Gi Ti are powers of 1024. Nothing if it is no whole number.
std::optional<std::uint64_t> read_count(std::string_view text);
/// "4096", "64K", "1.5GiB": K M G T are powers of 1024, with or without B or iB.
std::optional<std::uint64_t> read_size(std::string_view text);

enum class BareNumber : std::uint8_t { is_seconds, is_refused };
/// "500ms", "1.5s", "5m", "1h30m": ns us ms s m h d. Nothing if it is no whole number of ns.
std::optional<std::chrono::nanoseconds> read_duration(std::string_view text, BareNumber bare);

}  // namespace arena_shm::text
