#include "arena_shm/core/guarded_writer.hpp"

#include "arena_shm/error.hpp"

namespace arena_shm::core {

GuardedWriter::Own::Own(std::shared_ptr<const Segment> segment)
    : writer(std::move(segment), "alloc"),
      mutex(writer.ring().control->mutex, writer.hold().index(), writer.ring().seat_count,
            writer.hold().segment()->leases()) {}

GuardedWriter::Own& GuardedWriter::take_seat() {
  const std::lock_guard<std::mutex> lock(taking_);
  if (storage_ == nullptr) {
    storage_ = std::make_unique<Own>(segment_);
    own_.store(storage_.get(), std::memory_order_release);  // G2
  }
  return *storage_;
}

void GuardedWriter::refuse_reentry() {
  throw Error(Code::reentered, {.name = {},
                                .doing = "alloc",
                                .expected = "a thread that is not inside of Arena::alloc",
                                .found = "one that is: a signal handler has interrupted it there",
                                .remedy = "give signal handlers a Writer of their own"});
}

}  // namespace arena_shm::core
