// Arenas whose record type is known at run time only: what the command-line tool and other languages build on. Values
// are spans of bytes, exactly `info().record.size_bytes` long. `arena.hpp` is the same with a type.
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
#include <vector>

#include "arena_shm/consumer_info.hpp"
#include "arena_shm/core/consumer_handle.hpp"
#include "arena_shm/core/consumers.hpp"
#include "arena_shm/core/guarded_writer.hpp"
#include "arena_shm/core/read_value.hpp"
#include "arena_shm/core/reader_core.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/writer_core.hpp"
#include "arena_shm/duration.hpp"
#include "arena_shm/error.hpp"
#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm {

/// What has come with a value: the members of its Entry, but the value.
struct Arrival {
  std::uint64_t seq = 0;     ///< Entry::seq
  std::uint64_t time = 0;    ///< Entry::time
  bool late = false;         ///< Entry::late
  bool redelivered = false;  ///< Entry::redelivered
};

/// Reader<T> without a type. Thread safety: one thread at a time.
class RawReader {
 public:
  /// @private  For RawView::reader().
  RawReader(std::shared_ptr<const core::Segment> segment, From from, const ReaderOptions& options);
  /// @private  For RawView::reader().
  RawReader(std::shared_ptr<const core::Segment> segment, const Position& from, const ReaderOptions& options);

  /// Copies the next value. Never waits.
  /// @param value  what it is copied into; has the record's size
  /// Returns: its seq, or nothing.
  std::optional<std::uint64_t> next(std::span<std::byte> value);
  /// Copies as many values as there are, up to the number of `arrivals`. `values` has the size of as many records, one
  /// after the other without gaps.
  /// @param values, arrivals  what the values are copied into, and what has come with them
  /// Returns: how many, as Reader::next of several.
  std::size_t next_batch(std::span<std::byte> values, std::span<Arrival> arrivals);
  /// As Reader::wait_for.
  bool wait_for(Duration timeout) { return core_->wait_for(timeout); }
  /// As Reader::on_gap.
  void on_gap(std::function<void(const Gap&)> report) { core_->on_gap(std::move(report)); }

  /// As Reader::seek(From).
  void seek(From from) { core_->seek(from); }
  /// As Reader::seek(const Position&).
  void seek(const Position& position) { core_->seek(position); }
  /// Returns: Entry::time of the value that next() has delivered.
  std::uint64_t time() const noexcept { return time_; }
  /// Returns: Entry::late of it.
  bool is_late() const noexcept { return core_->is_late(); }
  /// As Reader::is_exact.
  bool is_exact() const noexcept { return core_->is_exact(); }
  /// As Reader::position.
  Position position() const { return core_->position(); }
  /// As Reader::cursor.
  std::uint64_t cursor() const noexcept { return core_->cursor(); }
  /// As Reader::lag.
  std::uint64_t lag() const noexcept { return core_->lag(); }
  /// As Reader::counts.
  LaneCounts counts(std::uint32_t lane) const noexcept { return core_->counts(lane); }
  /// As Reader::read_count.
  std::uint64_t read_count() const noexcept { return core_->read_count(); }
  /// As Reader::overwritten_count.
  std::uint64_t overwritten_count() const noexcept { return core_->overwritten_count(); }
  /// As Reader::hole_count.
  std::uint64_t hole_count() const noexcept { return core_->hole_count(); }
  /// As Reader::passed_over_count.
  std::uint64_t passed_over_count() const noexcept { return core_->passed_over_count(); }

 private:
  friend class WaitSet;

  core::ReaderCore::Owner core_;
  std::uint64_t time_ = 0;
};

/// Consumer<T> without a type. Thread safety: one thread at a time.
class RawConsumer {
 public:
  /// @private  For RawArena::consumer().
  RawConsumer(std::shared_ptr<const core::Segment> segment, std::string_view name, const ConsumerOptions& options);

  /// Copies the next value. Never waits.
  /// @param value  what it is copied into; has the record's size
  /// Returns: its seq, or nothing.
  std::optional<std::uint64_t> next(std::span<std::byte> value);
  /// As RawReader::next_batch. Of a group, 15 at most.
  std::size_t next_batch(std::span<std::byte> values, std::span<Arrival> arrivals);
  /// As Consumer::wait_for.
  bool wait_for(Duration timeout) { return core_->wait_for(timeout); }
  /// As Consumer::release.
  void release() { core_->release(); }
  /// As Consumer::release(const Position&).
  void release(const Position& end) { core_->release(end); }
  /// As Consumer::on_gap.
  void on_gap(std::function<void(const Gap&)> report) { core_->on_gap(std::move(report)); }

  /// As Consumer::name.
  const std::string& name() const noexcept { return core_->name(); }
  /// Returns: Entry::time of the value that next() has delivered.
  std::uint64_t time() const noexcept { return time_; }
  /// Returns: Entry::late of it.
  bool is_late() const noexcept { return late_; }
  /// Returns: Entry::redelivered of it.
  bool is_redelivered() const noexcept { return redelivered_; }
  /// As Consumer::position.
  Position position() const { return core_->position(); }
  /// As Consumer::cursor.
  std::uint64_t cursor() const noexcept { return core_->cursor(); }
  /// As Consumer::lag.
  std::uint64_t lag() const noexcept { return core_->lag(); }
  /// As Consumer::read_count.
  std::uint64_t read_count() const noexcept { return core_->read_count(); }
  /// As Consumer::overwritten_count.
  std::uint64_t overwritten_count() const noexcept { return core_->overwritten_count(); }
  /// As Consumer::hole_count.
  std::uint64_t hole_count() const noexcept { return core_->hole_count(); }
  /// As Consumer::awaited_count.
  std::uint64_t awaited_count() const noexcept { return core_->awaited_count(); }
  /// As Consumer::late_count.
  std::uint64_t late_count() const noexcept { return core_->late_count(); }
  /// As Consumer::redelivered_count.
  std::uint64_t redelivered_count() const noexcept { return core_->redelivered_count(); }

 private:
  friend class WaitSet;

  core::ConsumerHandle core_;
  std::uint64_t time_ = 0;
  bool late_ = false;
  bool redelivered_ = false;
};

/// Writer<T> without a type. Thread safety: one thread at a time.
class RawWriter {
 public:
  /// @private  For RawArena::writer().
  RawWriter(std::shared_ptr<const core::Segment> segment, std::string_view holder);

  /// As Writer::alloc.
  /// @param value  of the record's size
  /// Returns: the value's seq. Errors: also Code::invalid_argument, if `value` has not that size.
  std::uint64_t alloc(std::span<const std::byte> value);
  /// As Writer::try_alloc, but it waits for so long.
  /// @param value  of the record's size
  /// @param timeout  zero and less is not at all
  /// Returns: the value's seq; nothing, if there was no room.
  std::optional<std::uint64_t> try_alloc(std::span<const std::byte> value, Duration timeout = {});
  /// As Writer::alloc_for.
  std::uint64_t alloc_for(Duration timeout, std::span<const std::byte> value);
  /// As Writer::advance_to.
  /// @param seq  the next value's sequence number
  /// Returns: how many numbers were left out.
  std::uint64_t advance_to(std::uint64_t seq) { return core_->advance_to(seq); }
  /// As Writer::alloc_repeatable.
  SeqRange alloc_repeatable(std::span<const std::byte> values);
  /// As Writer::blocked_by.
  std::vector<ConsumerInfo> blocked_by() const { return core_->blocked_by(); }
  /// As Writer::alloc of several.
  /// @param values  one record after the other, without gaps
  /// Returns: where they went.
  SeqRange alloc_batch(std::span<const std::byte> values);
  /// The same, which says where each went.
  /// @param values  one record after the other, without gaps
  /// @param seqs  get the seq of each: as many as there are values
  /// Returns: where they went.
  SeqRange alloc_batch(std::span<const std::byte> values, std::span<std::uint64_t> seqs);
  /// As Writer::time.
  std::uint64_t time() const noexcept { return core_->time(); }
  /// As Writer::seat.
  std::uint32_t seat() const noexcept { return core_->hold().index(); }

 private:
  friend class WaitSet;

  core::WriterCore::Owner core_;
};

/// ArenaView<T> without a type, and what RawArena has in common with it.
class RawView {
 public:
  /// As ArenaView::open.
  static RawView open(std::string_view name);
  /// As ArenaView::wait_open.
  static RawView wait_open(std::string_view name, Duration timeout);

  /// As ArenaBase::ptr_at.
  const std::byte* ptr_at(std::uint64_t i) const noexcept { return segment_->slot_of(i).payload(); }
  /// As ArenaBase::read.
  /// @param seq  a sequence number
  /// @param value  what its value is copied into; has the record's size, and counts only with ReadStatus::ok
  /// @param time  gets its Entry::time, if that is wanted
  /// Returns: what was found.
  ReadStatus read(std::uint64_t seq, std::span<std::byte> value, std::uint64_t* time = nullptr) const;
  /// As ArenaBase::latest.
  /// @param value  what it is copied into; has the record's size
  /// @param time  gets its Entry::time, if that is wanted
  /// Returns: its seq; nothing if there is none.
  std::optional<std::uint64_t> latest(std::span<std::byte> value, std::uint64_t* time = nullptr) const;
  /// As ArenaBase::reader(From, const ReaderOptions&) const.
  RawReader reader(From from, const ReaderOptions& options = {}) const { return {segment_.share(), from, options}; }
  /// As ArenaBase::reader(const Position&, const ReaderOptions&) const.
  RawReader reader(const Position& from, const ReaderOptions& options = {}) const {
    return {segment_.share(), from, options};
  }

  /// As ArenaBase::timescale.
  Timescale timescale() const { return segment_->timescale(); }
  /// As ArenaBase::slots.
  std::uint64_t slots() const noexcept { return segment_->info().slots; }
  /// As ArenaBase::head.
  std::uint64_t head() const noexcept { return segment_->head(); }
  /// As ArenaBase::count.
  std::uint64_t count() const noexcept { return segment_->count(); }
  /// As ArenaBase::lanes.
  std::uint32_t lanes() const noexcept { return segment_->lane_count(); }
  /// As ArenaBase::name.
  const std::string& name() const noexcept { return segment_->info().name; }
  /// As ArenaBase::info.
  const Info& info() const noexcept { return segment_->info(); }
  /// As ArenaBase::retired.
  bool retired() const noexcept { return segment_->leases().retired(); }
  /// As ArenaBase::has_writers.
  bool has_writers() const noexcept { return segment_->has_writers(); }
  /// As ArenaBase::consumers.
  std::vector<ConsumerInfo> consumers() const { return core::consumers(*segment_); }
  /// As ArenaBase::prefault.
  void prefault() const noexcept { segment_->prefault(); }
  /// @private  The segment itself, for what is built upon the core.
  const std::shared_ptr<const core::Segment>& share() const noexcept { return segment_.share(); }

 protected:
  explicit RawView(std::shared_ptr<const core::Segment> segment) : segment_(std::move(segment)) {}

  core::RetainedShare<const core::Segment> segment_;
};

/// Arena<T> without a type.
class RawArena : public RawView {
 public:
  /// As Arena::create.
  /// @param name, record, options  its name; what its values are; what is to be made
  /// Returns: the arena.
  static RawArena create(std::string_view name, const RecordType& record, const Options& options);
  /// As Arena::open.
  static RawArena open(std::string_view name);
  /// As Arena::open_or_create.
  /// @param name, record, options  as for create()
  /// Returns: the arena.
  static RawArena open_or_create(std::string_view name, const RecordType& record, const Options& options);
  /// As Arena::remove.
  static bool remove(std::string_view name);
  /// Under the interprocess mutex, or in lanes the handle's: as Arena::alloc.
  /// @param value  of the record's size
  /// @param time  gets its Entry::time, if that is wanted
  /// Returns: the value's seq.
  std::uint64_t alloc(std::span<const std::byte> value, std::uint64_t* time = nullptr);
  /// The same, but nothing where it would wait for longer: while others are inside of alloc, or for room.
  /// @param value  of the record's size
  /// @param timeout  zero and less is not at all
  /// Returns: the value's seq, or nothing.
  std::optional<std::uint64_t> try_alloc(std::span<const std::byte> value, Duration timeout = {});
  /// As Arena::writer.
  RawWriter writer(std::string_view holder = {}) const { return {segment_.share(), holder}; }
  /// As Arena::consumer.
  RawConsumer consumer(std::string_view name, const ConsumerOptions& options = {}) const {
    return {segment_.share(), name, options};
  }
  /// As Arena::evict_consumer.
  void evict_consumer(std::string_view name) const { core::evict_consumer(*segment_, name); }
  /// As Arena::remove_consumer.
  void remove_consumer(std::string_view name) const { core::remove_consumer(*segment_, name); }

 private:
  explicit RawArena(std::shared_ptr<const core::Segment> segment);

  core::GuardedWriter::Owner guarded_;
};

}  // namespace arena_shm
