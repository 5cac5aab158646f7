// How often this program has asked the kernel for a lease: a measure of work that no load on the machine changes.
#pragma once

#include <cstdint>

namespace arena_shm::test {

/// Of F_OFD_GETLK, since the program began.
std::uint64_t count_of_lease_tests() noexcept;

/// Those that `act` makes.
template <class Act>
std::uint64_t lease_tests_of(Act&& act) {
  const std::uint64_t before = count_of_lease_tests();
  act();
  return count_of_lease_tests() - before;
}

}  // namespace arena_shm::test
