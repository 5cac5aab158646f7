#include "arena_shm/core/writer_base.hpp"

#include <string>

#include "arena_shm/error.hpp"

namespace arena_shm::core {

std::uint64_t WriterBase::read_clock_behind_fence() const noexcept {
  fence_before_clock();
  return read_clock(ring_.clock);
}

void WriterBase::refuse_number(std::uint64_t number) const {
  throw Error(Code::exhausted, {.name = hold_->segment()->info().name,
                                .doing = "alloc in",
                                .expected = "a sequence number below " + std::to_string(kSeqLimit),
                                .found = std::to_string(ring_.seq_of(number)),
                                .remedy = "remove the arena and create it again"});
}

void WriterBase::refuse_reentry() {
  throw Error(Code::reentered, {.name = {},
                                .doing = "alloc",
                                .expected = "a writer that is not in use",
                                .found = "a writer that is inside of alloc, on this or another thread",
                                .remedy = "give each thread, and each signal handler, a writer of its own"});
}

}  // namespace arena_shm::core
