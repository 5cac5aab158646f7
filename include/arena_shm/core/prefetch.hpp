// Asking for cache lines before they are written, or read.
//
// The slot that a writer comes to was last read by followers, and its lines are in their caches. To get them back takes
// a message to another core and an answer, and the next locked instruction waits until every store before it has got
// its line. So the lines of a slot that comes later are asked for now, for writing: they arrive meanwhile.
//
// A hint: it changes no byte, orders nothing, and faults nowhere, also beyond the segment's end.
#pragma once

#include <cstddef>

#include "arena_shm/core/layout.hpp"

namespace arena_shm::core {

// A line takes up to 300 ns from another socket; in which a writer alone stores 2 KiB.
inline constexpr std::size_t kPrefetchAhead = 2048;

[[gnu::always_inline]] inline void prefetch_for_writing(const std::byte* line) noexcept {
#if defined(__x86_64__)
  // The builtin means a prefetch for reading here, unless the compiler is told that the processor has this one. All of
  // AMD's have, Intel's since Broadwell; older ones do nothing (Intel SDM volume 2, PREFETCHW).
  asm volatile("prefetchw %0" : : "m"(*line));
#else
  __builtin_prefetch(line, 1);
#endif
}

/// For a reader that comes to this slot after the next one of another ring: a processor foresees one row of slots, but
/// not several by turns.
[[gnu::always_inline]] inline void prefetch_for_reading(const std::byte* slot) noexcept { __builtin_prefetch(slot, 0); }

/// For a writer that has just got this slot, which others have used: its first and last line are in their caches, and
/// are asked for once, instead of twice, for the look at the stamp and for writing.
[[gnu::always_inline]] inline void prefetch_slot(const std::byte* slot, std::size_t stride_bytes) noexcept {
  prefetch_for_writing(slot);
  prefetch_for_writing(slot + stride_bytes - 1);
}

/// For a writer that is alone, goes from slot to slot and has come to this one. Two lines: in a larger slot, the
/// processor asks for the others itself, all at once.
[[gnu::always_inline]] inline void prefetch_ahead(const std::byte* slot) noexcept {
  prefetch_for_writing(slot + kPrefetchAhead);
  prefetch_for_writing(slot + kPrefetchAhead + kCacheLine);
}

/// For a writer that comes to the ring's beginning, of which prefetch_ahead does not know.
inline void prefetch_first(const std::byte* slots) noexcept {
  for (std::size_t at = 0; at < kPrefetchAhead; at += kCacheLine) prefetch_for_writing(slots + at);
}

}  // namespace arena_shm::core
