// What keeps the compiler from leaving out the work that is measured.
#pragma once

#include <cstdint>

namespace arena_shm::bench {

/// The compiler has to have `object` in memory, and to expect any other content of it afterwards.
template <class T>
[[gnu::always_inline]] inline void keep(T& object) noexcept {
  asm volatile("" : "+m"(object));
}

/// The compiler has to compute `number`, and to carry out every store before.
[[gnu::always_inline]] inline void keep_number(std::uint64_t number) noexcept {
  asm volatile("" : : "r"(number) : "memory");
}

/// The compiler has to carry out every store before.
[[gnu::always_inline]] inline void keep_stores() noexcept { asm volatile("" : : : "memory"); }

}  // namespace arena_shm::bench
