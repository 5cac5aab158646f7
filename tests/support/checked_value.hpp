// Values that can tell whether they are whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace arena_shm::test {

/// Who wrote it, the how-manieth of that writer's values it is, and as many bytes as there is room for, each of which
/// follows from these two: so a mixture of two values is found out, wherever the seam is.
template <std::size_t Bytes>
struct CheckedValue {
  static_assert(Bytes >= 8);
  std::array<std::byte, Bytes> bytes{};

  static CheckedValue make(std::uint32_t writer, std::uint64_t count) noexcept {
    CheckedValue value;
    const std::uint64_t id = static_cast<std::uint64_t>(writer) << 40 | count;
    for (std::size_t at = 0; at < Bytes; at += 8) {
      const std::uint64_t word = at == 0 ? id : mixed(id + at);
      std::memcpy(&value.bytes[at], &word, Bytes - at < 8 ? Bytes - at : 8);
    }
    return value;
  }

  std::uint32_t writer() const noexcept { return static_cast<std::uint32_t>(id() >> 40); }
  std::uint64_t count() const noexcept { return id() & ((std::uint64_t{1} << 40) - 1); }
  bool whole() const noexcept { return *this == make(writer(), count()); }
  friend bool operator==(const CheckedValue&, const CheckedValue&) = default;

 private:
  std::uint64_t id() const noexcept {
    std::uint64_t id = 0;
    std::memcpy(&id, bytes.data(), sizeof(id));
    return id;
  }
  /// Source: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
  static std::uint64_t mixed(std::uint64_t x) noexcept {
    x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
    x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
    return x ^ (x >> 31);
  }
};

}  // namespace arena_shm::test
