// What a WaitSet waits for (wait_set_core.hpp): a reader that shall have something, a writer that shall have room.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "arena_shm/core/layout.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time, which is also that of its set.
class Waitable {
 public:
  struct Prospect {
    bool is_ready = false;                                                ///< what it waits for is there
    bool is_tired = false;                                                ///< it may be; ask again
    std::chrono::nanoseconds patience = std::chrono::nanoseconds::max();  ///< else: sleep no longer than that

    /// A value is there, and waits for so long for a round of Order::time.
    std::chrono::nanoseconds round_patience = std::chrono::nanoseconds::max();

    std::chrono::nanoseconds longest_sleep() const noexcept { return std::min(patience, round_patience); }
    bool is_idle() const noexcept {
      return !is_ready && !is_tired && round_patience == std::chrono::nanoseconds::max();
    }
  };
  /// The set that it is in.
  struct Membership {
    void* set = nullptr;
    void (*leave)(void* set, Waitable& one) noexcept = nullptr;
  };

  Waitable(const Waitable&) = delete;
  Waitable& operator=(const Waitable&) = delete;

  /// One slice of looking. It is D3, too (doorbell.hpp): what was stored before the bell was last rung is seen.
  /// Errors: Code::forked.
  virtual Prospect prospect() = 0;
  /// A cheap look, in which one may spin. Also true if only prospect() can tell, or refuses.
  virtual bool may_be_ready() const noexcept = 0;
  /// When the time is over: what it has lost is told.
  virtual void report_gap() {}
  /// It is rung when it becomes ready. Null: there is none that may be written. The same as long as it is in a set.
  virtual Doorbell* doorbell() const noexcept = 0;
  /// The arena's.
  virtual const std::string& name() const noexcept = 0;
  /// A thread waits for it, from now on, or no longer: so long it is left alone by whoever destroys it in another one.
  /// May be called in a forked child.
  virtual void mark_inside(bool inside) noexcept = 0;

  void join(Membership membership) noexcept { membership_ = membership; }
  bool is_in_a_set() const noexcept { return membership_.set != nullptr; }

 protected:
  Waitable() = default;
  /// Requires: it has left its set.
  ~Waitable() = default;
  /// To be called first when it is destroyed, as long as its doorbell is mapped.
  void leave_set() noexcept {
    if (const Membership was = std::exchange(membership_, {}); was.set != nullptr) was.leave(was.set, *this);
  }

 private:
  Membership membership_;
};

/// What a WaitSet waits for, by the type of what a handle stands for. Others have it beside them.
inline Waitable& waitable_of(Waitable& one) noexcept { return one; }

}  // namespace arena_shm::core
