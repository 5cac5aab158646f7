// What copies values whose size is known at run time only, as fast as CopyFrom and CopyTo copy a T.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "arena_shm/core/words.hpp"

namespace arena_shm::core {

[[noreturn]] void refuse_size(std::size_t found, std::uint64_t expected, const char* which);

/// Errors: invalid_argument, if what a caller has given as one value, or as several, has not the size of that.
[[gnu::always_inline]] inline void check_size(std::size_t found, std::uint64_t expected,
                                              const char* which = ", the record's size") {
  if (found != expected) [[unlikely]]
    refuse_size(found, expected, which);
}

/// Calls `use` with a size that the compiler knows, if it is one of the usual ones: what copies values is then the same
/// code as for a T.
template <class Use>
[[gnu::always_inline]] inline decltype(auto) with_size(std::size_t bytes, Use&& use) {
  switch (bytes) {
    case 8: return use(std::integral_constant<std::size_t, 8>{});
    case 16: return use(std::integral_constant<std::size_t, 16>{});
    case 24: return use(std::integral_constant<std::size_t, 24>{});
    case 32: return use(std::integral_constant<std::size_t, 32>{});
    case 40: return use(std::integral_constant<std::size_t, 40>{});
    case 48: return use(std::integral_constant<std::size_t, 48>{});
    case 56: return use(std::integral_constant<std::size_t, 56>{});
    case 64: return use(std::integral_constant<std::size_t, 64>{});
    default: return use(bytes);
  }
}

/// What copies values into slots, one after the other. Size: std::size_t, or one that the compiler knows. A class, as
/// CopyFrom.
template <class Size>
class CopyBytesFrom {
 public:
  CopyBytesFrom(const std::byte* values, Size size) noexcept : values_(values), size_(size) {}

  [[gnu::always_inline]] void operator()(std::uint64_t* payload) const noexcept { (*this)(0, payload); }
  [[gnu::always_inline]] void operator()(std::size_t i, std::uint64_t* payload) const noexcept {
    store_words(payload, values_ + i * size_, size_);
  }

 private:
  const std::byte* values_;
  [[no_unique_address]] Size size_;
};

/// The same for one value, whose size is looked at when it is copied.
class CopyValueFrom {
 public:
  explicit CopyValueFrom(std::span<const std::byte> value) noexcept : value_(value) {}

  [[gnu::always_inline]] void operator()(std::uint64_t* payload) const noexcept {
    with_size(
        value_.size(), [&](auto size) __attribute__((always_inline)) { store_words(payload, value_.data(), size); });
  }

 private:
  std::span<const std::byte> value_;
};

/// What copies the value of a slot out. Size: as of CopyBytesFrom.
template <class Size>
class CopyBytesTo {
 public:
  CopyBytesTo(std::byte* value, Size size) noexcept : value_(value), size_(size) {}

  [[gnu::always_inline]] void operator()(const std::uint64_t* payload) const noexcept {
    load_words(value_, payload, size_);
  }

 private:
  std::byte* value_;
  [[no_unique_address]] Size size_;
};

/// The same, whose size is looked at when it is copied.
class CopyValueTo {
 public:
  explicit CopyValueTo(std::span<std::byte> value) noexcept : value_(value) {}

  [[gnu::always_inline]] void operator()(const std::uint64_t* payload) const noexcept {
    with_size(
        value_.size(), [&](auto size) __attribute__((always_inline)) { load_words(value_.data(), payload, size); });
  }

 private:
  std::span<std::byte> value_;
};

}  // namespace arena_shm::core
