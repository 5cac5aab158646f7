#include "arena_shm/core/guarded_writer.hpp"

#include <algorithm>
#include <exception>
#include <string>

#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint32_t kMostPatience = 1U << 16;
constexpr std::uint32_t kNeverReserve = ~std::uint32_t{0};

[[noreturn]] void refuse_reentry(const std::string& name) {
  throw Error(Code::reentered, {.name = name,
                                .doing = "alloc in",
                                .expected = "a thread that is not inside of Arena::alloc",
                                .found = "one that is: a signal handler has interrupted it there",
                                .remedy = "give signal handlers a Writer of their own"});
}

}  // namespace

GuardedParty::GuardedParty(std::shared_ptr<const Segment> segment, const ThreadMark* owner, std::string_view holder)
    : thread(owner),
      writer(std::move(segment), holder),
      mutex(writer.ring(), writer.hold().index(), writer.hold().segment()->leases()) {}

void GuardedParty::Retire::operator()(GuardedParty* party) const noexcept {
  if (party->writer.hold().is_own()) {  // else a forked child, where nothing is mapped
    if (party->writer.is_inside() || party->mutex.is_locked_by_me()) return;
    party->mutex.give_reservation_back();
  }
  delete party;
}

GuardedWriter::GuardedWriter(std::shared_ptr<const Segment> segment) : segment_(std::move(segment)) {}

GuardedParty& GuardedWriter::join() {
  GuardedParty* first = first_.load(std::memory_order_acquire);  // G1
  if (first != nullptr && first->thread == &this_thread_mark) return *first;
  if (GuardedParty* others = others_.load(std::memory_order_acquire); others != nullptr) return *others;  // G1

  const std::lock_guard<std::mutex> lock(joining_);
  if (first_storage_ == nullptr) {
    first_storage_.reset(new GuardedParty(segment_, &this_thread_mark, "alloc"));
    first_.store(first_storage_.get(), std::memory_order_release);  // G2
    return *first_storage_;
  }
  if (others_storage_ != nullptr) return *others_storage_;
  // Nothing has been reserved yet, for that takes a seat for the others first; and from now on nothing will be.
  first_is_shared_ = true;
  return *first_storage_;
}

bool GuardedWriter::make_room_for_reservation() {
  const std::lock_guard<std::mutex> lock(joining_);
  if (others_storage_ != nullptr) return true;
  if (first_is_shared_ || segment_->ring().exclusive || !half_of_the_seats_are_free()) return false;
  try {
    others_storage_.reset(new GuardedParty(segment_, nullptr, "alloc, other threads"));
  } catch (const std::exception&) {
    return false;  // others were quicker, or there is no memory: then without
  }
  others_.store(others_storage_.get(), std::memory_order_release);  // G2
  return true;
}

bool GuardedWriter::half_of_the_seats_are_free() const {
  std::uint32_t free = 0;
  for (std::uint32_t i = 0; i < segment_->ring().seat_count; ++i) {
    if (segment_->leases().test(i) == LeaseState::free) ++free;
  }
  return free > segment_->ring().seat_count / 2;
}

bool LockedAlloc::is_nested() const noexcept {
  const auto& epoch = guarded_.segment_->info().epoch;
  for (const LockedAlloc* outer = outer_; outer != nullptr; outer = outer->outer_) {
    if (outer->guarded_.segment_->info().epoch == epoch) return true;
  }
  return false;
}

/// Of a reserved alloc, whose reservation has been taken back meanwhile. Only then: a claim that is not idle may be
/// another thread's as long as the seat is shared, which it is as long as there is no seat for others.
bool LockedAlloc::interrupts_reserved_alloc() const noexcept {
  return party_->thread == &this_thread_mark && guarded_.others_.load(std::memory_order_relaxed) != nullptr &&
         party_->writer.is_claimed();
}

LockedAlloc::LockedAlloc(GuardedWriter& guarded) : guarded_(guarded), outer_(this_thread_mark.innermost) {
  if (is_nested()) refuse_reentry(guarded_.segment_->info().name);
  // Before a seat is taken: that is no place for a signal handler to come in between, either.
  this_thread_mark.innermost = this;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  try {
    party_ = &guarded_.join();
    if (interrupts_reserved_alloc()) refuse_reentry(guarded_.segment_->info().name);
    const bool alone = party_->mutex.try_lock_free();
    if (!alone) party_->mutex.lock();
    party_->alone = alone ? party_->alone + 1 : 0;
  } catch (...) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    this_thread_mark.innermost = outer_;
    throw;
  }
}

LockedAlloc::~LockedAlloc() {
  bool reserve =
      party_->thread == &this_thread_mark && party_->patience != kNeverReserve && party_->alone >= party_->patience;
  if (reserve && !guarded_.make_room_for_reservation()) {
    party_->patience = kNeverReserve;
    reserve = false;
  }
  if (reserve) {
    // The next time it takes longer: a reservation that is soon taken back costs more than it saves.
    party_->alone = 0;
    party_->patience = std::min(party_->patience * 2, kMostPatience);
    party_->mutex.unlock_and_reserve();
  } else {
    party_->mutex.unlock();
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  this_thread_mark.innermost = outer_;
}

}  // namespace arena_shm::core
