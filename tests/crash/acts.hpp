// The ways to write, and what a process that ends at a point inside of one has written by then: exactly, value by
// value. The crash matrix shows that at every point everything is accounted for; this, that it is accounted for
// rightly.
#pragma once

#include <array>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/scenarios.hpp"
#include "crash/victim.hpp"
#include "support/foreseen.hpp"

namespace arena_shm::test {

enum class Act : std::uint8_t { alloc, foreseen, batch, guarded, reserved, exclusive, lane_batch };

inline constexpr std::uint32_t kVictimId = 1;
inline constexpr std::uint32_t kSurvivorId = 3;
inline constexpr std::uint64_t kBatch = 3;

struct Cut {
  Act act;
  const char* point;
  int nth;                  ///< the how-manieth time it comes there
  std::uint64_t handed;     ///< seqs that it has taken by then
  std::uint64_t published;  ///< the first so many of them are published
};

inline void PrintTo(const Cut& cut, std::ostream* out) { *out << cut.point; }

inline std::string name_of(const Cut& cut) {
  constexpr std::array<const char*, 7> kActs{"alloc",    "foreseen",  "batch",     "guarded",
                                             "reserved", "exclusive", "lane_batch"};
  return std::string(kActs[static_cast<std::size_t>(cut.act)]) + "_" + cut.point + "_" + std::to_string(cut.nth);
}

inline std::vector<Cut> cuts() {
  return {
      {Act::alloc, "alloc_claiming", 1, 0, 0},
      {Act::alloc, "alloc_claimed", 1, 1, 0},
      {Act::alloc, "alloc_writing", 1, 1, 0},
      {Act::alloc, "slot_busy", 1, 1, 0},
      {Act::alloc, "slot_filled", 1, 1, 0},
      {Act::alloc, "slot_done", 1, 1, 1},
      {Act::alloc, "alloc_idle", 1, 1, 1},
      {Act::foreseen, "alloc_claiming", 1, 0, 0},
      {Act::foreseen, "alloc_claimed", 1, 1, 0},
      {Act::foreseen, "alloc_foreseen", 1, 1, 0},
      {Act::foreseen, "slot_busy", 1, 1, 0},
      {Act::foreseen, "slot_filled", 1, 1, 0},
      {Act::foreseen, "slot_done", 1, 1, 1},
      {Act::foreseen, "alloc_idle", 1, 1, 1},
      {Act::batch, "batch_claiming", 1, 0, 0},
      {Act::batch, "batch_claimed", 1, 3, 0},
      {Act::batch, "batch_writing", 1, 3, 0},
      {Act::batch, "batch_writing", 2, 3, 1},
      {Act::batch, "batch_writing", 3, 3, 2},
      {Act::batch, "slot_busy", 2, 3, 1},
      {Act::batch, "slot_filled", 3, 3, 2},
      {Act::batch, "slot_done", 1, 3, 1},
      {Act::batch, "batch_idle", 1, 3, 3},
      {Act::guarded, "mutex_locked", 1, 0, 0},
      {Act::guarded, "alloc_claimed", 1, 1, 0},
      {Act::guarded, "slot_filled", 1, 1, 0},
      {Act::guarded, "slot_done", 1, 1, 1},
      {Act::guarded, "mutex_unlock", 1, 1, 1},
      {Act::reserved, "alloc_claimed", 1, 1, 0},
      {Act::reserved, "mutex_reserved", 1, 1, 0},
      {Act::reserved, "slot_busy", 1, 1, 0},
      {Act::reserved, "slot_done", 1, 1, 1},
      {Act::exclusive, "lane_claimed", 1, 1, 0},
      {Act::exclusive, "slot_busy", 1, 1, 0},
      {Act::exclusive, "slot_filled", 1, 1, 0},
      {Act::exclusive, "slot_done", 1, 1, 1},
      {Act::lane_batch, "lane_batch_claimed", 1, 3, 0},
      {Act::lane_batch, "slot_busy", 1, 3, 0},
      {Act::lane_batch, "slot_filled", 2, 3, 1},
      {Act::lane_batch, "slot_done", 2, 3, 2},
      {Act::lane_batch, "slot_done", 3, 3, 3},
  };
}

inline Writers writers_of(Act act) {
  return act == Act::exclusive || act == Act::lane_batch ? Writers::exclusive : Writers::shared;
}

/// A victim that gets `number` at the cut. The seqs that it takes are the next ones.
inline Child make_victim(const Cut& cut, const std::string& name, int number) {
  return Child([&] {
    auto arena = Arena<CrashValue>::open(name);
    const auto value = [](std::uint64_t i) { return CrashValue::make(kVictimId, i); };
    if (cut.act == Act::guarded || cut.act == Act::reserved) {
      const std::uint64_t before = cut.act == Act::guarded ? 1 : 200;
      for (std::uint64_t i = 0; i < before; ++i) arena.alloc(value(100 + i));
      ::raise(SIGSTOP);  // for the others to look at head
      StopAt::arm(cut.point, number, cut.nth);
      arena.alloc(value(0));
      return 0;
    }
    auto writer = arena.writer("victim");
    if (cut.act == Act::foreseen) write_until_foreseen(arena, [&] { writer.alloc(value(100)); });
    ::raise(SIGSTOP);
    StopAt::arm(cut.point, number, cut.nth);
    if (cut.act == Act::batch || cut.act == Act::lane_batch) {
      const std::array<CrashValue, kBatch> batch{value(0), value(1), value(2)};
      writer.alloc(std::span<const CrashValue>(batch));
    } else {
      writer.alloc(value(0));
    }
    return 0;
  });
}

}  // namespace arena_shm::test
