// The peek of the library that this one is a port of: AtomicArena's PtrAt(i) is the address of element i mod size, at
// any time, whatever has been allocated.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::TempName;

/// The original, in as many lines.
class AtomicArena {
 public:
  explicit AtomicArena(std::uint64_t size) : values_(size) {}
  void alloc(int value) { values_[next_++ % values_.size()] = value; }
  const int* ptr_at(std::uint64_t i) const { return &values_[i % values_.size()]; }

 private:
  std::vector<int> values_;
  std::uint64_t next_ = 0;
};

TEST(PtrAtTest, AgreesWithTheOriginalBeforeAndAfterTheWrap) {
  for (const unsigned slots : {1U, 2U, 3U, 7U, 64U}) {
    const TempName name;
    AtomicArena original(slots);
    auto arena = Arena<int>::create(name, {.slots = slots});
    const auto view = ArenaView<int>::open(name);
    for (unsigned n = 0; n < 3 * slots + 2; ++n) {
      for (unsigned i = 0; i < 4 * slots; ++i) {
        ASSERT_EQ(*arena.ptr_at(i), *original.ptr_at(i)) << slots << " slots, " << n << " values, index " << i;
        ASSERT_EQ(*view.ptr_at(i), *original.ptr_at(i));
      }
      original.alloc(static_cast<int>(1000 + n));
      arena.alloc(static_cast<int>(1000 + n));
    }
  }
}

TEST(PtrAtTest, IsNeverNullAndRepeatsEachLap) {
  const TempName name;
  const auto arena = Arena<int>::create(name, {.slots = 7});
  const std::uint64_t largest = ~std::uint64_t{0};
  for (const std::uint64_t i :
       {std::uint64_t{0}, std::uint64_t{6}, std::uint64_t{7}, std::uint64_t{1} << 62, largest}) {
    ASSERT_NE(arena.ptr_at(i), nullptr);
    EXPECT_EQ(arena.ptr_at(i), arena.ptr_at(i % 7));
  }
  EXPECT_NE(arena.ptr_at(0), arena.ptr_at(6));
}

TEST(PtrAtTest, SeesLaterValuesThroughTheSamePointer) {
  const TempName name;
  auto arena = Arena<int>::create(name, {.slots = 2});
  const int* slot = arena.ptr_at(1);
  arena.alloc(10);
  arena.alloc(11);
  EXPECT_EQ(*slot, 11);
  arena.alloc(12);
  arena.alloc(13);
  EXPECT_EQ(*slot, 13);
}

}  // namespace
}  // namespace arena_shm
