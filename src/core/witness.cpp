#include "arena_shm/core/witness.hpp"

#include <ctime>

#include "core/process_death.hpp"

namespace arena_shm::core {
namespace {

constexpr std::int64_t kProcEvery_ns = 1'000'000;          // of one seat
constexpr std::int64_t kProcWindow_ns = 4'000'000;         // of all seats together:
constexpr std::int64_t kProcShareOfWindow_ns = 1'000'000;  // so much time at most, but for the last look

std::int64_t monotonic_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

Witness::Witness(const Ring& ring, const LeaseFile& leases)
    : ring_(ring), leases_(leases), memory_(std::make_unique<Memory[]>(ring.seat_count + ring.consumer_count)) {}

/// A number that is not one stands where somebody wrote over the segment: nothing is asked, or remembered, about it.
bool Witness::can_be(std::uint64_t session) noexcept { return session <= kMaxSession; }

bool Witness::segment_says_over(std::uint32_t seat, std::uint64_t session) const noexcept {
  if (session == 0 || !can_be(session)) return session == 0;  // nobody has ever had it
  const Seat& words = ring_.seats[seat];
  return words.ended.load(std::memory_order_acquire) >= session ||
         words.session.load(std::memory_order_acquire) > session;
}

void Witness::remember(std::uint32_t seat, std::uint64_t session) const noexcept {
  std::atomic<std::uint64_t>& over = memory_[seat].over;
  std::uint64_t known = over.load(std::memory_order_relaxed);
  // Release: who finds it here comes after the proof, and so after the holder's stores.
  while (known < session && !over.compare_exchange_weak(known, session, std::memory_order_release)) {
  }
}

/// One thread a millisecond, and a quarter of the time for all seats together: where many seats are asked about in one
/// scan, a scan is not to take longer for it.
bool Witness::may_ask_proc(std::uint32_t seat) const noexcept {
  const std::int64_t now = monotonic_ns();
  std::int64_t window = window_ns_.load(std::memory_order_relaxed);
  if (now - window >= kProcWindow_ns && window_ns_.compare_exchange_strong(window, now, std::memory_order_relaxed))
    spent_ns_.store(0, std::memory_order_relaxed);
  if (spent_ns_.load(std::memory_order_relaxed) >= kProcShareOfWindow_ns) return false;
  std::atomic<std::int64_t>& asked = memory_[seat].asked_ns;
  std::int64_t before = asked.load(std::memory_order_relaxed);
  return now - before >= kProcEvery_ns && asked.compare_exchange_strong(before, now, std::memory_order_relaxed);
}

/// The process is dead: so is whoever else of its holds a seat.
void Witness::remember_all_of(const Holder& holder) const noexcept {
  for (std::uint32_t i = 0; i < ring_.seat_count + ring_.consumer_count; ++i) {
    const Seat& words = ring_.seats[i];
    const std::uint64_t session = words.session.load(std::memory_order_acquire);
    if (can_be(session) && words.pid.load(std::memory_order_relaxed) == holder.pid &&
        words.start_time.load(std::memory_order_relaxed) == holder.start_time &&
        words.pid_namespace.load(std::memory_order_relaxed) == holder.pid_namespace)
      remember(i, session);
  }
}

bool Witness::proc_says_over(std::uint32_t seat, std::uint64_t session) const noexcept {
  const NoCancel no_cancel;  // it opens and closes files
  const Seat& words = ring_.seats[seat];
  const Holder holder{.pid = words.pid.load(std::memory_order_relaxed),
                      .start_time = words.start_time.load(std::memory_order_relaxed),
                      .pid_namespace = words.pid_namespace.load(std::memory_order_relaxed),
                      .lease_page = words.lease_page.load(std::memory_order_relaxed)};
  // They are this session's: they were written before it began, and the next one, whose newcomer writes them before it
  // begins, too, has to have this one proved dead first. So if they are another's, the answer is right all the same.
  const std::int64_t begin = monotonic_ns();
  const bool dead = is_proved_dead(holder);
  spent_ns_.fetch_add(monotonic_ns() - begin, std::memory_order_relaxed);
  if (dead) remember_all_of(holder);
  return dead || segment_says_over(seat, session);
}

bool Witness::is_known_over(std::uint32_t seat, std::uint64_t session) const noexcept {
  return segment_says_over(seat, session) ||
         (can_be(session) && memory_[seat].over.load(std::memory_order_acquire) >= session);
}

bool Witness::has_free_lease(std::uint32_t seat, std::uint64_t session) const noexcept {
  if (!can_be(session) || leases_.test(seat, session) != LeaseState::free) return false;
  remember(seat, session);
  return true;
}

Life Witness::life_of(std::uint32_t seat, std::uint64_t session) const noexcept {
  if (is_known_over(seat, session)) return Life::over;
  if (!can_be(session)) return Life::alive;
  const LeaseState lease = leases_.test(seat, session);
  if (lease == LeaseState::free || (may_ask_proc(seat) && proc_says_over(seat, session))) {
    remember(seat, session);
    return Life::over;
  }
  return lease == LeaseState::held ? Life::alive : Life::unknown;
}

}  // namespace arena_shm::core
