#include "crash/scenarios.hpp"

#include <array>
#include <chrono>
#include <span>

#include "arena_shm/arena.hpp"
#include "crash/victim.hpp"
#include "support/foreseen.hpp"

namespace arena_shm::test {
namespace {

using Value = CrashValue;
using Arm = std::function<void()>;
using namespace std::chrono_literals;

constexpr std::uint32_t kVictim = 1;
constexpr std::uint32_t kCompany = 2;

void alloc_once(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto writer = arena.writer("victim");
  arm();
  writer.alloc(Value::make(kVictim, 0));
}

void alloc_foreseen(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto writer = arena.writer("victim");
  write_until_foreseen(arena, [&] { writer.alloc(Value::make(kVictim, 0)); });
  arm();
  writer.alloc(Value::make(kVictim, 1));
}

void alloc_batch(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  auto writer = arena.writer("victim");
  const std::array<Value, 3> values{Value::make(kVictim, 0), Value::make(kVictim, 1), Value::make(kVictim, 2)};
  arm();
  writer.alloc(std::span<const Value>(values));
}

void alloc_guarded(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  arena.alloc(Value::make(kVictim, 0));
  arm();
  arena.alloc(Value::make(kVictim, 1));
}

void alloc_guarded_first(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  arm();
  arena.alloc(Value::make(kVictim, 0));
}

void alloc_reserved(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  for (std::uint64_t i = 0; i < 200; ++i) arena.alloc(Value::make(kVictim, i));
  arm();
  arena.alloc(Value::make(kVictim, 200));
}

void alloc_reserved_foreseen(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  for (std::uint64_t i = 0; i < 200; ++i) arena.alloc(Value::make(kVictim, i));
  write_until_foreseen(arena, [&] { arena.alloc(Value::make(kVictim, 200)); });
  arm();
  arena.alloc(Value::make(kVictim, 201));
}

void become_reserved(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  for (std::uint64_t i = 0; i < 62; ++i) arena.alloc(Value::make(kVictim, i));
  arm();
  for (std::uint64_t i = 0; i < 4; ++i) arena.alloc(Value::make(kVictim, i));
}

void take_seat(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  arm();
  auto writer = arena.writer("victim");
}

/// Its own seat is taken first, so that it meets the dead holder as a waiter, not as the newcomer to its seat.
void lock_behind_the_dead(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  arena.alloc(Value::make(kVictim, 0));
  Child holder([&name] {
    auto own = Arena<Value>::open(name);
    StopAt::arm("mutex_locked", SIGKILL);
    own.alloc(Value::make(kCompany, 0));
    return 0;
  });
  holder.end();
  arm();
  arena.alloc(Value::make(kVictim, 1));
}

void wait_for_mutex(const std::string& name, const Arm& arm) {
  auto arena = Arena<Value>::open(name);
  Child holder([&name] {
    auto own = Arena<Value>::open(name);
    StopAt::arm("mutex_locked", SIGSTOP);
    own.alloc(Value::make(kCompany, 0));
    return 0;
  });
  holder.stop_or_end();
  Child waker([&holder] {
    std::this_thread::sleep_for(30ms);
    holder.signal(SIGCONT);
    return 0;
  });
  arm();
  arena.alloc(Value::make(kVictim, 0));
  holder.end();
  waker.end();
}

void sleep_and_read(const std::string& name, const Arm& arm) {
  const auto view = ArenaView<Value>::open(name);
  auto reader = view.reader(From::newest);
  arm();
  reader.wait_for(20ms);
}

/// A seq that a living writer holds: the reader settles it, again and again, and passes it over.
void settle_pending(const std::string& name, const Arm& arm) {
  const auto view = ArenaView<Value>::open(name);
  auto reader = view.reader(From::oldest, {.hold = 1ms});
  arm();
  while (reader.cursor() < view.head()) {
    if (!reader.next()) reader.wait_for(1ms);
  }
}

void create_another(const std::string& name, const Arm& arm) {
  const std::string other = name + ".other";
  arm();
  auto arena = Arena<Value>::create(other, {.slots = 4});
  Arena<Value>::remove(other);
}

std::shared_ptr<void> writer_in_slot(const std::string& name, std::uint64_t slot, int number) {
  {
    auto arena = Arena<Value>::open(name);
    auto writer = arena.writer();
    while (arena.head() % kCrashSlots != slot) writer.alloc(Value::make(kCompany, 1));
  }
  auto child = std::make_shared<Child>([&] {
    auto arena = Arena<Value>::open(name);
    auto writer = arena.writer("company");
    StopAt::arm("slot_busy", number);
    writer.alloc(Value::make(kCompany, 0));
    return 0;
  });
  child->stop_or_end();
  auto arena = Arena<Value>::open(name);
  auto writer = arena.writer();
  while (arena.head() % kCrashSlots != 0) writer.alloc(Value::make(kCompany, 1));
  return child;
}

// The next one is slot 0.
std::shared_ptr<void> dead_in_next_slot(const std::string& name) { return writer_in_slot(name, 0, SIGKILL); }
std::shared_ptr<void> stopped_in_next_slot(const std::string& name) { return writer_in_slot(name, 0, SIGSTOP); }
// Where alloc_foreseen goes.
std::shared_ptr<void> stopped_in_second_slot(const std::string& name) { return writer_in_slot(name, 1, SIGSTOP); }

std::shared_ptr<void> dead_mutex_holder(const std::string& name) {
  Child child([&name] {
    auto arena = Arena<Value>::open(name);
    StopAt::arm("mutex_locked", SIGKILL);
    arena.alloc(Value::make(kCompany, 0));
    return 0;
  });
  child.end();
  return nullptr;
}

std::shared_ptr<void> reserved_and_idle(const std::string& name) {
  auto child = std::make_shared<Child>([&name] {
    auto arena = Arena<Value>::open(name);
    for (std::uint64_t i = 0; i < 200; ++i) arena.alloc(Value::make(kCompany, i));
    ::raise(SIGSTOP);
    return 0;
  });
  child->stop_or_end();
  return child;
}

std::shared_ptr<void> sleeping_reader(const std::string& name) {
  auto child = std::make_shared<Child>([&name] {
    const auto view = ArenaView<Value>::open(name);
    auto reader = view.reader(From::newest);
    StopAt::arm("sleeper_announced", SIGSTOP);
    reader.wait_for(10s);
    return 0;
  });
  child->stop_or_end();  // the doorbell is set
  return child;
}

}  // namespace

std::vector<Scenario> scenarios() {
  const Writers shared = Writers::shared;
  const Writers exclusive = Writers::exclusive;
  const Writers laned = Writers::laned;
  return {
      {.name = "alloc", .writers = shared, .run = alloc_once, .company = {}},
      {.name = "alloc, in a dead one's slot", .writers = shared, .run = alloc_once, .company = dead_in_next_slot},
      {.name = "alloc, past a stopped one",
       .writers = shared,
       .run = alloc_once,
       .company = stopped_in_next_slot,
       .others_stopped = true},
      {.name = "alloc, foreseen", .writers = shared, .run = alloc_foreseen, .company = {}},
      {.name = "alloc, foreseen, past a stopped one",
       .writers = shared,
       .run = alloc_foreseen,
       .company = stopped_in_second_slot,
       .others_stopped = true},
      {.name = "alloc of a batch", .writers = shared, .run = alloc_batch, .company = {}},
      {.name = "alloc of a batch, past a stopped one",
       .writers = shared,
       .run = alloc_batch,
       .company = stopped_in_next_slot,
       .others_stopped = true},
      {.name = "alloc, exclusive", .writers = exclusive, .run = alloc_once, .company = {}},
      {.name = "alloc of a batch, exclusive", .writers = exclusive, .run = alloc_batch, .company = {}},
      {.name = "alloc, laned", .writers = laned, .run = alloc_once, .company = {}},
      {.name = "alloc of a batch, laned", .writers = laned, .run = alloc_batch, .company = {}},
      {.name = "alloc, laned, with times", .writers = laned, .timed = true, .run = alloc_once, .company = {}},
      {.name = "alloc of a batch, laned, with times",
       .writers = laned,
       .timed = true,
       .run = alloc_batch,
       .company = {}},
      {.name = "alloc, with times", .writers = shared, .timed = true, .run = alloc_once, .company = {}},
      {.name = "alloc, laned, waking a sleeper", .writers = laned, .run = alloc_once, .company = sleeping_reader},
      {.name = "guarded alloc, laned", .writers = laned, .run = alloc_guarded, .company = {}},
      {.name = "taking a seat, laned", .writers = laned, .run = take_seat, .company = {}},
      {.name = "alloc, waking a sleeper", .writers = shared, .run = alloc_once, .company = sleeping_reader},
      {.name = "guarded alloc", .writers = shared, .run = alloc_guarded, .company = {}, .may_hold_mutex = true},
      {.name = "guarded alloc, the first",
       .writers = shared,
       .run = alloc_guarded_first,
       .company = {},
       .may_hold_mutex = true},
      {.name = "guarded alloc, reserving",
       .writers = shared,
       .run = become_reserved,
       .company = {},
       .may_hold_mutex = true},
      {.name = "guarded alloc, reserved",
       .writers = shared,
       .run = alloc_reserved,
       .company = {},
       .may_hold_mutex = true},
      {.name = "guarded alloc, reserved and foreseen",
       .writers = shared,
       .run = alloc_reserved_foreseen,
       .company = {},
       .may_hold_mutex = true},
      {.name = "guarded alloc, taking a reservation",
       .writers = shared,
       .run = alloc_guarded_first,
       .company = reserved_and_idle,
       .may_hold_mutex = true},
      {.name = "guarded alloc, exclusive",
       .writers = exclusive,
       .run = alloc_guarded,
       .company = {},
       .may_hold_mutex = true},
      {.name = "guarded alloc, behind a dead holder",
       .writers = shared,
       .run = lock_behind_the_dead,
       .company = {},
       .may_hold_mutex = true},
      {.name = "guarded alloc, waiting",
       .writers = shared,
       .run = wait_for_mutex,
       .company = {},
       .may_hold_mutex = true},
      {.name = "taking a seat", .writers = shared, .run = take_seat, .company = {}},
      {.name = "taking a dead holder's seat", .writers = shared, .run = take_seat, .company = dead_mutex_holder},
      {.name = "sleeping", .writers = shared, .run = sleep_and_read, .company = {}},
      {.name = "settling",
       .writers = shared,
       .run = settle_pending,
       .company = stopped_in_next_slot,
       .others_stopped = true},
      {.name = "creating", .writers = shared, .run = create_another, .company = {}},
  };
}

}  // namespace arena_shm::test
