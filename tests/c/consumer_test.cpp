// The C interface: consumers of lossless arenas.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "c/c_fixture.hpp"

namespace arena_shm::test {
namespace {

class CConsumerTest : public CTest {
 protected:
  void SetUp() override {
    arena_shm_options lossless = options(32);
    lossless.full = ARENA_SHM_WAIT;
    create(lossless);
  }
  arena_shm_status join(CConsumer& consumer, const char* name,
                        const arena_shm_consumer_options& options = ARENA_SHM_CONSUMER_OPTIONS) {
    return arena_shm_consumer_open(arena_, name, &options, &consumer, &error_);
  }
  arena_shm_status next(arena_shm_consumer* consumer) {
    return arena_shm_consumer_next(consumer, &tick_, sizeof tick_, &entry_, &error_);
  }
  arena_shm_counts counts(const arena_shm_consumer* consumer) {
    arena_shm_counts counts{};
    counts.size = sizeof counts;
    EXPECT_EQ(arena_shm_consumer_counts(consumer, &counts, &error_), ARENA_SHM_OK);
    return counts;
  }

  CWriter writer_;
};

TEST_F(CConsumerTest, WritersWaitForIt) {
  CConsumer risk;
  ASSERT_EQ(join(risk, "risk"), ARENA_SHM_OK) << error_.message;
  EXPECT_EQ(arena_shm_consumer_wait(risk, 0, &error_), ARENA_SHM_NOTHING);
  ASSERT_EQ(arena_shm_writer_open(arena_, nullptr, &writer_, &error_), ARENA_SHM_OK);
  std::uint64_t written = 0;
  for (;; ++written) {
    tick_ = {written, 0};
    const arena_shm_status status = arena_shm_writer_try_alloc(writer_, &tick_, sizeof tick_, nullptr, &error_);
    if (status == ARENA_SHM_NOTHING) break;
    ASSERT_EQ(status, ARENA_SHM_OK) << error_.message;
    ASSERT_LT(written, 32U);
  }
  EXPECT_EQ(arena_shm_writer_alloc_for(writer_, 1000, &tick_, sizeof tick_, nullptr, &error_), ARENA_SHM_E_TIMED_OUT);
  EXPECT_NE(std::string(error_.message).find("risk"), std::string::npos) << error_.message;
  std::array<arena_shm_consumer_info, 2> infos{};
  std::size_t count = 0;
  ASSERT_EQ(arena_shm_writer_blocked_by(writer_, infos.data(), infos.size(), &count, &error_), ARENA_SHM_OK);
  ASSERT_EQ(count, 1U);
  EXPECT_STREQ(infos[0].name, "risk");
  EXPECT_EQ(infos[0].kind, ARENA_SHM_CONSUMER_ALONE);
  EXPECT_EQ(infos[0].life, ARENA_SHM_CONSUMER_ALIVE);
  EXPECT_TRUE(infos[0].in_the_way);
  for (std::uint64_t i = 0; i < written; ++i) {
    ASSERT_EQ(next(risk), ARENA_SHM_OK);
    EXPECT_EQ(tick_.ts_ns, i);
  }
  ASSERT_EQ(arena_shm_consumer_release(risk, &error_), ARENA_SHM_OK);
  EXPECT_EQ(arena_shm_writer_try_alloc(writer_, &tick_, sizeof tick_, nullptr, &error_), ARENA_SHM_OK);
  EXPECT_EQ(counts(risk).read, written);
}

TEST_F(CConsumerTest, AGroupSharesAndMarksWhatAnotherHad) {
  arena_shm_consumer_options sharing = ARENA_SHM_CONSUMER_OPTIONS;
  sharing.share = true;
  CConsumer first;
  CConsumer second;
  ASSERT_EQ(join(first, "workers", sharing), ARENA_SHM_OK);
  ASSERT_EQ(join(second, "workers", sharing), ARENA_SHM_OK);
  alloc(0, 3);
  ASSERT_EQ(next(first), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 0U);
  std::array<Tick, 4> ticks{};
  std::array<arena_shm_entry, 4> entries{};
  std::size_t count = 0;
  ASSERT_EQ(arena_shm_consumer_next_many(second, ticks.data(), sizeof ticks, entries.data(), 4, &count, &error_),
            ARENA_SHM_OK);
  ASSERT_EQ(count, 2U);
  EXPECT_EQ(entries[0].seq, 1U);
  EXPECT_FALSE(entries[0].redelivered);
  first.reset();
  ASSERT_EQ(next(second), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 0U);
  EXPECT_TRUE(entry_.redelivered);
  EXPECT_EQ(counts(second).redelivered, 1U);
}

TEST_F(CConsumerTest, AreListedEvictedAndRemoved) {
  arena_shm_consumer_options durable = ARENA_SHM_CONSUMER_OPTIONS;
  durable.durable = true;
  durable.explicitly = true;
  CConsumer ledger;
  CConsumer risk;
  ASSERT_EQ(join(ledger, "ledger", durable), ARENA_SHM_OK);
  ASSERT_EQ(join(risk, "risk"), ARENA_SHM_OK);
  EXPECT_EQ(arena_shm_remove_consumer(arena_, "ledger", &error_), ARENA_SHM_E_ALREADY_EXISTS);
  CConsumer again;
  EXPECT_EQ(join(again, "risk"), ARENA_SHM_E_ALREADY_EXISTS);
  EXPECT_EQ(join(again, "a name that is longer than 32 bytes"), ARENA_SHM_E_INVALID_ARGUMENT);
  ledger.reset();
  arena_shm_consumer_info info{};
  std::size_t count = 0;
  ASSERT_EQ(arena_shm_consumers(arena_, &info, 1, &count, &error_), ARENA_SHM_OK);
  EXPECT_EQ(count, 2U);
  EXPECT_STREQ(info.name, "ledger");
  EXPECT_EQ(info.life, ARENA_SHM_CONSUMER_AWAY);
  EXPECT_TRUE(info.durable);
  ASSERT_EQ(arena_shm_remove_consumer(arena_, "ledger", &error_), ARENA_SHM_OK) << error_.message;
  ASSERT_EQ(arena_shm_evict_consumer(arena_, "risk", &error_), ARENA_SHM_OK);
  EXPECT_EQ(next(risk), ARENA_SHM_E_EVICTED);
  EXPECT_EQ(arena_shm_evict_consumer(arena_, "nobody", &error_), ARENA_SHM_E_NOT_FOUND);
}

TEST_F(CConsumerTest, WhatWasThereBeforeIsAskedFor) {
  alloc(0, 40);
  arena_shm_consumer_options oldest = ARENA_SHM_CONSUMER_OPTIONS;
  oldest.from = ARENA_SHM_FROM_SEQ;
  oldest.seq = 4;
  CConsumer consumer;
  ASSERT_EQ(join(consumer, "late", oldest), ARENA_SHM_OK);
  ASSERT_EQ(next(consumer), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 8U);
  arena_shm_gap gap{};
  ASSERT_EQ(arena_shm_consumer_gaps(consumer, &gap, 1, nullptr), 1U);
  EXPECT_EQ(gap.first, 4U);
  EXPECT_EQ(gap.last, 7U);
  EXPECT_EQ(counts(consumer).overwritten, 4U);
  EXPECT_EQ(counts(consumer).lag, 31U);
}

TEST_F(CConsumerTest, ReleasesWhatIsBeforeAPlace) {
  arena_shm_consumer_options how = ARENA_SHM_CONSUMER_OPTIONS;
  how.durable = true;
  how.explicitly = true;
  std::uint64_t behind_three = 0;
  {
    CConsumer ledger;
    ASSERT_EQ(join(ledger, "ledger", how), ARENA_SHM_OK);
    alloc(0, 8);
    for (int i = 0; i < 3; ++i) ASSERT_EQ(next(ledger), ARENA_SHM_OK);
    ASSERT_EQ(arena_shm_consumer_position(ledger, &behind_three, 1, &error_), ARENA_SHM_OK) << error_.message;
    EXPECT_EQ(behind_three, 3U);
    while (next(ledger) == ARENA_SHM_OK) {
    }
    ASSERT_EQ(arena_shm_consumer_release_before(ledger, &behind_three, 1, &error_), ARENA_SHM_OK) << error_.message;
    const std::array<std::uint64_t, 2> two_lanes{};
    EXPECT_EQ(arena_shm_consumer_release_before(ledger, two_lanes.data(), 2, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
    EXPECT_EQ(arena_shm_consumer_position(ledger, &behind_three, 2, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
    EXPECT_EQ(arena_shm_consumer_release_before(ledger, nullptr, 1, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  }
  CConsumer ledger;
  ASSERT_EQ(join(ledger, "ledger", how), ARENA_SHM_OK);
  ASSERT_EQ(next(ledger), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 3U);
}

TEST_F(CConsumerTest, WaitsInASet) {
  CConsumer consumer;
  ASSERT_EQ(join(consumer, "risk"), ARENA_SHM_OK);
  CWaitSet set;
  ASSERT_EQ(arena_shm_wait_set_open(&set, &error_), ARENA_SHM_OK);
  ASSERT_EQ(arena_shm_wait_set_add_consumer(set, consumer, &error_), ARENA_SHM_OK);
  EXPECT_EQ(arena_shm_wait_set_wait(set, 0, &error_), ARENA_SHM_NOTHING);
  alloc(0, 1);
  EXPECT_EQ(arena_shm_wait_set_wait(set, ARENA_SHM_FOREVER, &error_), ARENA_SHM_OK);
  EXPECT_TRUE(arena_shm_wait_set_is_consumer_ready(set, consumer));
  arena_shm_wait_set_remove_consumer(set, consumer);
  EXPECT_EQ(arena_shm_wait_set_wait(set, 0, &error_), ARENA_SHM_NOTHING);
}

}  // namespace
}  // namespace arena_shm::test
