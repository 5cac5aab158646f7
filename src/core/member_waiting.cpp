// How a member waits, and where its group stands.
#include <pthread.h>

#include <algorithm>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/member_core.hpp"
#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {
namespace {

constexpr std::chrono::nanoseconds kMemberSpin = std::chrono::microseconds{100};
constexpr std::chrono::nanoseconds kBetweenLooksAtOthers =
    std::chrono::milliseconds{10};  // after others, of whom nobody tells
constexpr std::chrono::nanoseconds kBetweenPending = std::chrono::milliseconds{1};  // at a value that does not come
constexpr int kPauses = 32;

}  // namespace

bool MemberCore::may_be_ready() const noexcept {
  if (forked_.holds()) return true;
  for (std::uint32_t lane = 0; lane < rings_.size(); ++lane) {
    if (rings_[lane].head->load(std::memory_order_relaxed) > next_of(lane).load(std::memory_order_relaxed)) return true;
  }
  return at_ < end_ || was_evicted_;
}

MemberCore::Prospect MemberCore::prospect() {
  if (forked_.holds()) refuse_forked(segment().info().name);
  const bool is_out = was_evicted_ || !seat_.is_in(group_state_->load(std::memory_order_relaxed)) ||
                      state_->load(std::memory_order_relaxed) != seat_.own_state();
  done_with_what_was_delivered();
  if (is_out || at_ < end_ || (aside_ != kHoldsNothing && settle_aside(Thorough::yes))) return {.is_ready = true};
  Prospect all;
  Effort effort = LaneReader::effort_of_a_slice(rings_.size());
  for (std::uint32_t lane = 0; lane < rings_.size(); ++lane) {
    switch (look_at(lane, 0, effort)) {
      case Look::ready: return {.is_ready = true};
      case Look::tired: all.is_tired = true; break;
      case Look::pending: all.patience = kBetweenPending; break;
      default: break;
    }
  }
  is_idle();
  if (may_look_after_others() && take_over_any()) return {.is_ready = true};
  if (others_hold_something() || aside_ != kHoldsNothing) all.patience = std::min(all.patience, kBetweenLooksAtOthers);
  return all;
}

bool MemberCore::wait_for(std::chrono::nanoseconds timeout) {
  begin_call();
  const auto begin = Clock::now();
  const auto forever = Clock::time_point::max();
  const auto deadline = timeout < forever - begin ? begin + timeout : forever;
  sleeper_.reset();
  expect_exit(Begins::use);
  const Marked inside(inside_);
  for (bool has_spun = false;; has_spun = true) {
    const Prospect before = prospect();
    if (before.is_ready) return true;
    const auto now = Clock::now();
    if (now >= deadline) return false;
    ::pthread_testcancel();  // nothing is held
    if (before.is_tired) continue;
    if (!has_spun) {
      const auto end = std::min(deadline, now + kMemberSpin);
      while (!may_be_ready() && Clock::now() < end) {
        for (int i = 0; i < kPauses; ++i) cpu_pause();
      }
      continue;
    }
    sleeper_.sleep(std::min<std::chrono::nanoseconds>(deadline - now, before.patience),
                   [this] { return !prospect().is_idle(); });
  }
}

Position MemberCore::position() const {
  if (forked_.holds()) refuse_forked(segment().info().name);
  std::vector<std::uint64_t> next;
  next.reserve(rings_.size());
  for (std::uint32_t lane = 0; lane < rings_.size(); ++lane)
    next.push_back(rings_[lane].seq_of(next_of(lane).load(std::memory_order_acquire)));
  return Position(std::move(next));
}

std::uint64_t MemberCore::cursor() const noexcept {
  if (forked_.holds()) return 0;
  std::uint64_t lowest = kNone;
  for (std::uint32_t lane = 0; lane < rings_.size(); ++lane)
    lowest = std::min(lowest, rings_[lane].seq_of(next_of(lane).load(std::memory_order_acquire)));
  return lowest;
}

std::uint64_t MemberCore::lag() const noexcept {
  if (forked_.holds()) return 0;
  std::uint64_t lag = 0;
  for (std::uint32_t lane = 0; lane < rings_.size(); ++lane) {
    const std::uint64_t head = std::min(rings_[lane].head->load(std::memory_order_acquire), rings_[lane].limit);
    lag += head - std::min(head, next_of(lane).load(std::memory_order_acquire));
  }
  return lag;
}

}  // namespace arena_shm::core
