// What is killed at every instruction, and what it finds there.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "arena_shm/arena.hpp"
#include "arena_shm/arena_shm.h"
#include "support/checked_value.hpp"
#include "support/child.hpp"
#include "support/foreseen.hpp"

namespace arena_shm::test {

using Value = CheckedValue<40>;
using Operation = std::function<void()>;

inline constexpr std::uint64_t kSlots = 4;
inline constexpr std::uint32_t kVictim = 1;
inline constexpr std::uint32_t kSurvivor = 2;

inline Value victim_value() {
  static std::uint64_t count = 0;
  return Value::make(kVictim, ++count);
}

inline Operation writer_alloc(Arena<Value>& arena) {
  auto writer = std::make_shared<Writer<Value>>(arena.writer());
  return [writer] { writer->alloc(victim_value()); };
}

inline Operation foreseen_alloc(Arena<Value>& arena) {
  auto writer = std::make_shared<Writer<Value>>(arena.writer());
  write_until_foreseen(arena, [&] { writer->alloc(victim_value()); });
  return [writer] { writer->alloc(victim_value()); };
}

inline Operation alloc_in_c(Arena<Value>& arena) {
  arena_shm_arena* handle = nullptr;
  arena_shm_writer* writer = nullptr;
  if (arena_shm_open(arena.name().c_str(), nullptr, &handle, nullptr) < 0 ||
      arena_shm_writer_open(handle, nullptr, &writer, nullptr) < 0)
    std::abort();
  const auto alloc = [writer] {
    const Value value = victim_value();
    arena_shm_entry entry;
    arena_shm_writer_alloc(writer, &value, sizeof value, &entry, nullptr);
  };
  alloc();  // what is looked up by then need not be stepped through
  return alloc;
}

inline Operation foreseen_alloc_in_c(Arena<Value>& arena) {
  const Operation alloc = alloc_in_c(arena);
  write_until_foreseen(arena, alloc);
  return alloc;
}

inline Operation batch_alloc(Arena<Value>& arena) {
  auto writer = std::make_shared<Writer<Value>>(arena.writer());
  return [writer] {
    const std::array<Value, 3> values{victim_value(), victim_value(), victim_value()};
    writer->alloc(std::span<const Value>(values));
  };
}

inline Operation advance(Arena<Value>& arena) {
  auto writer = std::make_shared<Writer<Value>>(arena.writer());
  writer->alloc(victim_value());
  const std::uint64_t target = (arena.head() + kSlots + 1) * arena.lanes();
  return [writer, target] {
    writer->advance_to(target);
    writer->alloc(victim_value());
  };
}

inline Operation guarded_alloc(Arena<Value>& arena) {
  arena.alloc(victim_value());  // takes the seat
  return [&arena] { arena.alloc(victim_value()); };
}

inline Operation reserved_alloc(Arena<Value>& arena) {
  for (int i = 0; i < 300; ++i) arena.alloc(victim_value());  // alone: the mutex gets reserved
  return [&arena] { arena.alloc(victim_value()); };
}

inline Operation reserved_foreseen_alloc(Arena<Value>& arena) {
  const Operation alloc = reserved_alloc(arena);
  write_until_foreseen(arena, alloc);
  return alloc;
}

inline Operation lossless_alloc(Arena<Value>& arena) {
  static auto consumer = arena.consumer("victim");
  return writer_alloc(arena);
}

inline Operation consuming(Arena<Value>& arena) {
  auto writer = arena.writer();
  auto consumer = std::make_shared<Consumer<Value>>(arena.consumer("victim"));
  writer.alloc(victim_value());
  writer.alloc(victim_value());
  consumer->next();
  return [consumer] {
    consumer->next();  // has done with the first one
    consumer->release();
  };
}

inline Operation joining(Arena<Value>& arena) {
  return [&arena] { arena.consumer("victim"); };
}

/// A member takes a value, and is done with it.
inline Operation taking(Arena<Value>& arena) {
  auto writer = arena.writer();
  auto member = std::make_shared<Consumer<Value>>(arena.consumer("victim", {.share = true}));
  writer.alloc(victim_value());
  writer.alloc(victim_value());
  member->next();
  return [member] {
    member->next();  // has done with the first one
    member->release();
  };
}

/// A member takes over what another one that left has in hand.
inline Operation taking_over(Arena<Value>& arena) {
  auto writer = arena.writer();
  auto member = std::make_shared<Consumer<Value>>(arena.consumer("victim", {.share = true}));
  writer.alloc(victim_value());
  {
    auto leaving = arena.consumer("victim", {.share = true});
    leaving.next();
  }
  return [member] {
    member->next();
    member->release();
  };
}

inline Operation joining_a_group(Arena<Value>& arena) {
  return [&arena] { arena.consumer("victim", {.share = true}); };
}

inline Operation seat_taking(Arena<Value>& arena) {
  return [&arena] { arena.writer("victim"); };
}

/// Leaves the slot that comes next in the hands of a writer that died in the middle of it.
inline std::shared_ptr<void> dead_writer_in_next_slot(const std::string& name) {
  auto arena = Arena<Value>::open(name);
  Child child([&name] {
    auto own = Arena<Value>::open(name);
    auto writer = own.writer();
    writer.alloc_with([](SlotWriter&) noexcept { ::raise(SIGKILL); });
    return 0;
  });
  EXPECT_EQ(child.end(), "signal 9");
  auto writer = arena.writer();
  for (std::uint64_t i = 1; i < kSlots; ++i) writer.alloc(Value::make(kSurvivor, i));
  return nullptr;
}

/// The same with one that is stopped there, and lives.
inline std::shared_ptr<void> stopped_writer_in_next_slot(const std::string& name) {
  auto arena = Arena<Value>::open(name);
  auto child = std::make_shared<Child>([&name] {
    auto own = Arena<Value>::open(name);
    auto writer = own.writer();
    writer.alloc_with([](SlotWriter&) noexcept { ::raise(SIGSTOP); });
    return 0;
  });
  EXPECT_EQ(child->stop_or_end(), "stopped");
  auto writer = arena.writer();
  for (std::uint64_t i = 1; i < kSlots; ++i) writer.alloc(Value::make(kSurvivor, i));
  return child;
}

}  // namespace arena_shm::test
