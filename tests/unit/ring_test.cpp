#include "arena_shm/core/ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace arena_shm::core {
namespace {

const std::vector<std::uint64_t> kSlotCounts{1, 2, 3, 7, 64, 1000, 1 << 20};

std::vector<std::uint64_t> divisors() {
  std::set<std::uint64_t> found{1, 2, 3, 5, 6, 7, 9, 10, 1000, 65535, 1'000'000'007};
  for (int k = 2; k <= 48; ++k) {
    const std::uint64_t power = std::uint64_t{1} << k;
    found.insert({power - 1, power, power + 1});
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; ++i) found.insert((random() >> (16 + random() % 48)) + 1);
  return {found.begin(), found.end()};
}

TEST(ModuloTest, AgreesWithDivisionAtTheEdges) {
  const std::uint64_t limit = std::uint64_t{1} << 62;
  for (const std::uint64_t d : divisors()) {
    const Modulo modulo(d);
    std::vector<std::uint64_t> numbers{0, 1, 2, d - 1, d, d + 1, 2 * d - 1, 2 * d, 2 * d + 1, limit - 2, limit - 1};
    numbers.insert(numbers.end(), {limit, limit + 1, ~std::uint64_t{0} - 1, ~std::uint64_t{0}});
    const std::uint64_t last_multiple = (limit - 1) / d * d;
    numbers.insert(numbers.end(), {last_multiple - 1, last_multiple, last_multiple + 1});
    for (int k = 1; k < 64; ++k) {
      const std::uint64_t power = std::uint64_t{1} << k;
      numbers.insert(numbers.end(), {power - 1, power, power + 1, power / d * d, power / d * d + d - 1});
    }
    for (const std::uint64_t n : numbers) ASSERT_EQ(modulo(n), n % d) << n << " mod " << d;
  }
}

TEST(ModuloTest, AgreesWithDivisionOnRandomNumbers) {
  std::mt19937_64 random(2);
  for (const std::uint64_t d : divisors()) {
    const Modulo modulo(d);
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t n = random() >> (random() % 64);
      ASSERT_EQ(modulo(n), n % d) << n << " mod " << d;
    }
  }
}

TEST(ModuloTest, AgreesWithDivisionOnAllSmallNumbers) {
  for (std::uint64_t d = 1; d < 70; ++d) {
    const Modulo modulo(d);
    for (std::uint64_t n = 0; n < 5000; ++n) ASSERT_EQ(modulo(n), n % d) << n << " mod " << d;
  }
}

TEST(ModuloTest, DefaultIsModuloOne) { EXPECT_EQ(Modulo()(123456789), 0U); }

class LapTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kStride = 24;

  Ring ring_of(std::uint64_t slots) {
    Ring ring;
    ring.slots = nowhere_;
    ring.slot_count = slots;
    ring.stride_bytes = kStride;
    return ring;
  }
  /// The slot's index, by its address; nothing is looked at there.
  std::uint64_t index_by(Lap& lap, std::uint64_t seq) const {
    if (!lap.contains(seq)) lap.move_to(seq);
    return static_cast<std::uint64_t>(lap.slot(seq).payload() - nowhere_) / kStride;
  }

 private:
  std::byte nowhere_[1];
};

TEST_F(LapTest, IndexIsSeqModuloSlotsInWhateverOrderSeqsCome) {
  std::mt19937_64 random(3);
  for (const std::uint64_t slots : kSlotCounts) {
    Lap lap(ring_of(slots));
    std::uint64_t seq = 0;
    for (int i = 0; i < 20000; ++i) {
      switch (random() % 8) {
        case 0: seq += random() % (3 * slots); break;    // skips up to some laps
        case 1: seq -= std::min(seq, slots + 2); break;  // back, as for a batch that began a lap before
        case 2: seq = random() % kSeqLimit; break;       // anywhere
        default: seq += 1;
      }
      ASSERT_EQ(index_by(lap, seq), seq % slots) << seq << " in laps of " << slots;
      ASSERT_TRUE(lap.contains(seq));
      ASSERT_EQ(lap.predecessor(seq), predecessor(seq, slots)) << seq << " in laps of " << slots;
    }
  }
}

TEST_F(LapTest, ContainsExactlyOneLap) {
  Lap lap(ring_of(7));
  lap.move_to(16);
  EXPECT_FALSE(lap.contains(13));
  EXPECT_TRUE(lap.contains(14));
  EXPECT_TRUE(lap.contains(20));
  EXPECT_FALSE(lap.contains(21));
}

TEST_F(LapTest, WorksAtTheLimit) {
  for (const std::uint64_t slots : kSlotCounts) {
    if (slots > 1000) continue;
    Lap lap(ring_of(slots));
    for (std::uint64_t seq = kSeqLimit - 2 * slots; seq < kSeqLimit + 2 * slots; ++seq)
      ASSERT_EQ(index_by(lap, seq), seq % slots);
  }
}

}  // namespace
}  // namespace arena_shm::core
