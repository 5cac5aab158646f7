// Peers: a ring under a lock that processes share, as one would write it in an afternoon. Overwrites the oldest value;
// readers take the lock too.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>

#include "bench/channels/channel.hpp"
#include "bench/harness/shared_block.hpp"

namespace arena_shm::bench {

/// A pthread mutex that survives the death of its owner.
class RobustMutex {
 public:
  RobustMutex() {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    const int error = ::pthread_mutex_init(&mutex_, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
    if (error != 0) throw std::runtime_error("no robust mutex");
  }
  void lock() noexcept {
    if (::pthread_mutex_lock(&mutex_) == EOWNERDEAD) ::pthread_mutex_consistent(&mutex_);
  }
  void unlock() noexcept { ::pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_{};
};

/// Requires: slots is a power of two.
template <class T, class Mutex>
class MutexRing : public ChannelDefaults {
 public:
  explicit MutexRing(std::size_t slots)
      : block_(sizeof(Control) + slots * sizeof(T)),
        control_(*new (block_.data()) Control),
        slots_(reinterpret_cast<T*>(block_.data() + sizeof(Control))),
        slot_count_(slots) {}

  void join_writer() { block_.touch(); }
  void join_reader() { block_.touch(); }

  bool push(const T& value) noexcept {
    control_.mutex.lock();
    const std::uint64_t seq = control_.head;
    std::memcpy(&slots_[seq & (slot_count_ - 1)], &value, sizeof(T));
    control_.head = seq + 1;
    control_.mutex.unlock();
    return true;
  }
  template <class Use>
  bool pop(Use&& use) noexcept {
    T value;
    control_.mutex.lock();
    const std::uint64_t head = control_.head;
    const bool any = cursor_ < head;
    if (any) {
      const std::uint64_t oldest = head - std::min<std::uint64_t>(head, slot_count_);
      if (cursor_ < oldest) {
        lost_ += oldest - cursor_;
        cursor_ = oldest;
      }
      std::memcpy(&value, &slots_[cursor_++ & (slot_count_ - 1)], sizeof(T));
    }
    control_.mutex.unlock();
    if (any) use(value);
    return any;
  }
  template <class Use>
  std::size_t pop_some(Use&& use) noexcept {
    return pop_up_to(*this, kSome, use);
  }
  std::uint64_t lost() const noexcept { return lost_; }

 private:
  struct Control {
    alignas(64) Mutex mutex;
    alignas(64) std::uint64_t head = 0;
  };

  SharedBlock block_;
  Control& control_;
  T* slots_;
  std::uint64_t slot_count_;
  std::uint64_t cursor_ = 0;
  std::uint64_t lost_ = 0;
};

template <class T>
using RobustRing = MutexRing<T, RobustMutex>;
template <class T>
using BoostMutexRing = MutexRing<T, boost::interprocess::interprocess_mutex>;

}  // namespace arena_shm::bench
