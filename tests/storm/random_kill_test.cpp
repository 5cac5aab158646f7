// kill -9 of writers and sleeping readers, at random, again and again, while an auditor follows: no torn value, every
// sequence number accounted for, no hole that is published later, and nobody ever waits for the dead.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <new>
#include <ostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/checked_value.hpp"
#include "support/child.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using Value = test::CheckedValue<48>;

/// What the auditor finds, in memory that it shares with the test.
struct Findings {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> read{0}, overwritten{0}, holes{0}, passed_over{0}, torn{0}, false_holes{0}, late{0};
};

class SharedFindings {
 public:
  SharedFindings() {
    void* page = ::mmap(nullptr, sizeof(Findings), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) std::abort();
    findings_ = new (page) Findings;
  }
  SharedFindings(const SharedFindings&) = delete;
  SharedFindings& operator=(const SharedFindings&) = delete;
  ~SharedFindings() { ::munmap(findings_, sizeof(Findings)); }
  Findings* operator->() const noexcept { return findings_; }
  Findings& operator*() const noexcept { return *findings_; }

 private:
  Findings* findings_;
};

struct Setting {
  const char* name;
  std::uint64_t slots;
  Writers writers;
  Order order = Order::arrival;  ///< of the auditor
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

enum class Role : std::uint32_t { writer, batches, in_place, guarded, sleeper, count };

[[noreturn]] void write_for_ever(const std::string& name, Role role, std::uint32_t id) {
  auto arena = Arena<Value>::open(name);
  if (role == Role::guarded) {
    for (std::uint64_t count = 0;; ++count) arena.alloc(Value::make(id, count));
  }
  auto writer = arena.writer();
  for (std::uint64_t count = 0;; ++count) {
    switch (role) {
      case Role::batches: {
        std::array<Value, 5> batch;
        for (auto& value : batch) value = Value::make(id, count++);
        writer.alloc(std::span<const Value>(batch));
        break;
      }
      case Role::in_place:
        writer.alloc_with([&](SlotWriter& slot) noexcept { slot.append(Value::make(id, count)); });
        break;
      default: writer.alloc(Value::make(id, count)); break;
    }
  }
}

[[noreturn]] void sleep_for_ever(const std::string& name) {
  const auto view = ArenaView<Value>::open(name);
  auto reader = view.reader(From::newest, {.manner = Manner::throughput});
  for (;;) {
    reader.wait_for(10ms);
    while (reader.next()) {
    }
  }
}

Child spawn(const std::string& name, Role role, std::uint32_t id) {
  return Child([&]() -> int {
    for (;;) {
      try {
        if (role == Role::sleeper) sleep_for_ever(name);
        write_for_ever(name, role, id);
      } catch (const Error& error) {
        if (error.code() != Code::table_full) throw;  // exclusive arenas: somebody else has it
        std::this_thread::sleep_for(100us);
      }
    }
  });
}

/// Wherever it is: in the middle of a value, it holds up who follows in order of time.
void stop_for_a_while(const Child& child) {
  child.signal(SIGSTOP);
  std::this_thread::sleep_for(500us);
  child.signal(SIGCONT);
}

/// Follows until it is told to stop, then to the end; a pending value is waited for as long as its writer lives.
int audit(const std::string& name, Order order, Findings& findings) {
  const auto view = ArenaView<Value>::open(name);
  auto reader = view.reader(From::at(0), {.hold = 60s, .order = order});
  std::deque<std::uint64_t> holes;
  reader.on_gap([&](const Gap& gap) {
    if (gap.cause == Loss::hole) holes.push_back(gap.last);
    if (holes.size() > 32) holes.pop_front();
  });
  std::uint64_t steps = 0;
  for (;;) {
    const bool last = findings.stop.load();
    while (const auto entry = reader.next()) {
      if (!entry->value.whole()) ++findings.torn;
      if (entry->late) ++findings.late;
      if (++steps % 64 != 0) continue;
      for (const std::uint64_t seq : holes) {
        if (view.read(seq).status == ReadStatus::ok) ++findings.false_holes;
      }
    }
    if (last && reader.lag() == 0) break;
    if (!last) reader.wait_for(1ms);
  }
  findings.read = reader.read_count();
  findings.overwritten = reader.overwritten_count();
  findings.holes = reader.hole_count();
  findings.passed_over = reader.passed_over_count();
  return 0;
}

class RandomKillTest : public testing::TestWithParam<Setting> {};

TEST_P(RandomKillTest, NothingTornNothingUnaccountedNobodyStuck) {
  const Setting& setting = GetParam();
  const int kills = std::getenv("ARENA_SHM_LONG") != nullptr ? 10000 : 400;
  const test::TempName name;
  const auto arena = Arena<Value>::create(
      name, {.slots = setting.slots, .writers = setting.writers, .seats = 32, .time = setting.order == Order::time});
  const SharedFindings findings;
  Child auditor([&] { return audit(name.str(), setting.order, *findings); });

  constexpr auto kRoles = static_cast<std::uint32_t>(Role::count);
  std::uint32_t next_id = 0;
  std::vector<Child> crowd;
  for (std::uint32_t i = 0; i < kRoles; ++i) crowd.push_back(spawn(name.str(), Role{i}, next_id++));

  std::mt19937 random(20240607);
  std::uniform_int_distribution<std::uint32_t> victims(0, kRoles - 1);
  std::uniform_int_distribution<int> pauses(0, 1500);
  for (int kill = 0; kill < kills; ++kill) {
    std::this_thread::sleep_for(std::chrono::microseconds(pauses(random)));
    const std::uint32_t victim = victims(random);
    if (setting.order == Order::time) stop_for_a_while(crowd[victims(random)]);
    ASSERT_EQ(crowd[victim].kill_and_reap(), "signal 9");
    // The others go on: the count moves, whatever the dead one was inside of.
    const std::uint64_t count = arena.count();
    for (int look = 0; arena.count() == count; ++look) {
      ASSERT_LT(look, 100000) << "nobody writes any more after kill " << kill;
      std::this_thread::sleep_for(100us);
    }
    crowd[victim] = spawn(name.str(), Role{victim}, next_id++);
  }
  for (Child& child : crowd) child.kill_and_reap();
  findings->stop = true;
  ASSERT_EQ(auditor.end(), "exit 0");

  EXPECT_EQ(findings->torn, 0U);
  EXPECT_EQ(findings->false_holes, 0U);
  EXPECT_EQ(findings->late, 0U) << "in order of time, nobody was set aside";
  EXPECT_EQ(arena.count(), findings->read + findings->overwritten + findings->holes + findings->passed_over);
  std::printf("%s: %d kills, %llu values: %llu read and checked, %llu overwritten, %llu holes, %llu passed over\n",
              setting.name, kills, static_cast<unsigned long long>(arena.count()),
              static_cast<unsigned long long>(findings->read.load()),
              static_cast<unsigned long long>(findings->overwritten.load()),
              static_cast<unsigned long long>(findings->holes.load()),
              static_cast<unsigned long long>(findings->passed_over.load()));
  EXPECT_GT(findings->read, 0U);
  EXPECT_GT(findings->holes + findings->overwritten, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Rings, RandomKillTest,
    testing::Values(Setting{"OneSlot", 1, Writers::shared}, Setting{"ThreeSlots", 3, Writers::shared},
                    Setting{"SixtyFourSlots", 64, Writers::shared}, Setting{"ManySlots", 4096, Writers::shared},
                    Setting{"Exclusive", 64, Writers::exclusive}, Setting{"Laned", 8, Writers::laned},
                    Setting{"LanedByTime", 1024, Writers::laned, Order::time}),
    [](const testing::TestParamInfo<Setting>& setting) { return std::string(setting.param.name); });

}  // namespace
}  // namespace arena_shm
