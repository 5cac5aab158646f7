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
  std::uint64_t seq = 0;
  std::uint64_t time = 0;
  bool late = false;
  bool redelivered = false;
};

/// Reader<T> without a type. Thread safety: one thread at a time.
class RawReader {
 public:
  RawReader(std::shared_ptr<const core::Segment> segment, From from, const ReaderOptions& options);
  RawReader(std::shared_ptr<const core::Segment> segment, const Position& from, const ReaderOptions& options);

  /// Copies the next value into `value`, which has the record's size. Returns its seq, or nothing. Never waits.
  std::optional<std::uint64_t> next(std::span<std::byte> value);
  /// Copies as many values as there are, up to the number of `arrivals`. `values` has the size of as many records, one
  /// after the other without gaps. Returns: how many, as Reader::next(entries).
  std::size_t next_batch(std::span<std::byte> values, std::span<Arrival> arrivals);
  bool wait_for(Duration timeout) { return core_->wait_for(timeout); }
  void on_gap(std::function<void(const Gap&)> report) { core_->on_gap(std::move(report)); }

  void seek(From from) { core_->seek(from); }
  void seek(const Position& position) { core_->seek(position); }
  /// Of the value that next() has delivered: Entry::time.
  std::uint64_t time() const noexcept { return time_; }
  /// Entry::late of it.
  bool is_late() const noexcept { return core_->is_late(); }
  bool is_exact() const noexcept { return core_->is_exact(); }
  Position position() const { return core_->position(); }
  std::uint64_t cursor() const noexcept { return core_->cursor(); }
  std::uint64_t lag() const noexcept { return core_->lag(); }
  LaneCounts counts(std::uint32_t lane) const noexcept { return core_->counts(lane); }
  std::uint64_t read_count() const noexcept { return core_->read_count(); }
  std::uint64_t overwritten_count() const noexcept { return core_->overwritten_count(); }
  std::uint64_t hole_count() const noexcept { return core_->hole_count(); }
  std::uint64_t passed_over_count() const noexcept { return core_->passed_over_count(); }

 private:
  friend class WaitSet;

  core::ReaderCore::Owner core_;
  std::uint64_t time_ = 0;
};

/// Consumer<T> without a type. Thread safety: one thread at a time.
class RawConsumer {
 public:
  RawConsumer(std::shared_ptr<const core::Segment> segment, std::string_view name, const ConsumerOptions& options);

  /// Copies the next value into `value`, which has the record's size. Returns its seq, or nothing. Never waits.
  std::optional<std::uint64_t> next(std::span<std::byte> value);
  /// As RawReader::next_batch and Consumer::next(entries): of a group, 15 at most.
  std::size_t next_batch(std::span<std::byte> values, std::span<Arrival> arrivals);
  bool wait_for(Duration timeout) { return core_->wait_for(timeout); }
  void release() { core_->release(); }
  void on_gap(std::function<void(const Gap&)> report) { core_->on_gap(std::move(report)); }

  const std::string& name() const noexcept { return core_->name(); }
  std::uint64_t time() const noexcept { return time_; }
  bool is_late() const noexcept { return late_; }
  bool is_redelivered() const noexcept { return redelivered_; }
  Position position() const { return core_->position(); }
  std::uint64_t cursor() const noexcept { return core_->cursor(); }
  std::uint64_t lag() const noexcept { return core_->lag(); }
  std::uint64_t read_count() const noexcept { return core_->read_count(); }
  std::uint64_t overwritten_count() const noexcept { return core_->overwritten_count(); }
  std::uint64_t hole_count() const noexcept { return core_->hole_count(); }
  std::uint64_t awaited_count() const noexcept { return core_->awaited_count(); }
  std::uint64_t late_count() const noexcept { return core_->late_count(); }
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
  RawWriter(std::shared_ptr<const core::Segment> segment, std::string_view holder);

  /// Returns the value's seq. Errors: also Code::invalid_argument, if `value` has not the record's size.
  std::uint64_t alloc(std::span<const std::byte> value);
  /// Nothing, where it would wait for room for longer than `timeout`; zero and less is not at all.
  std::optional<std::uint64_t> try_alloc(std::span<const std::byte> value, Duration timeout = {});
  std::uint64_t alloc_for(Duration timeout, std::span<const std::byte> value);
  std::vector<ConsumerInfo> blocked_by() const { return core_->blocked_by(); }
  /// `values` is one record after the other, without gaps.
  SeqRange alloc_batch(std::span<const std::byte> values);
  /// The same, and gives the seq of each value. Requires: as many `seqs` as values.
  SeqRange alloc_batch(std::span<const std::byte> values, std::span<std::uint64_t> seqs);
  std::uint64_t time() const noexcept { return core_->time(); }
  std::uint32_t seat() const noexcept { return core_->hold().index(); }

 private:
  friend class WaitSet;

  core::WriterCore::Owner core_;
};

/// ArenaView<T> without a type, and what RawArena has in common with it.
class RawView {
 public:
  static RawView open(std::string_view name);

  const std::byte* ptr_at(std::uint64_t i) const noexcept { return segment_->slot_of(i).payload(); }
  /// Copies the value of `seq` into `value`, which has the record's size and counts only with ReadStatus::ok; and its
  /// time (Entry::time), if that is wanted.
  ReadStatus read(std::uint64_t seq, std::span<std::byte> value, std::uint64_t* time = nullptr) const;
  /// Copies the newest value, as ArenaView::latest. Returns its seq; nothing if there is none.
  std::optional<std::uint64_t> latest(std::span<std::byte> value, std::uint64_t* time = nullptr) const;
  RawReader reader(From from, const ReaderOptions& options = {}) const { return {segment_.share(), from, options}; }
  RawReader reader(const Position& from, const ReaderOptions& options = {}) const {
    return {segment_.share(), from, options};
  }

  Timescale timescale() const { return segment_->timescale(); }
  std::uint64_t slots() const noexcept { return segment_->info().slots; }
  std::uint64_t head() const noexcept { return segment_->head(); }
  std::uint64_t count() const noexcept { return segment_->count(); }
  std::uint32_t lanes() const noexcept { return segment_->lane_count(); }
  const std::string& name() const noexcept { return segment_->info().name; }
  const Info& info() const noexcept { return segment_->info(); }
  bool retired() const noexcept { return segment_->leases().retired(); }
  bool has_writers() const noexcept { return segment_->has_writers(); }
  std::vector<ConsumerInfo> consumers() const { return core::consumers(*segment_); }
  void prefault() const noexcept { segment_->prefault(); }

 protected:
  explicit RawView(std::shared_ptr<const core::Segment> segment) : segment_(std::move(segment)) {}

  core::RetainedShare<const core::Segment> segment_;
};

/// Arena<T> without a type.
class RawArena : public RawView {
 public:
  static RawArena create(std::string_view name, const RecordType& record, const Options& options);
  static RawArena open(std::string_view name);
  static RawArena open_or_create(std::string_view name, const RecordType& record, const Options& options);
  static bool remove(std::string_view name);

  /// Under the interprocess mutex, or in lanes the handle's: as Arena::alloc. Returns the value's seq; and gives its
  /// time (Entry::time), if that is wanted.
  std::uint64_t alloc(std::span<const std::byte> value, std::uint64_t* time = nullptr);
  /// The same, but nothing where it would wait for longer than `timeout`, zero and less being not at all: while others
  /// are inside of alloc, or for room.
  std::optional<std::uint64_t> try_alloc(std::span<const std::byte> value, Duration timeout = {});
  RawWriter writer(std::string_view holder = {}) const { return {segment_.share(), holder}; }
  RawConsumer consumer(std::string_view name, const ConsumerOptions& options = {}) const {
    return {segment_.share(), name, options};
  }
  void evict_consumer(std::string_view name) const { core::evict_consumer(*segment_, name); }
  void remove_consumer(std::string_view name) const { core::remove_consumer(*segment_, name); }

 private:
  explicit RawArena(std::shared_ptr<const core::Segment> segment);

  core::GuardedWriter::Owner guarded_;
};

}  // namespace arena_shm
