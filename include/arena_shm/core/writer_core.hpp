// Writing, type-erased, whatever the ring is shared with: by the protocol of shared arenas, or that of lanes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "arena_shm/consumer_info.hpp"
#include "arena_shm/core/awaited_room.hpp"
#include "arena_shm/core/lane_writer.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/core/shared_writer.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time.
class WriterCore {
 public:
  /// Destroys a writer, unless a thread is, or may be, inside of it (as when exit() destroys what another thread uses):
  /// then its seat, its lease and its mappings stay with that thread until the process ends.
  static void retire(WriterCore* writer) noexcept {
    if (writer->is_inside() || (is_exiting() && !is_only_thread())) return;
    delete writer;
  }
  using Owner = Retained<WriterCore>;

  /// Takes a seat. Errors: as SeatHold.
  WriterCore(std::shared_ptr<const Segment> segment, std::string_view holder)
      : WriterCore(std::make_shared<const SeatHold>(std::move(segment), holder), 0) {}

  /// Shares a seat. A shared arena: has its claim `which`, which is nobody else's as long as this lives. A lane: its
  /// holder sees to it that one thread at a time writes.
  WriterCore(std::shared_ptr<const SeatHold> hold, std::uint32_t which) {
    if (hold->segment()->ring().exclusive)
      lane_.emplace(std::move(hold));
    else
      shared_.emplace(std::move(hold), which);
  }

  WriterCore(const WriterCore&) = delete;
  WriterCore& operator=(const WriterCore&) = delete;

  const SeatHold& hold() const noexcept { return lane_ ? lane_->hold() : shared_->hold(); }
  /// Of the newest value, or batch, that it has appended; 0 in an arena without times.
  std::uint64_t time() const noexcept { return lane_ ? lane_->time() : shared_->time(); }
  const Gate& gate() const noexcept { return lane_ ? lane_->gate() : shared_->gate(); }
  /// Waits until there is room for a value; takes none. May be called while another thread writes.
  bool await_room(Deadline deadline) const {
    return lane_ ? lane_->await_room(deadline) : shared_->await_room(deadline);
  }
  std::uint64_t payload_bytes() const noexcept { return hold().segment()->info().record.size_bytes; }
  /// Is some thread inside of alloc, or waiting to be, alone or by a WaitSet? False in a forked child, where nothing is
  /// mapped. Cost: a system call.
  bool is_inside() const noexcept {
    return hold().is_own() && (room_.is_inside() || (lane_ ? lane_->is_inside() : shared_->is_inside()));
  }
  /// The same without the system call, and of those that wait. Requires: not a forked child.
  bool is_claimed() const noexcept { return lane_ ? lane_->is_inside() : shared_->is_claimed(); }

  /// Publishes one value, `fill(payload words)` storing it, which is to be cheap to copy; waits while every slot is
  /// quarantined.
  /// Errors: Code::exhausted, corrupt, reentered, forked; nothing has been published then.
  template <class Fill>
  [[gnu::always_inline]] Written alloc(Fill fill) {
    return lane_ ? lane_->alloc(fill, kWaitForEver) : shared_->alloc(fill, kWaitForEver);
  }

  using Progress = SharedWriter::Progress;

  /// SharedWriter::alloc_alone, if this is one. The next three are for what that leaves to do.
  template <class Fill>
  [[gnu::always_inline]] Progress alloc_alone(Fill fill, std::uint64_t& seq) noexcept {
    return shared_ ? shared_->alloc_alone(fill, seq) : Progress::nothing;
  }
  template <class Fill>
  Written alloc_from(std::uint64_t seq, Fill fill) {
    return shared_->alloc_from(seq, fill, kWaitForEver);
  }
  [[gnu::always_inline]] bool is_awaited() const noexcept { return shared_->is_awaited(); }
  void ring() const noexcept { shared_->ring(); }

  /// The same, but empty where alloc would wait beyond the deadline.
  template <class Fill>
  std::optional<Written> alloc_before(Deadline deadline, Fill fill) {
    const Written written = lane_ ? lane_->alloc(fill, deadline) : shared_->alloc_if_room(fill, deadline);
    if (written.seq == kNone) return std::nullopt;
    return written;
  }

  /// SharedWriter::alloc_reserved. Requires: a shared arena.
  template <class Fill, class StillMine>
  [[gnu::always_inline]] Written alloc_reserved(Fill fill, StillMine still_mine) {
    return shared_->alloc_reserved(fill, still_mine);
  }

  /// LaneWriter::alloc_batch, handed out last. Errors: also Code::invalid_argument, in a shared arena.
  template <class Fill>
  SeqRange alloc_repeatable(std::size_t count, Fill fill) {
    return lane().alloc_batch<HandOut::last>(count, fill);
  }
  /// LaneWriter::advance_to. Errors: also Code::invalid_argument, in a shared arena.
  std::uint64_t advance_to(std::uint64_t seq) { return lane().advance_to(seq); }

  /// Would alloc find room now? Errors: Code::reentered, forked. Cost: as Gate::has_room.
  bool has_room() { return lane_ ? lane_->has_room() : shared_->has_room(); }
  bool is_forked() const noexcept { return lane_ ? lane_->is_forked() : shared_->is_forked(); }
  /// What a WaitSet waits for.
  AwaitedRoom& room() noexcept { return room_; }
  /// Whose room it is that is missing.
  std::vector<ConsumerInfo> blocked_by() const;
  /// Errors: Code::timed_out, always.
  [[noreturn]] void refuse_timeout(std::chrono::nanoseconds timeout) const;

  static constexpr std::uint64_t kNone = kNothing.seq;

  /// Publishes `count` values in order, `fill(i, payload words)` storing the i-th, with one claim per at most a lap of
  /// values. Errors: as alloc; the values before have then been published.
  template <class Fill>
  [[gnu::always_inline]] SeqRange alloc_batch(std::size_t count, Fill fill) {
    return lane_ ? lane_->alloc_batch(count, fill) : shared_->alloc_batch(count, fill);
  }

 private:
  /// Errors: Code::invalid_argument, in a shared arena.
  LaneWriter& lane();

  // One of the two.
  std::optional<SharedWriter> shared_;
  std::optional<LaneWriter> lane_;
  AwaitedRoom room_{*this};
};

inline Waitable& waitable_of(WriterCore& writer) noexcept { return writer.room(); }

}  // namespace arena_shm::core
