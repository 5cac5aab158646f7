#include "arena_shm/core/guarded_writer.hpp"

#include <algorithm>

#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint32_t kMostPatience = 1U << 16;

[[noreturn]] void refuse_reentry() {
  throw Error(Code::reentered, {.name = {},
                                .doing = "alloc",
                                .expected = "a thread that is not inside of Arena::alloc",
                                .found = "one that is: a signal handler has interrupted it there",
                                .remedy = "give signal handlers a Writer of their own"});
}

}  // namespace

GuardedWriter::GuardedWriter(std::shared_ptr<const Segment> segment) : segment_(std::move(segment)) {}

GuardedWriter::~GuardedWriter() {
  if (first_storage_ != nullptr && first_storage_->writer.hold().is_own())
    first_storage_->mutex.give_reservation_back();
}

GuardedWriter::Party::Party(std::shared_ptr<const Segment> segment, const ThreadMark* thread_mark)
    : thread(thread_mark),
      writer(std::move(segment), "alloc"),
      mutex(writer.ring(), writer.hold().index(), writer.hold().segment()->leases()) {}

GuardedWriter::Party& GuardedWriter::join() {
  const bool one_seat = segment_->ring().seat_count == 1;
  Party* first = first_.load(std::memory_order_acquire);  // G1
  if (first != nullptr && (one_seat || first->thread == &this_thread_mark)) return *first;
  Party* others = others_.load(std::memory_order_acquire);  // G1
  if (first != nullptr && others != nullptr) return *others;

  const std::lock_guard<std::mutex> lock(joining_);
  const auto make = [&](std::unique_ptr<Party>& storage, std::atomic<Party*>& party,
                        const ThreadMark* thread) -> Party& {
    if (storage == nullptr) {
      storage = std::make_unique<Party>(segment_, thread);
      party.store(storage.get(), std::memory_order_release);  // G2
    }
    return *storage;
  };
  Party& party = make(first_storage_, first_, one_seat ? nullptr : &this_thread_mark);
  if (one_seat || party.thread == &this_thread_mark) return party;
  return make(others_storage_, others_, nullptr);
}

GuardedWriter::Locked::Locked(Party& party) : party_(party) {
  // The second: interrupted inside of a reserved alloc, whose reservation has been taken back meanwhile.
  if (this_thread_mark.inside_guarded_alloc || (party.thread == &this_thread_mark && party.writer.is_inside()))
    refuse_reentry();
  this_thread_mark.inside_guarded_alloc = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  try {
    const bool alone = party.mutex.try_lock_free();
    if (!alone) party.mutex.lock();
    party.alone = alone ? party.alone + 1 : 0;
  } catch (...) {
    this_thread_mark.inside_guarded_alloc = false;
    throw;
  }
}

GuardedWriter::Locked::~Locked() {
  if (party_.thread != nullptr && party_.alone >= party_.patience) {
    // The next time it takes longer: a reservation that is soon taken back costs more than it saves.
    party_.alone = 0;
    party_.patience = std::min(party_.patience * 2, kMostPatience);
    party_.mutex.unlock_and_reserve();
  } else {
    party_.mutex.unlock();
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  this_thread_mark.inside_guarded_alloc = false;
}

}  // namespace arena_shm::core
