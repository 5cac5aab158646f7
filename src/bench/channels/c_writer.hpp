// A writer of the C interface, for what it costs to go through that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "arena_shm/arena.hpp"
#include "arena_shm/arena_shm.h"
#include "bench/channels/arenas.hpp"

namespace arena_shm::bench {

template <class T>
class CWriter {
 public:
  explicit CWriter(const Options& options) {
    const std::string name = fresh_name();
    auto arena = Arena<T>::create(name, options);
    auto filler = arena.writer();
    fill_once(arena, filler);
    arena_shm_arena* opened = nullptr;
    require(arena_shm_open(name.c_str(), nullptr, &opened, &error_));
    require(arena_shm_writer_open(opened, nullptr, &writer_, &error_));
    arena_shm_close(opened);
    Arena<T>::remove(name);
  }
  CWriter(const CWriter&) = delete;
  CWriter& operator=(const CWriter&) = delete;
  ~CWriter() { arena_shm_writer_close(writer_); }

  std::uint64_t alloc(const T& value) {
    arena_shm_entry entry;
    require(arena_shm_writer_alloc(writer_, &value, sizeof value, &entry, &error_));
    return entry.seq;
  }
  std::uint64_t alloc(std::span<const T> values) {
    arena_shm_range range;
    require(arena_shm_writer_alloc_many(writer_, values.data(), values.size_bytes(), &range, &error_));
    return range.last;
  }

 private:
  void require(arena_shm_status status) {
    if (status < 0) throw std::runtime_error(error_.message);
  }

  arena_shm_error error_{};
  arena_shm_writer* writer_ = nullptr;
};

}  // namespace arena_shm::bench
