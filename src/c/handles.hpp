// What the opaque handles of the C interface are.
#pragma once

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "arena_shm/arena_shm.h"
#include "arena_shm/core/writer_core.hpp"
#include "arena_shm/raw.hpp"
#include "arena_shm/timescale.hpp"
#include "arena_shm/wait_set.hpp"
#include "c/gaps.hpp"

struct arena_shm_arena {
  template <class Opened>
  explicit arena_shm_arena(Opened handle)
      : opened(std::move(handle)),
        arena(std::get_if<arena_shm::RawArena>(&this->opened)),
        view(arena != nullptr ? *arena : std::get<arena_shm::RawView>(this->opened)) {}
  arena_shm_arena(const arena_shm_arena&) = delete;
  arena_shm_arena& operator=(const arena_shm_arena&) = delete;
  ~arena_shm_arena() = default;

  std::variant<arena_shm::RawView, arena_shm::RawArena> opened;
  arena_shm::RawArena* arena;  // null: it is a view
  const arena_shm::RawView& view;
};

// Not a RawWriter: to call that would take a third of an append. WaitSet knows the core by this name.
struct arena_shm_writer {
  arena_shm::core::WriterCore::Owner core_;
  std::uint64_t record_bytes;
};

struct arena_shm_reader {
  arena_shm_reader(arena_shm::RawReader opened, std::uint32_t keep_gaps) : reader(std::move(opened)), gaps(keep_gaps) {
    reader.on_gap([this](const arena_shm::Gap& gap) { gaps.add(gap); });
  }
  arena_shm_reader(const arena_shm_reader&) = delete;
  arena_shm_reader& operator=(const arena_shm_reader&) = delete;
  ~arena_shm_reader() = default;

  arena_shm::RawReader reader;
  arena_shm::c::Gaps gaps;
  std::vector<arena_shm::Arrival> unwanted;  // what comes with a batch, where the caller does not ask for it
};

struct arena_shm_consumer {
  arena_shm_consumer(arena_shm::RawConsumer opened, std::uint32_t keep_gaps)
      : consumer(std::move(opened)), gaps(keep_gaps) {
    consumer.on_gap([this](const arena_shm::Gap& gap) { gaps.add(gap); });
  }
  arena_shm_consumer(const arena_shm_consumer&) = delete;
  arena_shm_consumer& operator=(const arena_shm_consumer&) = delete;
  ~arena_shm_consumer() = default;

  arena_shm::RawConsumer consumer;
  arena_shm::c::Gaps gaps;
  std::vector<arena_shm::Arrival> unwanted;
};

struct arena_shm_timescale {
  arena_shm::Timescale scale;
};

struct arena_shm_wait_set {
  arena_shm::WaitSet set;
};
