#include "arena_shm/raw.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include "arena_shm/core/open_when_there.hpp"
#include "core/copy_bytes.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm {

namespace core {

void refuse_size(std::size_t found, std::uint64_t expected, const char* which) {
  throw Error(Code::invalid_argument, {.name = {},
                                       .doing = "copy a value",
                                       .expected = "a span of " + core::counted(expected, "byte") + which,
                                       .found = core::counted(found, "byte"),
                                       .remedy = "the arena's info tells the size of its records"});
}

}  // namespace core

using core::check_size;
using core::CopyBytesFrom;
using core::CopyBytesTo;
using core::CopyValueFrom;
using core::CopyValueTo;
using core::with_size;

namespace {

/// `take(arrival, copy)` takes the next value, and says whether there was one.
template <class Take>
std::size_t take_batch(std::uint64_t record_bytes, std::span<std::byte> values, std::span<Arrival> arrivals,
                       Take&& take) {
  const auto size = static_cast<std::size_t>(record_bytes);
  if (values.size() / size != arrivals.size() || values.size() % size != 0) [[unlikely]]
    core::refuse_size(values.size(), size, " for each arrival");
  return with_size(size, [&](auto known_size) {
    std::size_t count = 0;
    while (count < arrivals.size() &&
           take(arrivals[count], CopyBytesTo(values.data() + count * known_size, known_size)))
      ++count;
    return count;
  });
}

/// Returns: the record's size. Errors: Code::invalid_argument, if the bytes are not whole records.
std::size_t whole_records(std::size_t bytes, std::uint64_t record_bytes) {
  check_size(bytes, bytes / record_bytes * record_bytes, ", or other whole records");
  return static_cast<std::size_t>(record_bytes);
}

}  // namespace

RawReader::RawReader(std::shared_ptr<const core::Segment> segment, From from, const ReaderOptions& options)
    : core_(new core::ReaderCore(std::move(segment), from, options)) {}

RawReader::RawReader(std::shared_ptr<const core::Segment> segment, const Position& from, const ReaderOptions& options)
    : core_(new core::ReaderCore(std::move(segment), from, options)) {}

std::optional<std::uint64_t> RawReader::next(std::span<std::byte> value) {
  check_size(value.size(), core_->payload_bytes());
  const auto taken = core_->next(CopyValueTo(value));
  if (taken.seq == core::ReaderCore::kNone) return std::nullopt;
  time_ = taken.time;
  return taken.seq;
}

std::size_t RawReader::next_batch(std::span<std::byte> values, std::span<Arrival> arrivals) {
  core::Effort effort = core::ReaderCore::effort_of_a_call();
  return take_batch(core_->payload_bytes(), values, arrivals, [&](Arrival& arrival, auto copy) {
    const auto taken = core_->next(copy, effort);
    if (taken.seq == core::ReaderCore::kNone) return false;
    arrival = {taken.seq, taken.time, core_->is_late(), false};
    return true;
  });
}

RawConsumer::RawConsumer(std::shared_ptr<const core::Segment> segment, std::string_view name,
                         const ConsumerOptions& options)
    : core_(std::move(segment), name, options) {}

std::optional<std::uint64_t> RawConsumer::next(std::span<std::byte> value) {
  check_size(value.size(), core_->payload_bytes());
  const auto taken = core_->next(CopyValueTo(value));
  if (taken.seq == core::ConsumerHandle::kNone) return std::nullopt;
  time_ = taken.time;
  late_ = taken.late;
  redelivered_ = taken.redelivered;
  return taken.seq;
}

std::size_t RawConsumer::next_batch(std::span<std::byte> values, std::span<Arrival> arrivals) {
  std::size_t count = 0;
  return take_batch(core_->payload_bytes(), values, arrivals, [&](Arrival& arrival, auto copy) {
    const auto taken = core_->next_of_several(count, arrivals.size(), copy);
    if (taken.seq == core::ConsumerHandle::kNone) return false;
    ++count;
    arrival = {taken.seq, taken.time, taken.late, taken.redelivered};
    return true;
  });
}

RawWriter::RawWriter(std::shared_ptr<const core::Segment> segment, std::string_view holder)
    : core_(new core::WriterCore(std::move(segment), holder)) {}

std::uint64_t RawWriter::alloc(std::span<const std::byte> value) {
  check_size(value.size(), core_->payload_bytes());
  return core_->alloc(CopyValueFrom(value)).seq;
}

std::optional<std::uint64_t> RawWriter::try_alloc(std::span<const std::byte> value, Duration timeout) {
  check_size(value.size(), core_->payload_bytes());
  const auto written = core_->alloc_before(core::deadline_in(timeout), CopyValueFrom(value));
  return written ? std::optional(written->seq) : std::nullopt;
}

std::uint64_t RawWriter::alloc_for(Duration timeout, std::span<const std::byte> value) {
  check_size(value.size(), core_->payload_bytes());
  const auto written = core_->alloc_before(core::deadline_in(timeout), CopyValueFrom(value));
  if (!written) core_->refuse_timeout(timeout);
  return written->seq;
}

SeqRange RawWriter::alloc_batch(std::span<const std::byte> values) {
  const std::size_t size = whole_records(values.size(), core_->payload_bytes());
  return with_size(size, [&](auto known_size) {
    return core_->alloc_batch(values.size() / size, CopyBytesFrom(values.data(), known_size));
  });
}

SeqRange RawWriter::alloc_repeatable(std::span<const std::byte> values) {
  const std::size_t size = whole_records(values.size(), core_->payload_bytes());
  return core_->alloc_repeatable(values.size() / size, CopyBytesFrom(values.data(), size));
}

SeqRange RawWriter::alloc_batch(std::span<const std::byte> values, std::span<std::uint64_t> seqs) {
  const auto size = static_cast<std::size_t>(core_->payload_bytes());
  if (values.size() != seqs.size() * size) check_size(values.size(), seqs.size() * size, ", a record for each seq");
  const core::Segment& segment = *core_->hold().segment();
  const SeqRange range = with_size(size, [&](auto known_size) {
    const CopyBytesFrom copy(values.data(), known_size);
    const auto copy_and_tell = [copy, to = seqs.data()](std::size_t i, std::uint64_t* payload,
                                                        std::uint64_t number) noexcept {
      copy(i, payload);
      to[i] = number;
    };
    return core_->alloc_batch(seqs.size(), copy_and_tell);
  });
  if (segment.lane_count() > 1) {
    const core::Ring lane = segment.lane_of_seat(core_->hold().index());
    for (std::uint64_t& seq : seqs) seq = lane.seq_of(seq);
  }
  return range;
}

RawView RawView::open(std::string_view name) { return RawView(core::Segment::open(name, core::Access::read_only)); }

RawView RawView::wait_open(std::string_view name, Duration timeout) {
  return core::open_when_there(timeout, [&] { return open(name); });
}

ReadStatus RawView::read(std::uint64_t seq, std::span<std::byte> value, std::uint64_t* time) const {
  check_size(value.size(), info().record.size_bytes);
  std::uint64_t taken = 0;
  const ReadStatus status = core::read_value(*segment_, seq, CopyValueTo(value), taken);
  if (time != nullptr) *time = status == ReadStatus::ok ? taken : 0;
  return status;
}

std::optional<std::uint64_t> RawView::latest(std::span<std::byte> value, std::uint64_t* time) const {
  check_size(value.size(), info().record.size_bytes);
  std::uint64_t taken = 0;
  const auto seq = core::read_newest(*segment_, CopyValueTo(value), taken);
  if (time != nullptr) *time = taken;
  return seq;
}

RawArena::RawArena(std::shared_ptr<const core::Segment> segment)
    : RawView(segment), guarded_(new core::GuardedWriter(std::move(segment))) {}

RawArena RawArena::create(std::string_view name, const RecordType& record, const Options& options) {
  return RawArena(core::Segment::create(name, record, options));
}

RawArena RawArena::open(std::string_view name) { return RawArena(core::Segment::open(name, core::Access::read_write)); }

RawArena RawArena::open_or_create(std::string_view name, const RecordType& record, const Options& options) {
  return RawArena(core::Segment::open_or_create(name, record, options));
}

bool RawArena::remove(std::string_view name) { return core::Segment::remove(name); }

std::uint64_t RawArena::alloc(std::span<const std::byte> value, std::uint64_t* time) {
  check_size(value.size(), info().record.size_bytes);
  const core::Written written = guarded_->alloc(CopyValueFrom(value));
  if (time != nullptr) *time = written.time;
  return written.seq;
}

std::optional<std::uint64_t> RawArena::try_alloc(std::span<const std::byte> value, Duration timeout) {
  check_size(value.size(), info().record.size_bytes);
  const auto written = guarded_->alloc_before(core::deadline_in(timeout), CopyValueFrom(value));
  return written ? std::optional(written->seq) : std::nullopt;
}

}  // namespace arena_shm
