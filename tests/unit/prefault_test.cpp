#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>

#include "arena_shm/arena.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::TempName;

using Numbers = Arena<std::uint64_t>;
using NumbersView = ArenaView<std::uint64_t>;

constexpr std::uint64_t kSlots = 1 << 18;
constexpr long kKib = kSlots * 16 / 1024;

/// How much of shared memory this process has mapped pages for.
long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssShmem:")) return std::stol(line.substr(9));
  }
  return -1;
}

template <class Handle>
void expect_that_prefault_maps_all_slots(const TempName& name) {
#if defined(ARENA_SHM_EMULATED)
  GTEST_SKIP() << "the emulator does not tell what is resident";
#endif
  const long before = resident_kib();
  const auto handle = Handle::open(name);
  const long opened = resident_kib();
  EXPECT_LT(opened - before, kKib / 8);
  handle.prefault();
  EXPECT_GE(resident_kib() - opened, kKib - kKib / 16);
}

TEST(PrefaultTest, MapsAllSlotsForAWriter) {
  const TempName name;
  Numbers::create(name, {.slots = kSlots});
  expect_that_prefault_maps_all_slots<Numbers>(name);
}

TEST(PrefaultTest, MapsAllSlotsForAReader) {
  const TempName name;
  Numbers::create(name, {.slots = kSlots});
  expect_that_prefault_maps_all_slots<NumbersView>(name);
}

TEST(PrefaultTest, ChangesNoValue) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = kSlots});
  arena.alloc(42);
  arena.prefault();
  EXPECT_EQ(arena.read(0).value, 42U);
  EXPECT_EQ(*arena.ptr_at(1), 0U);
}

}  // namespace
}  // namespace arena_shm
