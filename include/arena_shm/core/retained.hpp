// What becomes of handles while the process exits. exit() destroys the statics of a program on one thread while others
// run on, into them as well: so from then on nothing that a handle owns is unmapped, freed, or made null. The process
// takes it along when it ends.
//
// How it is known that exit() has begun, which is nowhere to be asked:
// - exit() first destroys what is thread_local on the thread that calls it. Of the main thread that happens nowhere
//   else, and what every arena leaves there tells those that are destroyed afterwards.
// - It calls what was registered by atexit, the newest first, statics being among them. So a handle registers
//   something when a thread begins to use it: later than the handle, and therefore called before it is destroyed.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace arena_shm::core {

/// Is the calling thread in exit(), as far as this library can know? Other threads destroy what is theirs as ever.
bool is_exiting() noexcept;

/// Call when a handle has been made; at its first use by a thread, as far as that is off the hot path; and before it
/// waits. Safe in signal handlers, as far as malloc is. Cost: a load and a comparison, but the first time after a
/// handle was made.
enum class Begins : bool { handle, use };
void expect_exit(Begins what) noexcept;

/// Does the process have no thread but the calling one? False where that cannot be told. Cost: a system call.
bool is_only_thread() noexcept;

/// As long as it lives, the mark is set: a thread is inside of what it belongs to, which is to be left alone. Nests.
class Marked {
 public:
  explicit Marked(std::atomic<bool>& mark) noexcept
      : mark_(mark), before_(mark.exchange(true, std::memory_order_relaxed)) {}
  Marked(const Marked&) = delete;
  Marked& operator=(const Marked&) = delete;
  ~Marked() { mark_.store(before_, std::memory_order_relaxed); }

 private:
  std::atomic<bool>& mark_;
  bool before_;
};

/// Owns what a handle stands for. `T::retire(object)` says what becomes of it in the end: it may decide to leave it.
/// The pointer stays, for threads that still come.
template <class T>
class Retained {
 public:
  explicit Retained(T* object) noexcept : object_(object) {}
  Retained(Retained&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Retained& operator=(Retained&& other) noexcept {
    if (this != &other) {
      retire(std::exchange(object_, nullptr));
      object_ = std::exchange(other.object_, nullptr);
    }
    return *this;
  }
  Retained(const Retained&) = delete;
  Retained& operator=(const Retained&) = delete;
  ~Retained() { retire(object_); }

  [[gnu::always_inline]] T* operator->() const noexcept { return object_; }

 private:
  static void retire(T* object) noexcept {
    if (object != nullptr) T::retire(object);
  }

  T* object_;
};

/// A share of something; given back when destroyed, but not in exit().
template <class T>
class RetainedShare {
 public:
  explicit RetainedShare(std::shared_ptr<T> share) noexcept : share_(std::move(share)) {}
  RetainedShare(const RetainedShare& other) noexcept : share_(other.share_) {}
  RetainedShare(RetainedShare&& other) noexcept : share_(std::move(other.share_)) {}
  RetainedShare& operator=(const RetainedShare& other) noexcept {
    share_ = other.share_;
    return *this;
  }
  RetainedShare& operator=(RetainedShare&& other) noexcept {
    share_ = std::move(other.share_);
    return *this;
  }
  ~RetainedShare() {
    if (!is_exiting()) std::destroy_at(&share_);
  }

  T* operator->() const noexcept { return share_.get(); }
  T& operator*() const noexcept { return *share_; }
  const std::shared_ptr<T>& share() const noexcept { return share_; }

 private:
  union {
    std::shared_ptr<T> share_;
  };
};

}  // namespace arena_shm::core
