// WaitSet: waits for several readers, consumers and writers at once, of any types, and gives them a descriptor for
// poll, epoll and event loops.
//
//   arena_shm::WaitSet set;
//   set.add(ticks);
//   set.add(orders);
//   while (set.wait_for(std::chrono::seconds(1))) {
//     while (auto entry = ticks.next()) use(entry->value);
//     while (auto entry = orders.next()) use(entry->value);
//   }
#pragma once

#include <cstddef>
#include <span>

#include "arena_shm/consumer.hpp"
#include "arena_shm/core/wait_set_core.hpp"
#include "arena_shm/duration.hpp"
#include "arena_shm/raw.hpp"
#include "arena_shm/reader.hpp"
#include "arena_shm/writer.hpp"

namespace arena_shm {

/// A set of readers and consumers, which are ready when they have a value, and of writers of lossless arenas, which are
/// ready when try_alloc would find room: Reader<T>, Consumer<T>, Writer<T>, RawReader, RawConsumer, RawWriter. One that
/// is destroyed leaves its set; one that is moved stays in it.
///
/// A writer that has nothing to write is ready most of the time: take it out of the set meanwhile, as with POLLOUT. One
/// of an arena that overwrites is always ready. Who waits by a set evicts by the arena's patience, as alloc does; it is
/// not refused with Code::would_deadlock, for its thread may go on with a consumer when the time is over.
///
/// Thread safety: one thread at a time, which is also that of those in it. Does not survive fork: Code::forked.
class WaitSet {
 public:
  /// An empty set. Errors: Code::system.
  WaitSet() : core_(new core::WaitSetCore) {}

  /// @param handle  a Reader, Consumer, Writer, or a raw one
  /// Errors: Code::invalid_argument, if it is in a set already.
  template <class Handle>
  void add(Handle& handle) {
    core_->add(core::waitable_of(*handle.core_.operator->()));
  }
  /// @param handle  what is taken out, if it is in this set
  template <class Handle>
  void remove(Handle& handle) noexcept {
    core_->remove(core::waitable_of(*handle.core_.operator->()));
  }

  /// Waits until one of them is ready, for at most `timeout`: first spinning for 50 us, then asleep.
  /// @param timeout  any duration; with zero and less, it looks once
  /// Returns: whether one was, a moment ago. Cost: a load for each, where there is something;
  /// before it sleeps, an atomic operation on each doorbell, and two looks at each, which take a writer without room a
  /// system call for each consumer in its way. One system call sleeps on up to 128 doorbells (Linux 5.16); with more,
  /// without that call, or where a doorbell may not be written, it looks again each millisecond; with a writer, each 10
  /// ms, at whether those in its way still live.
  bool wait_for(Duration timeout) { return core_->wait_for(timeout); }

  /// @param handle  one of those in the set
  /// Returns: was it found to be ready, when wait_for returned? After a sleep, only the one that ended it was looked
  /// at: others may be, too, and are found by the next call, or by asking them.
  template <class Handle>
  bool is_ready(const Handle& handle) const noexcept {
    return core_->is_ready(core::waitable_of(*handle.core_.operator->()));
  }
  /// Returns: the same for all: which of them, counted in the order in which they were added (those behind a removed
  /// one move up). Valid until the next call.
  std::span<const std::size_t> ready() const noexcept { return core_->ready(); }

  /// Returns: a descriptor, owned by the set, which poll(2) finds readable when there may be something. To use it: call
  /// wait_for with zero and take all values, until it returns false; then poll. It is readable at least ten times a
  /// second, too, and a hundred times with a writer that has no room, which is to be looked after. The first call
  /// starts a thread, which sleeps on the doorbells. Errors: Code::system.
  int fd() { return core_->fd(); }

 private:
  core::WaitSetCore::Owner core_;
};

}  // namespace arena_shm
