// The gate of a lossless arena: G1 to G4 of the manual page.
#pragma once

#include <atomic>

#include "layout/foreign_segment.hpp"

namespace foreign {

inline Word standing(Word state) { return state & 3; }
inline Word kind(Word state) { return state >> 2 & 3; }
inline Word epoch(Word state) { return state >> 24; }
constexpr Word kAlone = 0;
constexpr Word kGroup = 1;
constexpr Word kMember = 2;
constexpr Word kFree = 0;
constexpr Word kJoined = 1;
constexpr Word kKept = 2;

inline bool gates(Word state) {
  return kind(state) != kMember && (standing(state) == kJoined || standing(state) == kKept);
}

/// Is line i a member of the group in that line, which has that state?
inline bool is_member(const Segment& segment, Word i, Word group, Word state) {
  const Word own = load(segment.line(i));
  return kind(own) == kMember && standing(own) != kFree && load(segment.line(i) + 8) == (epoch(state) << 8 | group);
}

struct Gate {
  Word end;
  Word in_the_way = ~Word{0};  // a line that gates
};

inline Gate find_gate(const Segment& segment, Word lane) {
  const Word head = segment.head(lane);                 // G1
  std::atomic_thread_fence(std::memory_order_seq_cst);  // G2
  for (;;) {
    Word lowest = head;
    Word in_the_way = ~Word{0};
    Word moves_before = 0;
    Word moves_after = 0;
    const auto keep = [&](Word number, Word line) {
      if (number >= lowest) return;
      lowest = number;
      in_the_way = line;
    };
    for (Word i = 0; i < segment.consumer_count(); ++i) {  // G3
      const Word state = load(segment.line(i));
      if (!gates(state)) continue;
      if (kind(state) == kGroup) moves_before += load(segment.line(i) + 8);
      keep(load(segment.released(i, lane)), i);
    }
    for (Word group = 0; group < segment.consumer_count(); ++group) {
      const Word state = load(segment.line(group));
      if (!gates(state) || kind(state) != kGroup) continue;
      for (Word i = 0; i < segment.consumer_count(); ++i) {
        if (!is_member(segment, i, group, state)) continue;
        for (const std::size_t at : {16U, 24U}) {
          const Word word = load(segment.line(i) + at);
          if ((word & 15) == 0 || word >> 4 == 0) continue;
          const Word seq = (word >> 4) - 1;
          if (seq % segment.lanes() == lane) keep(seq / segment.lanes(), group);
        }
      }
    }
    for (Word i = 0; i < segment.consumer_count(); ++i) {
      const Word state = load(segment.line(i));
      if (gates(state) && kind(state) == kGroup) moves_after += load(segment.line(i) + 8);
    }
    if (moves_before == moves_after) return {lowest + segment.slot_count(), in_the_way};  // G4
  }
}

/// Frees the one in the way, if that is joined, and dead.
inline void free_if_dead(const Segment& segment, Word line) {
  if (line >= segment.consumer_count()) return;
  Word state = load(segment.line(line));
  if (!gates(state) || standing(state) != kJoined) return;
  if (kind(state) == kAlone && !segment.is_over(segment.seat_count() + line)) return;
  for (Word i = 0; kind(state) == kGroup && i < segment.consumer_count(); ++i) {
    if (is_member(segment, i, line, state) && !segment.is_over(segment.seat_count() + i)) return;
  }
  if (atomic(segment.line(line)).compare_exchange_strong(state, state & ~Word{3}, std::memory_order_acq_rel))
    Segment::ring(segment.room());
}

}  // namespace foreign
