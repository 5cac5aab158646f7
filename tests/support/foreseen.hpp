// A writer in the state in which it takes the fast path for those who are alone (core/shared_writer.hpp,
// write_foreseen).
#pragma once

namespace arena_shm::test {

/// Writes with `write()` until the writer foresees its next seq: it has been alone for a while, and is in the second
/// slot of a lap. Requires: at least two slots, and nobody else who writes.
template <class Arena, class Write>
void write_until_foreseen(const Arena& arena, Write&& write) {
  constexpr int kLonger = 20;  // than a writer has to be alone
  for (int i = 0; i < kLonger || arena.head() % arena.slots() != 1; ++i) write();
}

}  // namespace arena_shm::test
