#include "arena_shm/core/tenancy.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/core/system.hpp"
#include "core/process_death.hpp"

namespace arena_shm::core {

Tenancy::Tenancy(std::shared_ptr<const Segment> segment)
    : segment_((segment->require_own_process(), std::move(segment))),
      membarrier_registered_(register_for_membarrier()) {}

Tenancy::~Tenancy() {
  // In a forked child the lease is the parent's, and nothing is mapped here.
  if (has_begun_ && lease_.is_own()) seat().ended.store(session_, std::memory_order_release);  // E6
  ARENA_SHM_STOP_POINT(seat_leaving);
}

Tenancy::Attempt Tenancy::try_take(std::uint32_t index) {
  const Seat& wanted = segment_->ring().seats[index];
  const std::uint64_t session = wanted.session.load(std::memory_order_acquire);
  ARENA_SHM_STOP_POINT(seat_looked);
  // Once more: the seat may have been taken, and the look of before have been at an older session.
  if (!segment_->witness().is_known_over(index, session)) return Attempt::held;
  if (session >= kMaxSession) return Attempt::held;
  switch (segment_->leases().take_next(index, session, wanted.session, lease_)) {
    case LeaseOutcome::taken: break;
    case LeaseOutcome::held: return Attempt::held;
    case LeaseOutcome::obstructed: return Attempt::obstructed;
    case LeaseOutcome::failed: throw_errno(errno, Act::take_seat, "take a seat in", segment_->info().name);
  }
  index_ = index;
  session_ = session + 1;
  return Attempt::taken;
}

void Tenancy::give_back() noexcept { lease_.release(); }

void Tenancy::begin(std::string_view holder) noexcept {
  // A wild number there would make this session over before it begins, and give its seat to others, too.
  if (seat().ended.load(std::memory_order_relaxed) >= session_)
    seat().ended.store(session_ - 1, std::memory_order_relaxed);
  identify(holder);
  ARENA_SHM_STOP_POINT(seat_identified);
  has_begun_ = true;
  seat().session.store(session_, std::memory_order_release);  // E5
  ARENA_SHM_STOP_POINT(seat_entered);
}

void Tenancy::identify(std::string_view holder) const noexcept {
  // Relaxed: E5 releases them. Who looks at a seat between two sessions may see a mixture.
  Seat& mine = seat();
  mine.pid.store(static_cast<std::uint32_t>(::getpid()), std::memory_order_relaxed);
  mine.tid.store(static_cast<std::uint32_t>(::gettid()), std::memory_order_relaxed);
  mine.start_time.store(own_start_time(), std::memory_order_relaxed);
  mine.lease_page.store(owns_its_memory() ? reinterpret_cast<std::uintptr_t>(lease_.page()) : 0,
                        std::memory_order_relaxed);
  mine.pid_namespace.store(own_pid_namespace(), std::memory_order_relaxed);
  mine.taken_ns.store(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count(),
      std::memory_order_relaxed);
  mine.waits_for.store(0, std::memory_order_relaxed);
  std::array<char, sizeof(Seat::name)> text{};
  std::copy_n(holder.data(), std::min(holder.size(), text.size()), text.data());
  for (std::size_t i = 0; i < mine.name.size(); ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i * sizeof(word), sizeof(word));
    mine.name[i].store(word, std::memory_order_relaxed);
  }
}

}  // namespace arena_shm::core
