// The border between C and C++: no exception crosses it, and no handle or struct is taken for what it is not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "arena_shm/arena_shm.h"
#include "arena_shm/error.hpp"

namespace arena_shm::c {

/// To be called in a handler: says in `error`, which may be null, what has been thrown.
arena_shm_status report(arena_shm_error* error) noexcept;

/// `body()` returns a status, or throws.
template <class Body>
[[gnu::always_inline]] inline arena_shm_status guarded(arena_shm_error* error, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    return report(error);
  }
}

[[noreturn]] void refuse(const char* doing, std::string expected, std::string found, const char* remedy);
[[noreturn]] void refuse_null(const char* what);
[[noreturn]] void refuse_view(const std::string& name);

/// What a pointer points to. `what` is told if it is null.
template <class T>
[[gnu::always_inline]] inline T& deref(T* pointer, const char* what) {
  if (pointer == nullptr) [[unlikely]]
    refuse_null(what);
  return *pointer;
}

/// Bytes that the caller has. `what` is told if there are none where there should be some.
inline std::span<const std::byte> bytes_at(const void* data, std::size_t size) {
  if (size != 0) deref(data == nullptr ? nullptr : &size, "value");
  return {static_cast<const std::byte*>(data), size};
}
inline std::span<std::byte> bytes_at(void* data, std::size_t size) {
  if (size != 0) deref(data == nullptr ? nullptr : &size, "value");
  return {static_cast<std::byte*>(data), size};
}

[[noreturn]] void refuse_size(const char* what, std::size_t size);

/// What the caller has set of a struct that begins with its size: the rest is as in `defaults`. One that is larger than
/// ours, of a newer version, is taken if it says no more than we know: what is behind is zero.
template <class T>
T filled_in(const T* given, const T& defaults, const char* what) {
  if (given == nullptr) return defaults;
  if (given->size <= sizeof given->size) refuse_size(what, given->size);
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  if (given->size > sizeof(T) &&
      std::any_of(bytes + sizeof(T), bytes + given->size, [](unsigned char byte) { return byte != 0; }))
    refuse_size(what, given->size);
  T filled = defaults;
  std::memcpy(&filled, given, std::min(given->size, sizeof(T)));
  return filled;
}

/// Copies as much as the caller has room for, and clears what is behind.
template <class T>
void fill_in(T* target, T value, const char* what) {
  const std::size_t size = deref(target, what).size;
  if (size <= sizeof size) refuse_size(what, size);
  value.size = size;
  std::memcpy(target, &value, std::min(size, sizeof(T)));
  if (size > sizeof(T)) std::memset(reinterpret_cast<unsigned char*>(target) + sizeof(T), 0, size - sizeof(T));
}

/// As much of a text as there is room for, with a zero behind it. What is cut ends with "...", after a whole character.
void copy_text(std::span<char> target, std::string_view text) noexcept;

/// A text that may be null.
inline std::string_view text_or_empty(const char* text) noexcept { return text == nullptr ? "" : text; }

/// An enumerator that a caller in C has given, who may have put any number there: so it is not looked at as one before
/// that is known. `count`: how many there are, from zero on.
template <class To, class From>
To enumerator(const From& value, unsigned count, const char* what) {
  unsigned number;
  static_assert(sizeof number == sizeof value);
  std::memcpy(&number, &value, sizeof number);
  if (number >= count)
    refuse("use the C interface", std::string(what) + " below " + std::to_string(count),
           std::to_string(static_cast<int>(number)), "use the enumerators of arena_shm.h");
  return static_cast<To>(number);
}

}  // namespace arena_shm::c
