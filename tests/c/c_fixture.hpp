// Handles of the C interface that close themselves, and what tests ask of each call.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "arena_shm/arena_shm.h"
#include "support/temp_name.hpp"

namespace arena_shm::test {

struct Tick {
  std::uint64_t ts_ns;
  double price;
  friend bool operator==(const Tick&, const Tick&) = default;
};

/// What a program in C may put into an enum.
template <class Enum>
#ifdef __clang__
__attribute__((no_sanitize("enum")))
#endif
Enum none_of_them(unsigned number) {
  Enum result;
  static_assert(sizeof result == sizeof number);
  std::memcpy(&result, &number, sizeof result);
  return result;
}

/// Closes what it owns.
template <class Handle, void (*close)(Handle*)>
struct Owned {
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { close(handle); }
  operator Handle*() const noexcept { return handle; }
  Handle** operator&() noexcept { return &handle; }
  void reset() {
    close(handle);
    handle = nullptr;
  }
  Handle* handle = nullptr;
};

using CArena = Owned<arena_shm_arena, arena_shm_close>;
using CWriter = Owned<arena_shm_writer, arena_shm_writer_close>;
using CReader = Owned<arena_shm_reader, arena_shm_reader_close>;
using CConsumer = Owned<arena_shm_consumer, arena_shm_consumer_close>;
using CWaitSet = Owned<arena_shm_wait_set, arena_shm_wait_set_close>;
using CTimescale = Owned<arena_shm_timescale, arena_shm_timescale_close>;

class CTest : public ::testing::Test {
 protected:
  static arena_shm_options options(std::uint64_t slots) {
    arena_shm_options options = ARENA_SHM_OPTIONS;
    options.slots = slots;
    return options;
  }
  /// An arena of 4 slots, or as asked for.
  void create(const arena_shm_options& options = CTest::options(4)) {
    ASSERT_EQ(arena_shm_create(name(), &record_, &options, &arena_, &error_), ARENA_SHM_OK) << error_.message;
  }
  void alloc(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t i = first; i < first + count; ++i) {
      const Tick tick{i, 0.5};
      ASSERT_EQ(arena_shm_alloc(arena_, &tick, sizeof tick, nullptr, &error_), ARENA_SHM_OK) << error_.message;
    }
  }
  const char* name() const { return name_.str().c_str(); }

  TempName name_;
  arena_shm_record record_ = ARENA_SHM_RECORD(Tick);
  arena_shm_error error_{};
  arena_shm_entry entry_{};
  Tick tick_{};
  CArena arena_;
};

}  // namespace arena_shm::test
