// Values that come into being where they are wanted. A value of some hundred bytes that is cleared before it is filled,
// or copied once more afterwards, costs several times what it costs to read it out of a slot.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace arena_shm::core {

/// Converts to what `make()` returns: an argument for constructors that take arguments only, as that of std::optional,
/// which then makes the value in its final place. Where a compiler copies instead, nothing but time is lost.
template <class Make>
class Elided {
 public:
  explicit Elided(Make make) : make_(std::move(make)) {}
  [[gnu::always_inline]] operator std::invoke_result_t<Make&>() { return make_(); }  // NOLINT(*-explicit-*)

 private:
  Make make_;
};

/// Returns: a T of which `fill(void*)` has stored the bytes.
template <class T, class Fill>
requires std::is_nothrow_default_constructible_v<T> && std::is_copy_assignable_v<T> && std::is_compound_v<T>
[[gnu::always_inline]] inline T filled(Fill&& fill) {
  T value;  // in the outermost block, or gcc 12 copies it when it is returned
  fill(static_cast<void*>(std::addressof(value)));
  return value;
}
/// The same for a T that cannot be made without a value, or has members that may not change, or is a number.
template <class T, class Fill>
[[gnu::always_inline]] inline T filled(Fill&& fill) {
  std::array<std::byte, sizeof(T)> bytes{};
  fill(static_cast<void*>(bytes.data()));
  return std::bit_cast<T>(bytes);
}

}  // namespace arena_shm::core
