// What making a header and checking one have in common.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

#include "arena_shm/error.hpp"

namespace arena_shm::core {

inline std::uint64_t page_bytes() noexcept { return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)); }

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) noexcept {
  return (value + unit - 1) / unit * unit;
}

inline std::string number(std::uint64_t value) { return std::to_string(value); }

[[noreturn]] inline void refuse_open(Code code, const std::string& name, std::string expected, std::string found,
                                     std::string remedy) {
  throw Error(code, {.name = name,
                     .doing = "open",
                     .expected = std::move(expected),
                     .found = std::move(found),
                     .remedy = std::move(remedy)});
}

}  // namespace arena_shm::core
