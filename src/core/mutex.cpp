#include "arena_shm/core/mutex.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>

#include "arena_shm/error.hpp"
#include "core/process_death.hpp"

namespace arena_shm::core {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::nanoseconds kWaitSlice = std::chrono::milliseconds{4};
constexpr int kSpins = 200;

[[noreturn]] void refuse_owner(std::uint32_t owner, std::uint32_t seat_count) {
  throw Error(Code::corrupt, {.name = {},
                              .doing = "lock the arena's mutex",
                              .expected = "an owner between 1 and " + std::to_string(seat_count),
                              .found = std::to_string(owner),
                              .remedy = "the memory was overwritten; remove the arena and create it again"});
}

[[noreturn]] void refuse_untestable() {
  throw Error(Code::system, {.name = {},
                             .doing = "lock the arena's mutex",
                             .expected = "a way to tell whether the mutex's owner is alive",
                             .found = "that the program closed the library's descriptor, and the arena's name is gone",
                             .remedy = "do not close the library's descriptors"});
}

class Counted {
 public:
  explicit Counted(std::atomic<std::uint32_t>& count) noexcept : count_(count) {
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { count_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t>& count_;
};

/// Spins while the word is owned; the last value seen.
std::uint64_t spin_while_owned(const std::atomic<std::uint64_t>& word) noexcept {
  std::uint64_t seen = word.load(std::memory_order_acquire);
  for (int i = 0; i < kSpins && seen != 0; ++i) {
    cpu_pause();
    seen = word.load(std::memory_order_acquire);
  }
  return seen;
}

[[noreturn]] void refuse_session(std::uint64_t found, std::uint64_t newest) {
  throw Error(Code::corrupt, {.name = {},
                              .doing = "lock the arena's mutex",
                              .expected = "an owner's session of at most " + std::to_string(newest),
                              .found = std::to_string(found),
                              .remedy = "the memory was overwritten; remove the arena and create it again"});
}

[[noreturn]] void refuse_reentry() {
  throw Error(Code::reentered, {.name = {},
                                .doing = "lock the arena's mutex",
                                .expected = "a thread that is not inside of an alloc of the arena's",
                                .found = "one inside of an alloc by another handle, interrupted by a signal handler",
                                .remedy = "give signal handlers a writer of their own"});
}

/// CASes it to free, whatever W says meanwhile. Requires: `seen` is the word of one who is dead, or of nobody any more.
void free_word(std::atomic<std::uint64_t>& word, std::uint64_t seen) noexcept {
  ARENA_SHM_STOP_POINT(mutex_repair);
  // M3: for the dead owner's release. It fails if another repairer was first, or a waiter has set W.
  std::uint64_t expected = seen;
  if (!word.compare_exchange_strong(expected, 0, std::memory_order_acq_rel, std::memory_order_relaxed)) {
    if (expected != (seen | kMutexWaiters) ||
        !word.compare_exchange_strong(expected, 0, std::memory_order_acq_rel, std::memory_order_relaxed))
      return;
    seen = expected;
  }
  ARENA_SHM_STOP_POINT(mutex_repaired);
  if ((seen & kMutexWaiters) != 0) futex_wake(word, 1);
}

/// Is the calling thread the first one of the seat's holder, and so the one that a reservation is for?
bool is_first_thread_of(const Seat& seat) noexcept {
  // Two threads of one tid are in two pid namespaces, and so in two processes.
  return seat.tid.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(::gettid()) &&
         seat.pid.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(::getpid()) &&
         seat.pid_namespace.load(std::memory_order_relaxed) == own_pid_namespace();
}

}  // namespace

void free_dead_mutex(const Ring& ring, const Witness& witness, std::uint32_t seat) noexcept {
  std::atomic<std::uint64_t>& word = ring.control->mutex;
  const std::uint64_t seen = word.load(std::memory_order_acquire);
  const std::uint64_t session = ring.seats[seat].session.load(std::memory_order_acquire);
  if (mutex_owner(seen) != seat + 1 || (!mutex_is_reserved(seen) && mutex_number(seen) > session)) return;
  if (witness.life_of(seat, session) == Life::over) free_word(word, seen);
}

void free_mutex_of_seat(const Ring& ring, std::uint32_t seat) noexcept {
  std::atomic<std::uint64_t>& word = ring.control->mutex;
  const std::uint64_t seen = word.load(std::memory_order_acquire);
  if (mutex_owner(seen) == seat + 1) free_word(word, seen);
}

/// Of whoever stored `seen`, which was read with acquire. Errors: Code::corrupt.
Life InterprocessMutex::life_of_owner(std::uint64_t seen) const {
  const std::uint32_t owner = mutex_owner(seen);
  if (owner == 0 || owner > ring_.seat_count) refuse_owner(owner, ring_.seat_count);
  const std::uint64_t newest = ring_.seats[owner - 1].session.load(std::memory_order_acquire);
  // A reservation does not say of which session it is; but a newcomer has none left over from before it.
  const std::uint64_t session = mutex_is_reserved(seen) ? newest : mutex_number(seen);
  if (session > newest) refuse_session(session, newest);
  if (owner - 1 == seat_ && session == newest) return Life::alive;  // this handle's
  return witness_.life_of(owner - 1, session);
}

/// Requires: the one who stored `seen` is dead. True: the word has changed.
bool InterprocessMutex::take_from_dead(std::uint64_t seen) const noexcept {
  free_word(word_, seen);
  return word_.load(std::memory_order_relaxed) != seen;
}

/// Requires: `seen` is reserved, has W, and was the word's value. True: the word has changed.
/// Errors: Code::reentered.
bool InterprocessMutex::take_reservation_back(std::uint64_t seen) const {
  std::atomic_thread_fence(std::memory_order_seq_cst);  // V5
  const Seat& owner = ring_.seats[mutex_owner(seen) - 1];
  for (int i = 0; claim_kind(owner.claim.load(std::memory_order_acquire)) != ClaimKind::idle; ++i) {  // V6
    if (i == kSpins) {
      if (word_.load(std::memory_order_relaxed) != seen) return true;
      if (is_first_thread_of(owner)) refuse_reentry();
      return false;
    }
    cpu_pause();
  }
  ARENA_SHM_STOP_POINT(mutex_unreserve);
  // Others may sleep on it. Who frees it goes on to contend, with W; if it dies first, they wake by themselves.
  word_.compare_exchange_strong(seen, 0, std::memory_order_acq_rel, std::memory_order_relaxed);
  return true;
}

bool InterprocessMutex::lock_slow(Steady::time_point deadline) {
  std::optional<Counted> sleeping;
  const bool try_only = deadline == Steady::time_point::min();
  int untestable = 0;
  std::uint64_t waiters = 0;  // W, once others may be asleep
  std::uint64_t seen = word_.load(std::memory_order_acquire);
  if (!try_only && !mutex_is_reserved(seen)) seen = spin_while_owned(word_);
  for (;;) {
    if (seen == 0) {
      if (word_.compare_exchange_weak(seen, me_ | waiters, std::memory_order_acq_rel, std::memory_order_acquire))  // M1
        return true;
      continue;
    }
    const Life life = life_of_owner(seen);
    if (life == Life::over && take_from_dead(seen)) {
      seen = word_.load(std::memory_order_acquire);
      continue;
    }
    if (life == Life::unknown && ++untestable > kUntestableSlices) refuse_untestable();
    const auto now = Steady::now();
    const bool over = try_only || now >= deadline;
    if (over && !mutex_is_reserved(seen)) return false;
    if ((seen & kMutexWaiters) == 0) {
      if (!word_.compare_exchange_weak(seen, seen | kMutexWaiters, std::memory_order_seq_cst)) continue;  // V4
      seen |= kMutexWaiters;
    }
    waiters = kMutexWaiters;
    ARENA_SHM_STOP_POINT(mutex_waiting);
    if (mutex_is_reserved(seen) && take_reservation_back(seen)) {
      seen = word_.load(std::memory_order_acquire);
      continue;
    }
    if (over) return false;
    if (!sleeping) sleeping.emplace(waiting_);
    ::pthread_testcancel();  // the one place of it that may be cancelled: nothing is held
    futex_wait(word_, seen, std::min<std::chrono::nanoseconds>(kWaitSlice, deadline - now));
    ARENA_SHM_STOP_POINT(mutex_woken);
    seen = word_.load(std::memory_order_acquire);
  }
}

void InterprocessMutex::unlock_slow() noexcept {
  // W is set. If the word is another's, somebody wrote over the segment; then it stays.
  std::uint64_t expected = me_ | kMutexWaiters;
  word_.compare_exchange_strong(expected, 0, std::memory_order_release, std::memory_order_relaxed);  // M2
  ARENA_SHM_STOP_POINT(mutex_unlock_wake);
  futex_wake(word_, 1);
  ARENA_SHM_STOP_POINT(mutex_unlocked);
}

bool InterprocessMutex::unlock_and_reserve() noexcept {
  std::atomic<std::uint64_t>& used = ring_.seats[seat_].reservations;
  const std::uint64_t reservation = used.load(std::memory_order_relaxed);  // relaxed: the seat holder's own
  if (reservation < kMaxReservations) {
    used.store(reservation + 1, std::memory_order_relaxed);
    // Who is the first thread by now: that which took the seat may have ended (is_first_thread_of).
    ring_.seats[seat_].tid.store(static_cast<std::uint32_t>(::gettid()), std::memory_order_relaxed);
    std::uint64_t expected = me_;
    const std::uint64_t reserved = mutex_reserved_for(seat_ + 1, reservation);
    if (word_.compare_exchange_strong(expected, reserved, std::memory_order_release, std::memory_order_relaxed)) {
      reserved_word_ = reserved;
      return true;
    }
  }
  unlock();
  return false;
}

void InterprocessMutex::give_reservation_back() noexcept {
  if (reserved_word_ == kNoReservation) return;
  std::uint64_t expected = reserved_word_;
  // Without W, or with it: somebody waits for this very thing.
  if (!word_.compare_exchange_strong(expected, 0, std::memory_order_release, std::memory_order_relaxed) &&
      expected == (reserved_word_ | kMutexWaiters) &&
      word_.compare_exchange_strong(expected, 0, std::memory_order_release, std::memory_order_relaxed))
    futex_wake(word_, 1);
  reserved_word_ = kNoReservation;
}

}  // namespace arena_shm::core
