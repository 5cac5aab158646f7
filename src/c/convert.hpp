// Between the structs of C and those of C++.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/arena_shm.h"
#include "arena_shm/consumer_info.hpp"
#include "arena_shm/duration.hpp"
#include "arena_shm/options.hpp"
#include "arena_shm/raw.hpp"
#include "c/guarded.hpp"
#include "c/handles.hpp"

namespace arena_shm::c {

// Batches are filled in place.
static_assert(sizeof(arena_shm_entry) == sizeof(Arrival) && offsetof(arena_shm_entry, seq) == offsetof(Arrival, seq) &&
              offsetof(arena_shm_entry, time) == offsetof(Arrival, time) &&
              offsetof(arena_shm_entry, late) == offsetof(Arrival, late) &&
              offsetof(arena_shm_entry, redelivered) == offsetof(Arrival, redelivered));

/// Where to put what comes with `capacity` values: what the caller has for it, or `unwanted`.
/// Those take `bytes`: a byte each at least.
inline std::span<Arrival> arrivals_of(arena_shm_entry* entries, std::size_t capacity, std::size_t bytes,
                                      std::vector<Arrival>& unwanted) {
  if (capacity > bytes)
    refuse("copy values", "room for " + std::to_string(capacity) + " records", std::to_string(bytes) + " bytes",
           "give the size of all of them");
  if (entries != nullptr) return {reinterpret_cast<Arrival*>(entries), capacity};
  if (unwanted.size() < capacity) unwanted.resize(capacity);
  return std::span(unwanted).first(capacity);
}

inline Duration duration(std::int64_t count) { return std::chrono::nanoseconds(count); }

inline void set(arena_shm_entry* entry, const arena_shm_entry& value) noexcept {
  if (entry != nullptr) *entry = value;
}

From from_of(const arena_shm_from& from, std::uint64_t seq);

/// A place of the caller's: for each lane a sequence number.
Position position_at(const std::uint64_t* next, std::size_t lanes);
/// Copies a place to where the caller has room for that many lanes. Errors: invalid_argument, if there are others.
void give(const Position& position, std::uint64_t* next, std::size_t lanes);

/// The arena that a handle is of. Errors: permission_denied, if that is a view.
inline RawArena& writable(arena_shm_arena* handle) {
  const arena_shm_arena& opened = deref(handle, "arena");
  if (opened.arena == nullptr) [[unlikely]]
    refuse_view(opened.view.name());
  return *opened.arena;
}

/// Gives as many as there is room for, and tells how many there are.
void give(const std::vector<ConsumerInfo>& found, arena_shm_consumer_info* infos, std::size_t capacity,
          std::size_t* count);

}  // namespace arena_shm::c
