// Numbers in text: in the files of the kernel's, as those in /proc and /sys, and in messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace arena_shm::core {

/// The number that the text begins with. Nothing if it does not.
std::optional<std::uint64_t> leading_number(std::string_view text) noexcept;

/// The number that follows `key` and spaces on a line of its own: "MemAvailable:" in /proc/meminfo, "inactive_file" in
/// memory.stat. Nothing if there is no such line.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) noexcept;

/// "1 slot", "2 slots"
std::string counted(std::uint64_t count, const char* noun);

}  // namespace arena_shm::core
