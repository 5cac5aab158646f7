// Several processes write, several follow: nothing torn, and what each follower got, lost, and why, adds up to what the
// writers wrote.
#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/raw.hpp"
#include "interprocess/peer.hpp"
#include "support/checked_value.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Peer;

struct Setting {
  const char* name;
  std::uint64_t slots;
  std::uint64_t bytes;
  Writers writers;
  std::vector<const char*> ways;
  int readers;
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

constexpr std::uint64_t kEach = 40'000;

RawArena create(const std::string& name, const Setting& setting) {
  return RawArena::create(name, {"", setting.bytes, 1, ""}, {.slots = setting.slots, .writers = setting.writers});
}

class ExchangeTest : public testing::TestWithParam<Setting> {};

TEST_P(ExchangeTest, EveryValueIsReadOrAccountedFor) {
  const Setting& setting = GetParam();
  const test::TempName name;
  const RawArena arena = create(name.str(), setting);
  const std::string bytes = std::to_string(setting.bytes);
  const std::uint64_t total = setting.ways.size() * kEach;
  std::vector<Peer> readers;
  for (int i = 0; i < setting.readers; ++i) readers.push_back(Peer({"read", name.str(), bytes, std::to_string(total)}));
  std::vector<Peer> writers;
  for (std::size_t i = 0; i < setting.ways.size(); ++i)
    writers.push_back(Peer({"write", name.str(), bytes, setting.ways[i], std::to_string(i), std::to_string(kEach)}));
  for (Peer& writer : writers) EXPECT_EQ(writer.end(), "exit 0");
  for (Peer& reader : readers) {
    std::istringstream line(reader.output());
    std::uint64_t read = 0, overwritten = 0, holes = 0, passed_over = 0, torn = 0, cursor = 0;
    ASSERT_TRUE(line >> read >> overwritten >> holes >> passed_over >> torn >> cursor);
    EXPECT_EQ(reader.end(), "exit 0");
    EXPECT_EQ(torn, 0U);
    EXPECT_EQ(read + overwritten + holes + passed_over, cursor);
    EXPECT_GE(cursor, total);
    EXPECT_LE(cursor, arena.head());
  }
  EXPECT_GE(arena.head(), total);
}

INSTANTIATE_TEST_SUITE_P(
    Processes, ExchangeTest,
    testing::Values(Setting{"OneToOne", 256, 61, Writers::shared, {"alloc"}, 1},
                    Setting{"ManyToMany", 1024, 61, Writers::shared, {"alloc", "alloc", "batch", "guarded"}, 3},
                    Setting{"GuardedOnly", 256, 61, Writers::shared, {"guarded", "guarded", "guarded"}, 2},
                    Setting{"TinyRing", 2, 8, Writers::shared, {"alloc", "batch", "guarded"}, 2},
                    Setting{"LargeValues", 64, 256, Writers::shared, {"alloc", "alloc"}, 2},
                    Setting{"Exclusive", 64, 8, Writers::exclusive, {"alloc"}, 2}),
    [](const testing::TestParamInfo<Setting>& setting) { return std::string(setting.param.name); });

/// In a ring that holds everything, each value of each writer is there, once, in its writer's order.
TEST(RoomyExchangeTest, NothingIsLost) {
  const std::vector<const char*> ways{"alloc", "alloc", "batch", "guarded"};
  const Setting setting{"", 2 * ways.size() * kEach, 61, Writers::shared, ways, 0};
  const test::TempName name;
  const RawArena arena = create(name.str(), setting);
  std::vector<Peer> writers;
  for (std::size_t i = 0; i < setting.ways.size(); ++i)
    writers.push_back(Peer({"write", name.str(), "61", setting.ways[i], std::to_string(i), std::to_string(kEach)}));
  for (Peer& writer : writers) ASSERT_EQ(writer.end(), "exit 0");
  using Value = test::CheckedValue<61>;
  auto reader = ArenaView<Value>::open(name).reader(From::oldest);
  std::vector<std::uint64_t> next(setting.ways.size(), 0);
  while (const auto entry = reader.next()) {
    ASSERT_TRUE(entry->value.whole());
    ASSERT_EQ(entry->value.count(), next.at(entry->value.writer())++);
  }
  for (const std::uint64_t count : next) EXPECT_EQ(count, kEach);
  EXPECT_EQ(reader.overwritten_count() + reader.passed_over_count(), 0U);
}

}  // namespace
}  // namespace arena_shm
