// Reader<T>: follows an arena, and accounts for every value that it does not deliver.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "arena_shm/core/in_place.hpp"
#include "arena_shm/core/reader_core.hpp"
#include "arena_shm/duration.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm {

/// A private cursor. Registers nowhere, and no writer does anything for it, except to wake it. Keeps the segment
/// mapped.
///
/// Every sequence number from where it began up to cursor() was either delivered or counted, by cause:
///
///     cursor() - first = read_count() + overwritten_count() + hole_count() + passed_over_count()
///
/// In a laned arena that holds for each lane, counted in its own values (counts()), and so in sum. Values of one lane
/// come in their order; lanes come by turns, in runs.
///
/// Thread safety: one thread at a time. Does not survive fork.
template <class T>
class Reader {
 public:
  /// @private  For ArenaBase::reader().
  Reader(std::shared_ptr<const core::Segment> segment, From from, const ReaderOptions& options)
      : core_(new core::ReaderCore(std::move(segment), from, options)) {}
  /// @private  For ArenaBase::reader().
  Reader(std::shared_ptr<const core::Segment> segment, const Position& from, const ReaderOptions& options)
      : core_(new core::ReaderCore(std::move(segment), from, options)) {}

  /// Takes the next value, skipping and counting what is lost. Never waits.
  /// Returns: nothing if there is none to be had now: it has caught up, or a living writer has not published yet; or if
  /// it has counted lost values for some milliseconds, and there are more of them: then it goes on at the next call.
  /// Ordering: sees what the writer did before its alloc.
  /// Cost: a copy between two looks at the slot's stamp; no system call, no allocation. Lost values cost some
  /// nanoseconds each, and a scan of the seats for each run of them: a load per seat, and three system calls for each
  /// seat whose writer may have them. Bounded: at most 2 million looks (core/effort.hpp). One that finds nothing looks
  /// at the writers' counter, too: who calls it in a loop pauses in between (as _mm_pause does), or takes wait_for(),
  /// which looks at the slot only.
  std::optional<Entry<T>> next() {
    core::ReaderCore::Taken taken{};
    std::optional<Entry<T>> entry(
        std::in_place, core::Elided([&] {
          // The value first, then what has come with it.
          return Entry<T>{0, core::filled<T>([&](void* value) { taken = core_->next(core::CopyTo<T>(value)); }),
                          taken.time, core_->is_late()};
        }));
    if (taken.seq != core::ReaderCore::kNone)
      entry->seq = taken.seq;
    else
      entry.reset();
    return entry;
  }

  /// Takes as many values as there are, up to the size of `entries`.
  /// @param entries  what they are copied into
  /// Returns: how many. If that is less than there was
  /// room for, there are no more to be had now, as next() has it: to wait_for() now, before it asks again, is what
  /// Manner::throughput is about.
  std::size_t next(std::span<Entry<T>> entries) {
    std::size_t count = 0;
    core::Effort effort = core::ReaderCore::effort_of_a_call();
    for (; count < entries.size(); ++count) {
      Entry<T>& entry = entries[count];
      const auto taken = core_->next(core::CopyTo<T>(std::addressof(entry.value)), effort);
      if (taken.seq == core::ReaderCore::kNone) break;
      entry.seq = taken.seq;
      entry.time = taken.time;
      entry.late = core_->is_late();
    }
    return count;
  }

  /// Waits until there is a value, for at most `timeout`: first spinning, then asleep. With Manner::throughput, until
  /// there are many, if they come within 32 us.
  /// @param timeout  any duration: std::chrono::hours::max() is for ever; with zero and less, it looks once
  /// Returns: whether there was one, a moment ago.
  /// Cost: as next(), but in slices of less than a millisecond, between which it looks at the clock; in a laned arena,
  /// besides, some microseconds for each lane whose writer has begun a value and not finished it.
  bool wait_for(Duration timeout) { return core_->wait_for(timeout); }

  /// @param report  called for each run of values that was lost, before the value behind it is delivered; may not use
  ///     the reader
  void on_gap(std::function<void(const Gap&)> report) { core_->on_gap(std::move(report)); }

  /// Goes elsewhere, back or ahead. The counters go on from what they are; what lies between is neither read nor lost.
  /// @param from  where to go
  /// Errors: Code::invalid_argument, as for a reader that begins there.
  void seek(From from) { core_->seek(from); }
  /// The same. @param position  where another reader was
  void seek(const Position& position) { core_->seek(position); }

  /// Returns: of Order::time: is it certain that nothing comes that is older than what has come before, but what is
  /// marked? False if the system refuses membarrier, the kernel does not keep time with the arena's clock any more, or
  /// that has been seen to go back. Then the order is that of the times all the same, but a value that takes a
  /// millisecond to become visible may come late.
  bool is_exact() const noexcept { return core_->is_exact(); }

  /// Returns: where it is, for From::at: also in another process, and later. In an arena without lanes, cursor().
  Position position() const { return core_->position(); }
  /// Returns: the next sequence number it wants; in a laned arena, the lowest of those that it wants next of the lanes.
  std::uint64_t cursor() const noexcept { return core_->cursor(); }
  /// Returns: how many values have been handed out, and that it has neither delivered nor counted as lost.
  std::uint64_t lag() const noexcept { return core_->lag(); }
  /// @param lane  less than the arena's lanes()
  /// Returns: what became of that lane's values.
  LaneCounts counts(std::uint32_t lane) const noexcept { return core_->counts(lane); }
  /// Returns: how many values it has delivered, of all lanes together.
  std::uint64_t read_count() const noexcept { return core_->read_count(); }
  /// Returns: how many were lost by Loss::overwritten.
  std::uint64_t overwritten_count() const noexcept { return core_->overwritten_count(); }
  /// Returns: how many by Loss::hole.
  std::uint64_t hole_count() const noexcept { return core_->hole_count(); }
  /// Returns: how many by Loss::passed_over.
  std::uint64_t passed_over_count() const noexcept { return core_->passed_over_count(); }

 private:
  friend class WaitSet;

  core::ReaderCore::Owner core_;
};

}  // namespace arena_shm
