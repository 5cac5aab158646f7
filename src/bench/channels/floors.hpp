// Floors do the least that the job could need, with none of its promises; bare parts do one part of what arena-shm
// does, and look at nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/stamp.hpp"
#include "arena_shm/core/words.hpp"
#include "bench/channels/channel.hpp"
#include "bench/harness/keep.hpp"
#include "bench/harness/shared_block.hpp"

namespace arena_shm::bench {

/// A ring that anybody may write into, and nobody can read safely. Requires: slots is a power of two.
template <class T>
class BareRing {
 public:
  explicit BareRing(std::size_t slots) : block_(kHeadBytes + slots * sizeof(T)), mask_(slots - 1) {}

  /// What a loop keeps in registers.
  struct View {
    std::atomic<std::uint64_t>* head;
    T* slots;
    std::uint64_t mask;

    /// For one writer alone.
    [[gnu::always_inline]] std::uint64_t store(const T& value) const noexcept {
      const std::uint64_t seq = head->load(std::memory_order_relaxed);
      std::memcpy(&slots[seq & mask], &value, sizeof(T));
      head->store(seq + 1, std::memory_order_release);
      return seq;
    }
    [[gnu::always_inline]] std::uint64_t fetch_add(const T& value) const noexcept {
      const std::uint64_t seq = head->fetch_add(1, std::memory_order_acq_rel);
      std::memcpy(&slots[seq & mask], &value, sizeof(T));
      return seq;
    }
    /// Sixteen values at once, for one writer alone. Requires: head is a multiple of 16.
    [[gnu::always_inline]] std::uint64_t store_16(const T* values) const noexcept {
      const std::uint64_t seq = head->load(std::memory_order_relaxed);
      std::memcpy(&slots[seq & mask], values, 16 * sizeof(T));
      head->store(seq + 16, std::memory_order_release);
      return seq;
    }
  };

  View view() const noexcept {
    return {reinterpret_cast<std::atomic<std::uint64_t>*>(block_.data()),
            reinterpret_cast<T*>(block_.data() + kHeadBytes), mask_};
  }
  void touch() const noexcept { block_.touch(); }

 private:
  static constexpr std::size_t kHeadBytes = 4096;

  SharedBlock block_;
  std::uint64_t mask_;
};

/// What our writers store, in their order and no other instruction for it: the claims, the stamps and the counter
/// around the value, with nothing looked at. Requires: slots is a power of two.
template <class T>
class MarkedRing {
  static_assert(sizeof(T) % core::kWordBytes == 0, "the next slot's stamp has to be aligned");

 public:
  explicit MarkedRing(std::size_t slots) : block_(kHeadBytes + slots * kStride), mask_(slots - 1) {}

  struct View {
    std::atomic<std::uint64_t>* head;
    std::atomic<std::uint64_t>* seat;
    std::byte* slots;
    std::uint64_t mask;

    /// For one writer alone.
    [[gnu::always_inline]] std::uint64_t store(const T& value) const noexcept {
      const std::uint64_t seq = head->load(std::memory_order_relaxed);
      head->store(seq + 1, std::memory_order_release);
      publish(seq, value);
      count(1);
      return seq;
    }
    [[gnu::always_inline]] std::uint64_t fetch_add(const T& value) const noexcept {
      seat[0].store(seat[0].load(std::memory_order_relaxed) + 1, std::memory_order_release);
      const std::uint64_t seq = head->fetch_add(1, std::memory_order_acq_rel);
      seat[0].store(seq << 2 | 2, std::memory_order_release);
      publish(seq, value);
      count(1);
      seat[0].store((seq + 1) << 2, std::memory_order_release);
      return seq;
    }
    [[gnu::always_inline]] std::uint64_t fetch_add_16(const T* values) const noexcept {
      seat[0].store(seat[0].load(std::memory_order_relaxed) + 1, std::memory_order_release);
      const std::uint64_t seq = head->fetch_add(16, std::memory_order_acq_rel);
      seat[2].store(seq + 16, std::memory_order_release);
      for (std::uint64_t k = 0; k < 16; ++k) {
        seat[0].store((seq + k) << 2 | 2, std::memory_order_release);
        publish(seq + k, values[k]);
      }
      count(16);
      seat[0].store((seq + 16) << 2, std::memory_order_release);
      return seq;
    }

   private:
    [[gnu::always_inline]] void publish(std::uint64_t seq, const T& value) const noexcept {
      std::byte* slot = slots + (seq & mask) * kStride;
      auto* stamp = reinterpret_cast<std::atomic<std::uint64_t>*>(slot);
      stamp->store(core::busy(seq), std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_release);
      core::store_words(reinterpret_cast<std::uint64_t*>(slot + core::kWordBytes), &value, sizeof(T));
      stamp->store(core::done(seq), std::memory_order_release);
    }
    [[gnu::always_inline]] void count(std::uint64_t values) const noexcept {
      seat[1].store(seat[1].load(std::memory_order_relaxed) + values, std::memory_order_relaxed);
    }
  };

  /// Of the writer that has this seat. Requires: seat < 32.
  View view(std::size_t seat = 0) const noexcept {
    const auto at = [this](std::size_t bytes) {
      return reinterpret_cast<std::atomic<std::uint64_t>*>(block_.data() + bytes);
    };
    return {at(0), at(kHeadBytes / 2 + seat * sizeof(core::Seat)), block_.data() + kHeadBytes, mask_};
  }
  void touch() const noexcept { block_.touch(); }

 private:
  static constexpr std::size_t kHeadBytes = 8192;  // a page for the head, one for the seats
  static constexpr std::size_t kStride = core::kWordBytes + sizeof(T);

  SharedBlock block_;
  std::uint64_t mask_;
};

/// fetch_add + memcpy, as a channel that is only written into.
template <class T>
class FetchAddChannel : public ChannelDefaults {
 public:
  explicit FetchAddChannel(std::size_t slots) : ring_(slots) {}
  void join_writer() { ring_.touch(); }
  bool push(const T& value) noexcept {
    keep_number(ring_.view().fetch_add(value));
    return true;
  }

 private:
  BareRing<T> ring_;
};

/// What the shared Writer stores, as a channel that is only written into.
template <class T>
class MarkedChannel : public ChannelDefaults {
 public:
  explicit MarkedChannel(std::size_t slots) : ring_(slots) {}
  void join_writer() {
    ring_.touch();
    seat_ = seats_->fetch_add(1);
  }
  bool push(const T& value) noexcept {
    keep_number(ring_.view(seat_).fetch_add(value));
    return true;
  }

 private:
  MarkedRing<T> ring_;
  Shared<std::atomic<std::size_t>> seats_;
  std::size_t seat_ = 0;
};

/// One value, in one cache line if it has at most 56 bytes. Right only while the two sides take turns.
template <class T>
class BareLineChannel : public ChannelDefaults {
 public:
  explicit BareLineChannel(std::size_t) {}
  bool push(const T& value) noexcept {
    std::memcpy(&line_->value, &value, sizeof(T));
    line_->count.store(++pushed_, std::memory_order_release);
    return true;
  }
  template <class Use>
  bool pop(Use&& use) noexcept {
    if (line_->count.load(std::memory_order_acquire) == popped_) return false;
    ++popped_;
    use(line_->value);
    return true;
  }

 private:
  struct Line {
    alignas(128) std::atomic<std::uint64_t> count{0};
    T value{};
  };

  Shared<Line> line_;
  std::uint64_t pushed_ = 0;
  std::uint64_t popped_ = 0;
};

/// One value and a futex: a wake-up for every value, whether anybody sleeps or not.
template <class T>
class FutexChannel : public ChannelDefaults {
 public:
  explicit FutexChannel(std::size_t) {}
  bool push(const T& value) noexcept {
    line_->value = value;
    line_->count.fetch_add(1, std::memory_order_release);
    core::futex_wake(line_->count, 1);
    return true;
  }
  template <class Use>
  void wait_pop(Use&& use) noexcept {
    while (line_->count.load(std::memory_order_acquire) == popped_) {
      core::futex_wait(line_->count, popped_, std::chrono::seconds{1});
    }
    popped_ = line_->count.load(std::memory_order_acquire);
    use(line_->value);
  }

 private:
  struct Line {
    alignas(128) std::atomic<std::uint32_t> count{0};
    T value{};
  };

  Shared<Line> line_;
  std::uint32_t popped_ = 0;
};

}  // namespace arena_shm::bench
