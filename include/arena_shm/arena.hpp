// START HERE. arena-shm: a ring of the last N values of a type, in a named shared-memory segment.
//
//   auto arena = Arena<Tick>::create("ticks", {.slots = 65536});
//   auto [seq, value] = arena.alloc(tick);             // any thread, any process
//   auto writer = arena.writer();                      // lock-free; one per thread
//   auto view = ArenaView<Tick>::open("ticks");        // read permission is enough
//   auto reader = view.reader(From::oldest);
//   while (auto entry = reader.next()) use(entry->seq, entry->value);
//
// How the parts stand on each other; each includes only what stands above it:
//
//   error, options, info, record       what is asked for, and what goes wrong
//   core/type_name                     what a type is called, whatever compiled it
//   core/layout, stamp                 the bytes of the segment; the arithmetic of its two words
//   core/clock, timescale              what the times of values are read from, and what they mean
//   core/words, slot, ring             moving a value; one slot's protocol; the mapped regions
//   core/process, forked, retained     fork, signal handlers, cancellation, exit: what handles do about them
//   core/lease, witness                who lives; who has died
//   core/mutex, doorbell               who waits; who sleeps
//   core/header, segment               making and opening a segment
//   core/tenancy, seat                 taking a seat in it
//   core/claims, settle                what the seats say; what became of a value that is not there
//   core/writer_steps, lane_writer     the protocols of those who write: into a shared ring, into a lane
//   core/lane_reader, read_value       following one lane; single values
//   core/time_order                    several lanes as one sequence, in order of time
//   core/gate, consumer_table          lossless: up to where writers may write
//   core/writer_core, reader_core      all ways to write and to read; all promises are kept here
//   core/consumer_seat, consumer_core  a reader that is waited for
//   core/wait_feeder, wait_set_core    waiting for several readers at once
//   writer, reader, consumer, arena    the same with a type
//   follower                           a name, whatever segment it leads to
//   raw                                the same with a type that is known at run time only
//   describe                           what a type is made of, for the segment
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arena_shm/consumer.hpp"
#include "arena_shm/consumer_info.hpp"
#include "arena_shm/core/consumers.hpp"
#include "arena_shm/core/guarded_writer.hpp"
#include "arena_shm/core/header.hpp"
#include "arena_shm/core/in_place.hpp"
#include "arena_shm/core/open_when_there.hpp"
#include "arena_shm/core/read_value.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/core/segment.hpp"
#include "arena_shm/duration.hpp"
#include "arena_shm/error.hpp"
#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"
#include "arena_shm/reader.hpp"
#include "arena_shm/record.hpp"
#include "arena_shm/timescale.hpp"
#include "arena_shm/writer.hpp"

/// All of the library's interface.
namespace arena_shm {

/// What reading handles have in common. Thread safety: all members may be called from any thread.
template <class T>
class ArenaBase {
 public:
  /// The slot `i mod slots` (in lanes: of lane `i mod lanes`, the slot where seq i goes), whatever is in it: no
  /// synchronisation at all. The value may be torn, old, or never written (zeros), and may change while it is looked
  /// at; read(seq) is the safe way.
  /// @param i  any number
  /// Returns: the slot's value, never null; valid as long as this handle.
  const T* ptr_at(std::uint64_t i) const noexcept { return reinterpret_cast<const T*>(segment_->slot_of(i).payload()); }

  /// The value with this sequence number, if it can be had: whole, or not at all. Never waits.
  /// @param seq  its sequence number
  /// Returns: the value and its time, or why there is none.
  /// Ordering: with ReadStatus::ok, sees what the writer did before its alloc.
  /// Cost: a copy between two looks at the slot's stamp; system calls only where the value is not there.
  ReadResult<T> read(std::uint64_t seq) const {
    ReadStatus status{};
    std::uint64_t time = 0;
    // In this order: the value first, then what came with it. With a constant there, gcc 12 would clear all of it
    // first.
    ReadResult<T> result{status,
                         std::optional<T>(std::in_place, core::Elided([&] {
                                            return core::filled<T>([&](void* value) {
                                              status = core::read_value(*segment_, seq, core::CopyTo<T>(value), time);
                                            });
                                          })),
                         time};
    result.status = status;
    if (status != ReadStatus::ok) {
      result.value.reset();
      result.time = 0;
    }
    return result;
  }

  /// Returns: the newest value that is published, whole; in lanes, that with the latest time, or, without times, with
  /// the highest sequence number. Empty: there is none, or each is overwritten before it is copied. Never waits.
  /// Ordering: as read(). Cost: as read(); in lanes, a look at each.
  std::optional<Entry<T>> latest() const {
    std::optional<std::uint64_t> seq;
    std::uint64_t time = 0;
    std::optional<Entry<T>> entry(std::in_place, core::Elided([&] {
                                    return Entry<T>{0, core::filled<T>([&](void* value) {
                                                      seq = core::read_newest(*segment_, core::CopyTo<T>(value), time);
                                                    }),
                                                    0, false};
                                  }));
    if (!seq) {
      entry.reset();
      return entry;
    }
    entry->seq = *seq;
    entry->time = time;
    return entry;
  }

  /// A follower, from the oldest value, the newest, or a sequence number on.
  /// @param from, options  where it begins, and how it follows
  /// Returns: the follower, which keeps the segment mapped.
  /// Errors: Code::invalid_argument, if `from` is beyond what can be, or Order::time has no times.
  Reader<T> reader(From from, const ReaderOptions& options = {}) const { return {segment_.share(), from, options}; }
  /// One from where another one was, in this segment.
  /// @param from, options  as another reader's position() told it; how it follows
  /// Returns: the follower. Errors: also Code::invalid_argument, if `from` has not one number for each lane.
  Reader<T> reader(const Position& from, const ReaderOptions& options = {}) const {
    return {segment_.share(), from, options};
  }

  /// Returns: what Entry::time means, in nanoseconds since 1970. Errors: Code::invalid_argument, if the arena has no
  /// times.
  Timescale timescale() const { return segment_->timescale(); }

  /// Returns: how many values the ring holds, in all lanes together.
  std::uint64_t slots() const noexcept { return segment_->info().slots; }
  /// Returns: the next sequence number to be handed out: how many there have been. In a laned arena: what all that have
  /// been handed out are below. Cost: a load for each lane.
  std::uint64_t head() const noexcept { return segment_->head(); }
  /// Returns: how many values have been handed out. Cost: as head().
  std::uint64_t count() const noexcept { return segment_->count(); }
  /// Returns: how many lanes a laned arena has; all others have one.
  std::uint32_t lanes() const noexcept { return segment_->lane_count(); }
  /// @param seq  a value's sequence number
  /// Returns: its lane, which is the seat of its writer. In arenas that are not laned, 0.
  std::uint32_t lane_of(std::uint64_t seq) const noexcept {
    return static_cast<std::uint32_t>(seq % segment_->lane_count());
  }
  /// Returns: the name that it was opened by.
  const std::string& name() const noexcept { return segment_->info().name; }
  /// Returns: what the segment says about itself.
  const Info& info() const noexcept { return segment_->info(); }
  /// Returns: has the name been removed, or given to another segment? This handle goes on working. Cost: a system call.
  bool retired() const noexcept { return segment_->leases().retired(); }
  /// Returns: does somebody hold a seat? One who has died, and is not proved dead yet, does. Cost: some system calls
  /// for each seat that is held.
  bool has_writers() const noexcept { return segment_->has_writers(); }
  /// Returns: those that writers wait for, and those that were evicted. Cost: some system calls for each.
  std::vector<ConsumerInfo> consumers() const { return core::consumers(*segment_); }
  /// Maps all slots into this process now. Otherwise each page is mapped when it is first touched, which takes the
  /// first lap of a writer, or of a reader, a microsecond a page. Cost: about 1 ms for 4 MiB.
  void prefault() const noexcept { segment_->prefault(); }

 protected:
  explicit ArenaBase(std::shared_ptr<const core::Segment> segment) : segment_(std::move(segment)) {
    check_record_type<T>();
  }

  static std::shared_ptr<const core::Segment> open_checked(std::string_view name, core::Access access) {
    auto segment = core::Segment::open(name, access);
    core::check_record(segment->info().name, RecordTraits<T>::describe(), segment->info().record);
    return segment;
  }

  core::RetainedShare<const core::Segment> segment_;
};

/// An arena, mapped for reading and writing. Movable; the segment stays until it is removed, whoever lives.
///
/// Thread safety: all members may be called from any thread. Does not survive fork: used in the child it is
/// Code::forked, and destroying it there does nothing; open it anew.
template <class T>
class Arena : public ArenaBase<T> {
 public:
  /// Makes a segment with every page of it reserved.
  /// @param name, options  1 to 200 printable ASCII characters without a slash; what is to be made
  /// Returns: the arena, open for reading and writing.
  /// Errors: Code::already_exists, invalid_name, invalid_argument (slots == 0, ...), no_space, file_size_limit,
  /// permission_denied.
  static Arena create(std::string_view name, const Options& options) {
    return Arena(core::Segment::create(name, RecordTraits<T>::describe(), options));
  }

  /// Opens one that exists.
  /// @param name  its name
  /// Returns: the arena, open for reading and writing.
  /// Errors: Code::not_found, permission_denied, not_an_arena, incompatible_type, incompatible_version, truncated,
  /// corrupt.
  static Arena open(std::string_view name) { return Arena(ArenaBase<T>::open_checked(name, core::Access::read_write)); }

  /// Opens it, or creates it if it is not there. If it is, its options have to be the ones given, all of them: the mode
  /// too, as the file has it now; but an exclusive arena has one seat, whatever was asked for.
  /// @param name, options  as for create()
  /// Returns: the arena, open for reading and writing.
  /// Errors: those of both, and Code::incompatible_options.
  static Arena open_or_create(std::string_view name, const Options& options) {
    return Arena(core::Segment::open_or_create(name, RecordTraits<T>::describe(), options));
  }

  /// Takes the name away. Handles go on working, and can ask retired().
  /// @param name  an arena's
  /// Returns: whether there was one. Errors: Code::invalid_name, permission_denied, system.
  static bool remove(std::string_view name) { return core::Segment::remove(name); }

  /// Puts a value into the ring, over the oldest one if it is full, under the interprocess mutex: the values of all
  /// callers of Arena::alloc are published in order. Takes a seat for this handle at the first call. In a laned or
  /// exclusive arena the mutex is the handle's: its threads take turns in its lane.
  /// @param value  what is copied into the ring
  /// Returns: its sequence number, and an independent copy of it.
  /// Errors: Code::table_full, obstructed, exhausted, corrupt, reentered (from a signal handler inside of it); in a
  /// lossless arena would_deadlock, as Writer::alloc.
  /// Progress: waits for a caller that is stopped inside of it, not for one that is dead; in a lossless arena for room,
  /// but not with the mutex.
  /// Cost: one locked instruction while the handle is the only caller, else three; system calls only if others wait, or
  /// a reader sleeps.
  [[gnu::always_inline]] Entry<T> alloc(const T& value) {
    const core::Written written = guarded_->alloc(core::CopyFrom<T>(std::addressof(value)));
    return {written.seq, value, written.time, false};
  }

  /// A reader that the writers wait for. Requires: a lossless arena.
  /// @param name, options  1 to 32 bytes; how it consumes
  /// Returns: the consumer, registered until it is destroyed.
  /// Errors: Code::invalid_argument, table_full, obstructed; already_exists, if a living consumer has the name.
  Consumer<T> consumer(std::string_view name, const ConsumerOptions& options = {}) const {
    return {this->segment_.share(), name, options};
  }
  /// The writers wait no longer for this consumer; it is told. Errors: Code::not_found.
  /// @param name  its name
  void evict_consumer(std::string_view name) const { core::evict_consumer(*this->segment_, name); }
  /// Forgets a durable consumer that is away. Errors: Code::not_found; already_exists, if a living one has the name.
  /// @param name  its name
  void remove_consumer(std::string_view name) const { core::remove_consumer(*this->segment_, name); }

  /// A lock-free writer with a seat of its own; one per thread.
  /// @param holder  what tools show beside the process id
  /// Returns: the writer, which has its seat until it is destroyed.
  /// Errors: Code::table_full, obstructed.
  Writer<T> writer(std::string_view holder = {}) const { return {this->segment_.share(), holder}; }

 private:
  explicit Arena(std::shared_ptr<const core::Segment> segment)
      : ArenaBase<T>(segment), guarded_(new core::GuardedWriter(std::move(segment))) {}

  core::GuardedWriter::Owner guarded_;
};

/// An arena, mapped for reading only. Read permission is enough.
/// Thread safety: all members may be called from any thread. Does not survive fork.
template <class T>
class ArenaView : public ArenaBase<T> {
 public:
  /// Opens one that exists, for reading.
  /// @param name  its name
  /// Returns: the view. Errors: as Arena::open.
  static ArenaView open(std::string_view name) {
    return ArenaView(ArenaBase<T>::open_checked(name, core::Access::read_only));
  }

  /// The same, which waits for an arena that is not there yet.
  /// @param name, timeout  its name; for how long to wait; zero and less is not at all
  /// Returns: the view. Errors: as open(); Code::not_found only if there was none until the timeout.
  /// Cost: looks at the name, at least each 20 ms.
  static ArenaView wait_open(std::string_view name, Duration timeout) {
    return core::open_when_there(timeout, [&] { return open(name); });
  }

 private:
  explicit ArenaView(std::shared_ptr<const core::Segment> segment) : ArenaBase<T>(std::move(segment)) {}
};

}  // namespace arena_shm
