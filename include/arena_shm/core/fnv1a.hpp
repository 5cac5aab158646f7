// A checksum against damage.
#pragma once

#include <cstddef>
#include <cstdint>

namespace arena_shm::core {

inline constexpr std::uint64_t kFnvBasis = 0xcbf2'9ce4'8422'2325;

/// FNV-1a, 64 bits (Fowler, Noll, Vo). Any change of a single byte changes it; no protection against intent.
constexpr std::uint64_t fnv1a(const char* bytes, std::size_t count, std::uint64_t hash = kFnvBasis) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    hash = (hash ^ static_cast<unsigned char>(bytes[i])) * 0x0000'0100'0000'01b3;
  }
  return hash;
}

}  // namespace arena_shm::core
