#include "arena_shm/core/seat.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/mutex.hpp"
#include "arena_shm/core/stamp.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/core/system.hpp"
#include "core/start_time.hpp"

namespace arena_shm::core {
namespace {

/// Field 22 of /proc/self/stat, clock ticks after boot, as host_start_time has it; 0 where /proc does not tell.
std::uint64_t own_start_time() {
  const Descriptor file(open_above_standard("/proc/self/stat", O_RDONLY));
  std::array<char, 1024> text{};
  if (!file) return 0;
  const ssize_t length = ::read(file.get(), text.data(), text.size());
  if (length <= 0) return 0;
  const std::string_view line(text.data(), static_cast<std::size_t>(length));
  std::size_t at = line.rfind(')');  // field 2, the command, may hold anything
  for (int field = 2; field < 22 && at != std::string_view::npos; ++field) at = line.find(' ', at + 1);
  if (at == std::string_view::npos) return 0;
  std::uint64_t ticks = 0;
  std::from_chars(line.data() + at + 1, line.data() + line.size(), ticks);
  return host_start_time(ticks);
}

std::uint64_t own_pid_namespace() noexcept {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

/// A dead holder's mutex is freed before its seat can look alive again: a newcomer that is stopped right after taking
/// the lease must not be waited for.
void free_mutex_of_dead_seat(const Segment& segment, std::uint32_t index) {
  std::atomic<std::uint32_t>& mutex = segment.ring().control->mutex;
  if (mutex_owner(mutex.load(std::memory_order_relaxed)) != index + 1) return;
  segment.leases().with_dead_seat(index, [&]() noexcept { free_dead_mutex(mutex, index); });
}

/// Requires: the caller holds the seat's lease, or keeps newcomers from it (with_dead_seat).
void begin_anew(const Ring& ring, std::uint32_t index) noexcept {
  ARENA_SHM_STOP_POINT(seat_taken);
  // A predecessor that died since the mutex was looked at: nobody else may conclude that once this seat lives again.
  free_dead_mutex(ring.control->mutex, index);
  ARENA_SHM_STOP_POINT(seat_repaired);
  // The predecessor is dead, and what it had claimed is over. Shared: nothing below head will be this holder's.
  // Exclusive: where this session begins.
  const std::uint64_t head = ring.control->head.load(std::memory_order_acquire);
  ring.seats[index].claim.store(idle(std::min(head, kSeqLimit)), std::memory_order_release);
  ARENA_SHM_STOP_POINT(seat_entered);
}

}  // namespace

bool clear_dead_seat(const Segment& segment, std::uint32_t index) {
  Seat& seat = segment.ring().seats[index];
  bool cleared = false;
  // Not by taking the lease: what the dead one had claimed would look like a living holder's meanwhile, and a writer
  // that wants the seat would be told that it is taken.
  segment.leases().with_dead_seat(index, [&]() noexcept {
    if (seat.pid.load(std::memory_order_relaxed) == 0) return;  // it left
    begin_anew(segment.ring(), index);
    cleared = seat.pid.exchange(0, std::memory_order_relaxed) != 0;  // else another repairer was first
  });
  return cleared;
}

SeatHold::SeatHold(std::shared_ptr<const Segment> segment, std::string_view holder)
    : segment_(std::move(segment)), membarrier_registered_(register_for_membarrier()) {
  take_first_free();
  begin_anew(segment_->ring(), index_);
  identify(holder);
}

SeatHold::~SeatHold() {
  // Left, not died: tools tell the two apart by the pid. In a forked child the lease is the parent's, and gone here.
  if (lease_ && lease_.is_own()) seat().pid.store(0, std::memory_order_relaxed);
  ARENA_SHM_STOP_POINT(seat_leaving);
}

bool SeatHold::try_take(bool& obstructed) {
  const std::string& name = segment_->info().name;
  const Ring& ring = segment_->ring();
  for (index_ = 0; index_ < ring.seat_count; ++index_) {
    free_mutex_of_dead_seat(*segment_, index_);
    ARENA_SHM_STOP_POINT(seat_looked);
    switch (segment_->leases().take(index_, lease_)) {
      case LeaseOutcome::taken: return true;
      case LeaseOutcome::held: break;
      case LeaseOutcome::obstructed: obstructed = true; break;
      case LeaseOutcome::failed: throw_errno(errno, Act::take_seat, "take a seat in", name);
    }
  }
  return false;
}

void SeatHold::take_first_free() {
  constexpr int kAttempts = 20;  // a repairer closes a seat for microseconds, one that is stopped there for longer
  const std::string& name = segment_->info().name;
  bool obstructed = true;
  for (int attempt = 0; obstructed && attempt < kAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    obstructed = false;
    if (try_take(obstructed)) return;
  }
  const std::string seats = std::to_string(segment_->ring().seat_count);
  if (obstructed) {
    throw Error(Code::obstructed, {.name = name,
                                   .doing = "take a seat in",
                                   .expected = "a free seat among " + seats,
                                   .found = "free ones that another process has read-locked",
                                   .remedy = "find it in /proc/locks, or among those that have the segment open"});
  }
  throw Error(Code::table_full,
              {.name = name,
               .doing = "take a seat in",
               .expected = "a free seat among " + seats,
               .found = "a living writer in each",
               .remedy = segment_->ring().exclusive ? "an exclusive arena has one writer at a time: end that one first"
                                                    : "end a writer, or create the arena with more seats"});
}

void SeatHold::identify(std::string_view holder) const noexcept {
  // Relaxed: for display. Who reads a mixture of two holders shows a mixture.
  Seat& mine = seat();
  mine.pid.store(static_cast<std::uint32_t>(::getpid()), std::memory_order_relaxed);
  mine.tid.store(static_cast<std::uint32_t>(::gettid()), std::memory_order_relaxed);
  mine.start_time.store(own_start_time(), std::memory_order_relaxed);
  mine.pid_namespace.store(own_pid_namespace(), std::memory_order_relaxed);
  mine.taken_ns.store(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count(),
      std::memory_order_relaxed);
  std::array<char, sizeof(Seat::name)> text{};
  std::copy_n(holder.data(), std::min(holder.size(), text.size()), text.data());
  for (std::size_t i = 0; i < mine.name.size(); ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i * sizeof(word), sizeof(word));
    mine.name[i].store(word, std::memory_order_relaxed);
  }
}

}  // namespace arena_shm::core
