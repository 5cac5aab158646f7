// The C interface: arenas and single values; how errors are told.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "c/c_fixture.hpp"

namespace arena_shm::test {
namespace {

using CArenaTest = CTest;

TEST_F(CArenaTest, AValueGoesInAndComesOut) {
  create();
  const Tick tick{7, 1.5};
  ASSERT_EQ(arena_shm_alloc(arena_, &tick, sizeof tick, &entry_, &error_), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 0U);
  EXPECT_EQ(entry_.time, 0U);
  CArena view;
  ASSERT_EQ(arena_shm_view(name(), &record_, &view, &error_), ARENA_SHM_OK);
  ASSERT_EQ(arena_shm_read(view, 0, &tick_, sizeof tick_, &entry_, &error_), ARENA_SHM_OK);
  EXPECT_EQ(tick_, tick);
  EXPECT_EQ(arena_shm_head(view), 1U);
  EXPECT_EQ(arena_shm_count(view), 1U);
  EXPECT_EQ(std::memcmp(arena_shm_ptr_at(view, 4), &tick, sizeof tick), 0);
  tick_ = {};
  ASSERT_EQ(arena_shm_latest(view, &tick_, sizeof tick_, &entry_, &error_), ARENA_SHM_OK);
  EXPECT_EQ(tick_, tick);
  EXPECT_EQ(entry_.seq, 0U);
}

TEST_F(CArenaTest, ReadSaysWhyThereIsNoValue) {
  create();
  EXPECT_EQ(arena_shm_latest(arena_, &tick_, sizeof tick_, nullptr, &error_), ARENA_SHM_NOTHING);
  EXPECT_EQ(arena_shm_read(arena_, 0, &tick_, sizeof tick_, nullptr, &error_), ARENA_SHM_NOT_YET);
  alloc(0, 6);
  EXPECT_EQ(arena_shm_read(arena_, 1, &tick_, sizeof tick_, nullptr, &error_), ARENA_SHM_OVERWRITTEN);
  EXPECT_EQ(arena_shm_read(arena_, 2, &tick_, sizeof tick_, nullptr, &error_), ARENA_SHM_OK);
  EXPECT_EQ(tick_.ts_ns, 2U);
  EXPECT_EQ(arena_shm_read(arena_, std::uint64_t{1} << 63U, &tick_, sizeof tick_, nullptr, &error_), ARENA_SHM_NOT_YET);
}

TEST_F(CArenaTest, InfoIsAsItWasMade) {
  arena_shm_options asked = options(6);
  asked.writers = ARENA_SHM_LANED;
  asked.seats = 3;
  asked.time = true;
  asked.full = ARENA_SHM_WAIT;
  asked.consumers = 5;
  asked.patience_ns = 7'000'000'000;
  record_.name = "tick";
  create(asked);
  arena_shm_info info{};
  info.size = sizeof info;
  ASSERT_EQ(arena_shm_get_info(arena_, &info, &error_), ARENA_SHM_OK);
  EXPECT_STREQ(info.name, name());
  EXPECT_STREQ(info.record_name, "tick");
  EXPECT_STREQ(info.schema, "");
  EXPECT_EQ(info.record_bytes, 16U);
  EXPECT_EQ(info.record_align, 8U);
  EXPECT_EQ(info.slots, 18U);
  EXPECT_EQ(info.lanes, 3U);
  EXPECT_EQ(info.seats, 3U);
  EXPECT_EQ(info.writers, ARENA_SHM_LANED);
  EXPECT_EQ(info.full, ARENA_SHM_WAIT);
  EXPECT_EQ(info.stride_bytes, 32U);
  EXPECT_EQ(info.consumers, 5U);
  EXPECT_EQ(info.patience_ns, 7'000'000'000);
  EXPECT_EQ(info.creator_pid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_TRUE(info.has_time);
  EXPECT_EQ(info.size, sizeof info);
}

TEST_F(CArenaTest, TimesAreTimesOfDay) {
  arena_shm_options asked = options(4);
  asked.time = true;
  create(asked);
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const Tick tick{1, 1};
  ASSERT_EQ(arena_shm_alloc(arena_, &tick, sizeof tick, &entry_, &error_), ARENA_SHM_OK);
  CTimescale scale;
  ASSERT_EQ(arena_shm_timescale_open(arena_, &scale, &error_), ARENA_SHM_OK);
  const std::int64_t found = arena_shm_nanoseconds(scale, entry_.time);
  EXPECT_NEAR(static_cast<double>(found), static_cast<double>(now.tv_sec) * 1e9, 60e9);
  CArena timeless;
  const TempName other;
  const arena_shm_options plain = options(1);
  ASSERT_EQ(arena_shm_create(other.str().c_str(), &record_, &plain, &timeless, &error_), ARENA_SHM_OK);
  CTimescale none;
  EXPECT_EQ(arena_shm_timescale_open(timeless, &none, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
}

TEST_F(CArenaTest, AnErrorHasAllItsParts) {
  EXPECT_EQ(arena_shm_open("arena-test.none", nullptr, &arena_, &error_), ARENA_SHM_E_NOT_FOUND);
  EXPECT_EQ(error_.status, ARENA_SHM_E_NOT_FOUND);
  EXPECT_EQ(error_.system_error, ENOENT);
  EXPECT_STREQ(error_.name, "arena-test.none");
  EXPECT_STREQ(error_.doing, "open");
  EXPECT_STRNE(error_.found, "");
  EXPECT_STRNE(error_.remedy, "");
  EXPECT_NE(std::strstr(error_.message, "cannot open 'arena-test.none': "), nullptr) << error_.message;
  EXPECT_EQ(arena_.handle, nullptr);
  EXPECT_EQ(arena_shm_open("arena-test.none", nullptr, &arena_, nullptr), ARENA_SHM_E_NOT_FOUND);
}

TEST_F(CArenaTest, ALongTextIsCutAfterAWholeCharacter) {
  std::string far_too_long(600, 'x');
  for (std::size_t i = 1; i + 1 < far_too_long.size(); i += 2) far_too_long.replace(i, 2, "\xc3\xa4");
  EXPECT_EQ(arena_shm_open(far_too_long.c_str(), nullptr, &arena_, &error_), ARENA_SHM_E_INVALID_NAME);
  const std::string name = error_.name;
  EXPECT_EQ(name.size() % 2, 0U);  // x, whole characters of two bytes, and the dots
  EXPECT_EQ(name.substr(0, name.size() - 3), far_too_long.substr(0, name.size() - 3));
  EXPECT_EQ(name.substr(name.size() - 3), "...");
  EXPECT_GE(name.size(), sizeof error_.name - 3);
}

TEST_F(CArenaTest, TheWrongTypeIsRefused) {
  record_.name = "tick";
  create();
  arena_shm_record other = record_;
  other.size_bytes = 24;
  CArena again;
  EXPECT_EQ(arena_shm_open(name(), &other, &again, &error_), ARENA_SHM_E_INCOMPATIBLE_TYPE);
  other = record_;
  other.name = "quote";
  EXPECT_EQ(arena_shm_view(name(), &other, &again, &error_), ARENA_SHM_E_INCOMPATIBLE_TYPE);
  EXPECT_EQ(again.handle, nullptr);
  other.name = nullptr;
  EXPECT_EQ(arena_shm_view(name(), &other, &again, &error_), ARENA_SHM_OK);
  again.reset();
  arena_shm_options more = options(5);
  EXPECT_EQ(arena_shm_open_or_create(name(), &record_, &more, &again, &error_), ARENA_SHM_E_INCOMPATIBLE_OPTIONS);
  EXPECT_EQ(arena_shm_create(name(), &record_, &more, &again, &error_), ARENA_SHM_E_ALREADY_EXISTS);
  EXPECT_EQ(arena_shm_read(arena_, 0, &tick_, 15, nullptr, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  EXPECT_EQ(arena_shm_alloc(arena_, &tick_, 17, nullptr, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  EXPECT_EQ(arena_shm_head(arena_), 0U);
}

TEST_F(CArenaTest, NothingIsWrittenThroughAView) {
  create();
  CArena view;
  ASSERT_EQ(arena_shm_view(name(), nullptr, &view, &error_), ARENA_SHM_OK);
  CWriter writer;
  EXPECT_EQ(arena_shm_alloc(view, &tick_, sizeof tick_, nullptr, &error_), ARENA_SHM_E_PERMISSION_DENIED);
  EXPECT_STREQ(error_.name, name());
  EXPECT_EQ(arena_shm_writer_open(view, nullptr, &writer, &error_), ARENA_SHM_E_PERMISSION_DENIED);
  EXPECT_EQ(arena_shm_evict_consumer(view, "x", &error_), ARENA_SHM_E_PERMISSION_DENIED);
}

TEST_F(CArenaTest, StructsMayBeOlderOrNewer) {
  struct {
    arena_shm_options known;
    std::uint64_t later;
  } newer{options(4), 0};
  newer.known.size = sizeof newer;
  EXPECT_EQ(arena_shm_create(name(), &record_, &newer.known, &arena_, &error_), ARENA_SHM_OK);
  newer.later = 1;
  CArena again;
  EXPECT_EQ(arena_shm_open_or_create(name(), &record_, &newer.known, &again, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  newer.later = 0;
  newer.known.size = 0;
  EXPECT_EQ(arena_shm_open_or_create(name(), &record_, &newer.known, &again, &error_), ARENA_SHM_E_INVALID_ARGUMENT);

  arena_shm_options older = options(4);  // of a time when there was nothing behind `seats`
  older.size = offsetof(arena_shm_options, mode);
  older.mode = 07777;
  older.consumers = 1000;
  EXPECT_EQ(arena_shm_open_or_create(name(), &record_, &older, &again, &error_), ARENA_SHM_OK) << error_.message;

  arena_shm_info info;
  std::memset(&info, 0xff, sizeof info);
  info.size = offsetof(arena_shm_info, slots);
  ASSERT_EQ(arena_shm_get_info(arena_, &info, &error_), ARENA_SHM_OK);
  EXPECT_EQ(info.record_align, 8U);
  EXPECT_EQ(info.slots, ~std::uint64_t{0});
  struct {
    arena_shm_info known;
    std::uint64_t later;
  } larger{{}, 9};
  larger.known.size = sizeof larger;
  ASSERT_EQ(arena_shm_get_info(arena_, &larger.known, &error_), ARENA_SHM_OK);
  EXPECT_EQ(larger.later, 0U);
  EXPECT_EQ(larger.known.size, sizeof larger);
}

TEST_F(CArenaTest, EnumeratorsThatAreNoneAreRefused) {
  arena_shm_options wrong = options(4);
  wrong.writers = none_of_them<arena_shm_writers>(3);
  EXPECT_EQ(arena_shm_create(name(), &record_, &wrong, &arena_, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  wrong = options(4);
  wrong.full = none_of_them<arena_shm_full>(2);
  EXPECT_EQ(arena_shm_create(name(), &record_, &wrong, &arena_, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  EXPECT_STREQ(error_.found, "2");
  wrong = options(0);
  EXPECT_EQ(arena_shm_create(name(), &record_, &wrong, &arena_, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
}

TEST_F(CArenaTest, RemovingTakesTheNameOnly) {
  create();
  EXPECT_FALSE(arena_shm_retired(arena_));
  EXPECT_EQ(arena_shm_remove(name(), &error_), ARENA_SHM_OK);
  EXPECT_EQ(arena_shm_remove(name(), &error_), ARENA_SHM_NOTHING);
  EXPECT_TRUE(arena_shm_retired(arena_));
  alloc(0, 1);
  EXPECT_TRUE(arena_shm_has_writers(arena_));
}

TEST_F(CArenaTest, AChildOfForkIsRefused) {
  create(options(64));
  alloc(0, 1);
  CWriter writer;
  CReader reader;
  ASSERT_EQ(arena_shm_writer_open(arena_, nullptr, &writer, &error_), ARENA_SHM_OK);
  ASSERT_EQ(arena_shm_reader_open(arena_, nullptr, &reader, &error_), ARENA_SHM_OK);
  for (int i = 0; i < 40; ++i) arena_shm_writer_alloc(writer, &tick_, sizeof tick_, nullptr, &error_);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool refused =
        arena_shm_alloc(arena_, &tick_, sizeof tick_, nullptr, &error_) == ARENA_SHM_E_FORKED &&
        arena_shm_writer_alloc(writer, &tick_, sizeof tick_, nullptr, &error_) == ARENA_SHM_E_FORKED &&
        arena_shm_writer_alloc_many(writer, &tick_, sizeof tick_, nullptr, &error_) == ARENA_SHM_E_FORKED &&
        arena_shm_reader_next(reader, &tick_, sizeof tick_, nullptr, &error_) == ARENA_SHM_E_FORKED;
    writer.reset();
    reader.reset();
    arena_.reset();
    ::_exit(refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  alloc(41, 1);
  EXPECT_EQ(arena_shm_head(arena_), 42U);
}

TEST(CStatusTest, StatusesHaveNames) {
  EXPECT_STREQ(arena_shm_status_name(ARENA_SHM_OK), "OK");
  EXPECT_STREQ(arena_shm_status_name(ARENA_SHM_HOLE), "HOLE");
  for (int status = ARENA_SHM_E_INTERNAL; status <= ARENA_SHM_HOLE; ++status)
    EXPECT_STRNE(arena_shm_status_name(static_cast<arena_shm_status>(status)), "UNKNOWN") << status;
  EXPECT_STREQ(arena_shm_status_name(static_cast<arena_shm_status>(ARENA_SHM_E_INTERNAL - 1)), "UNKNOWN");
  EXPECT_STREQ(arena_shm_status_name(static_cast<arena_shm_status>(ARENA_SHM_HOLE + 1)), "UNKNOWN");
}

}  // namespace
}  // namespace arena_shm::test
