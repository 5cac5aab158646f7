// Consumer<T>: a reader of a lossless arena that the writers wait for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "arena_shm/core/consumer_handle.hpp"
#include "arena_shm/core/in_place.hpp"
#include "arena_shm/duration.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm {

/// Has a name, which no other living consumer has, and a place among the arena's consumers, from `Arena::consumer()`
/// until it is destroyed: so long, writers overwrite nothing that it has not done with. It gets every value from where
/// it began, in the order of a Reader, or learns that it is a hole, for ever. One that dies holds up nobody, unless it
/// is durable. Keeps the segment mapped.
///
///     cursor() - first = read_count() + overwritten_count() + hole_count() + awaited_count()
///
/// What is overwritten: of what there was before it joined (From::oldest), and after an eviction; else nothing.
///
/// With ConsumerOptions::share, a member of a group: all with that name share the values among them, each one going to
/// one member, in no order between them. What a member has got and not done with when it dies, or is evicted, goes to
/// another one, marked Entry::redelivered; so does what it has in hand when it is destroyed, unless it was released.
/// The writers wait for the group as a whole, and for each value that a member holds.
///
/// Thread safety: one thread at a time. Does not survive fork.
template <class T>
class Consumer {
 public:
  /// @private  For Arena::consumer().
  Consumer(std::shared_ptr<const core::Segment> segment, std::string_view name, const ConsumerOptions& options)
      : core_(std::move(segment), name, options) {}

  /// Takes the next value; what it got before is done with, unless Release::explicitly was asked for. Never waits.
  /// Returns: nothing if there is none to be had now. Entry::late: it comes after later ones, for its writer was
  /// stopped. Ordering: sees what the writer did before its alloc. Errors: Code::evicted, once for each time that it
  /// was evicted. Cost: as Reader::next, and a load; once in an eighth of a ring, a store that a writer in need of room
  /// looks at.
  std::optional<Entry<T>> next() {
    core::ConsumerHandle::Taken taken{};
    std::optional<Entry<T>> entry(
        std::in_place, core::Elided([&] {
          // The value first, then what has come with it.
          return Entry<T>{0, core::filled<T>([&](void* value) { taken = core_->next(core::CopyTo<T>(value)); }),
                          taken.time, taken.late, false};
        }));
    if (taken.seq == core::ConsumerHandle::kNone) {
      entry.reset();
      return entry;
    }
    entry->seq = taken.seq;
    if (taken.redelivered) [[unlikely]]
      entry->redelivered = true;
    return entry;
  }

  /// Takes as many values as there are, up to the size of `entries`, and, in a group, 15 at most, with one step; those
  /// of the call before are done with.
  /// @param entries  what they are copied into
  /// Returns: how many.
  std::size_t next(std::span<Entry<T>> entries) {
    std::size_t count = 0;
    for (; count < entries.size(); ++count) {
      Entry<T>& entry = entries[count];
      const auto taken = core_->next_of_several(count, entries.size(), core::CopyTo<T>(std::addressof(entry.value)));
      if (taken.seq == core::ConsumerHandle::kNone) break;
      entry.seq = taken.seq;
      entry.time = taken.time;
      entry.late = taken.late;
      entry.redelivered = taken.redelivered;
    }
    return count;
  }

  /// Waits until there is a value, for at most `timeout`; as Reader::wait_for. What it got before is done with. Of a
  /// group, another member may take it first.
  /// @param timeout  any duration
  /// Returns: whether there was one, a moment ago.
  bool wait_for(Duration timeout) { return core_->wait_for(timeout); }

  /// All that it has got is done with: writers may overwrite it, and who comes back to a durable name gets it no more.
  void release() { core_->release(); }

  /// What it has got before a place is done with; the rest stays as it is. For what is done with in order, and later
  /// than it was got, as when it is acknowledged from elsewhere: with Release::explicitly. Nothing, if that was
  /// released before. A value that came late (Entry::late) is before places that were passed earlier. Cost: for each
  /// lane a store, if it goes further.
  /// @param end  as position() told it, or the sequence numbers of each lane from which on it is not done
  /// Errors: Code::invalid_argument, if it is no position in this arena; of a group.
  void release(const Position& end) { core_->release(end); }

  /// As Reader::on_gap. Only of what was lost for ever.
  void on_gap(std::function<void(const Gap&)> report) { core_->on_gap(std::move(report)); }

  /// Returns: its name, or its group's.
  const std::string& name() const noexcept { return core_->name(); }
  /// As Reader::position. Of a group: where that stands, as cursor() and lag(); the counters are the member's own.
  Position position() const { return core_->position(); }
  /// As Reader::cursor.
  std::uint64_t cursor() const noexcept { return core_->cursor(); }
  /// As Reader::lag.
  std::uint64_t lag() const noexcept { return core_->lag(); }
  /// As Reader::read_count.
  std::uint64_t read_count() const noexcept { return core_->read_count(); }
  /// As Reader::overwritten_count.
  std::uint64_t overwritten_count() const noexcept { return core_->overwritten_count(); }
  /// As Reader::hole_count.
  std::uint64_t hole_count() const noexcept { return core_->hole_count(); }
  /// Returns: values that it has gone on without, and that are still to come.
  std::uint64_t awaited_count() const noexcept { return core_->awaited_count(); }
  /// Returns: how many of those that it has read came late.
  std::uint64_t late_count() const noexcept { return core_->late_count(); }
  /// Returns: how many of those that a member has read another one had before, or may have had.
  std::uint64_t redelivered_count() const noexcept { return core_->redelivered_count(); }

 private:
  friend class WaitSet;

  core::ConsumerHandle core_;
};

}  // namespace arena_shm
