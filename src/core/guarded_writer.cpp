#include "arena_shm/core/guarded_writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint32_t kFirstPatience = 64;
constexpr std::uint32_t kMostPatience = 1U << 16;
constexpr int kTriesAwake = 16;
constexpr std::chrono::microseconds kBetweenTries{50};
constexpr std::uint32_t kNeverReserve = ~std::uint32_t{0};

[[noreturn]] void refuse_reentry(const std::string& name) {
  throw Error(Code::reentered, {.name = name,
                                .doing = "alloc in",
                                .expected = "a thread that is not inside of an alloc of the arena's",
                                .found = "one inside of an alloc, interrupted by a signal handler",
                                .remedy = "give signal handlers a writer of their own"});
}

}  // namespace

GuardedParty::GuardedParty(const std::shared_ptr<const SeatHold>& hold, std::uint32_t which, const ThreadMark* owner,
                           std::atomic<std::uint64_t>& turn)
    : thread(owner),
      writer(hold, which),
      mutex(turn, hold->segment()->ring(), hold->segment()->witness(), hold->index(), hold->session()),
      // A reservation is entered by a claim, which the writer of a lane does not store; and one with a claim may wait
      // for room, where nobody may wait for it.
      patience(owner == nullptr || hold->segment()->ring().exclusive || hold->segment()->is_lossless()
                   ? kNeverReserve
                   : kFirstPatience) {}

GuardedParty::~GuardedParty() {
  if (writer.hold().is_own()) mutex.give_reservation_back();  // else a forked child, where nothing is mapped
}

bool GuardedParty::is_used() const noexcept {
  return writer.hold().is_own() && (writer.is_inside() || mutex.is_waited_for() || mutex.is_locked_by_me());
}

GuardedWriter::GuardedWriter(std::shared_ptr<const Segment> segment)
    : segment_(std::move(segment)),
      forked_(
          [](void* guarded) noexcept {
            // Every alloc comes by join now.
            static_cast<GuardedWriter*>(guarded)->first_.store(nullptr, std::memory_order_relaxed);
          },
          this) {
  expect_exit(Begins::handle);
}

bool GuardedWriter::is_used() noexcept {
  if (waiting_.load(std::memory_order_relaxed) > 0 || !joining_.try_lock()) return true;
  joining_.unlock();
  const GuardedParty* first = first_.load(std::memory_order_acquire);    // G1
  const GuardedParty* others = others_.load(std::memory_order_acquire);  // G1
  return (first != nullptr && first->is_used()) || (others != nullptr && others->is_used());
}

bool GuardedWriter::await_room(const WriterCore& writer, int tries, Deadline deadline) {
  struct Counted {
    explicit Counted(std::atomic<int>& waiters) noexcept : all(waiters) { all.fetch_add(1, std::memory_order_relaxed); }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { all.fetch_sub(1, std::memory_order_relaxed); }
    std::atomic<int>& all;
  };
  const Counted waiting(waiting_);
  ::pthread_testcancel();  // nothing is held
  if (!writer.await_room(deadline)) return false;
  if (tries == 0) return true;
  if (tries < kTriesAwake)
    std::this_thread::yield();
  else
    std::this_thread::sleep_for(kBetweenTries);
  return true;
}

void GuardedWriter::retire(GuardedWriter* guarded) noexcept {
  if (guarded->is_used() || (is_exiting() && !is_only_thread())) return;
  delete guarded;
}

GuardedParty& GuardedWriter::join() {
  if (forked_.holds()) refuse_forked(segment_->info().name);
  GuardedParty* first = first_.load(std::memory_order_acquire);  // G1
  if (first != nullptr && first->thread == &this_thread_mark) return *first;
  if (GuardedParty* others = others_.load(std::memory_order_acquire); others != nullptr) return *others;  // G1

  const std::lock_guard<std::mutex> lock(joining_);
  if (hold_ == nullptr) hold_ = std::make_shared<const SeatHold>(segment_, "alloc");
  if (first_storage_ == nullptr) {
    first_storage_ = std::make_unique<GuardedParty>(hold_, 0, &this_thread_mark, turn());
    first_.store(first_storage_.get(), std::memory_order_release);  // G2
    expect_exit(Begins::use);
    return *first_storage_;
  }
  if (others_storage_ == nullptr) {
    others_storage_ = std::make_unique<GuardedParty>(hold_, 1, nullptr, turn());
    others_.store(others_storage_.get(), std::memory_order_release);  // G2
    expect_exit(Begins::use);
  }
  return *others_storage_;
}

bool LockedAlloc::is_nested() const noexcept {
  const auto& epoch = guarded_.segment_->info().epoch;
  for (const LockedAlloc* outer = outer_; outer != nullptr; outer = outer->outer_) {
    if (outer->guarded_.segment_->info().epoch == epoch) return true;
  }
  return false;
}

/// Of a reserved alloc, whose reservation may have been taken back meanwhile.
bool LockedAlloc::interrupts_reserved_alloc() const noexcept {
  return party_->thread == &this_thread_mark && party_->writer.is_claimed();
}

LockedAlloc::LockedAlloc(GuardedWriter& guarded, Deadline deadline)
    : guarded_(guarded), outer_(this_thread_mark.innermost) {
  if (is_nested()) refuse_reentry(guarded_.segment_->info().name);
  // Before a seat is taken: that is no place for a signal handler to come in between, either.
  this_thread_mark.innermost = this;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  try {
    party_ = &guarded_.join();
    if (interrupts_reserved_alloc()) refuse_reentry(guarded_.segment_->info().name);
    const bool alone = party_->mutex.try_lock_free();
    if (!alone) {
      expect_exit(Begins::use);
      is_locked_ = party_->mutex.timed_lock(deadline);
    }
    party_->alone = alone ? party_->alone + 1 : 0;
    if (!is_locked_) leave();
  } catch (...) {
    leave();
    throw;
  }
}

void LockedAlloc::leave() const noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  this_thread_mark.innermost = outer_;
}

LockedAlloc::~LockedAlloc() {
  if (!is_locked_) return;
  const bool reserve = party_->patience != kNeverReserve && party_->alone >= party_->patience;
  if (reserve) {
    // The next time it takes longer: a reservation that is soon taken back costs more than it saves.
    party_->alone = 0;
    party_->patience = std::min(party_->patience * 2, kMostPatience);
    party_->mutex.unlock_and_reserve();
  } else {
    party_->mutex.unlock();
  }
  leave();
}

}  // namespace arena_shm::core
