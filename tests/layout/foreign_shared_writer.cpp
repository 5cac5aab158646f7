// Writes a shared arena without the library: written from the manual page arena-shm-layout(5) alone, whose labels stand
// at the steps.
//
//   foreign_shared_writer PATH WRITER COUNT [POINT]     COUNT 0: until it is killed. With POINT it stops itself at that
//                                                       point of its third record: W1, W2, S1, or S3
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "layout/foreign_gate.hpp"
#include "layout/foreign_segment.hpp"
#include "layout/records.hpp"

namespace {

using namespace foreign;

constexpr int kLooks = 1000;  // at a claim that blocks
constexpr std::chrono::microseconds kPause{100};

class Writer {
 public:
  explicit Writer(const char* path) : segment_(path) {
    Word seat = 0;
    while (seat < segment_.seat_count() && !segment_.take_seat(seat)) ++seat;
    if (seat == segment_.seat_count()) fail("no seat is free");
    mine_ = segment_.seat(seat);
    const auto mutex = atomic(segment_.mutex());  // E4
    Word owner = mutex.load(std::memory_order_acquire);
    while ((owner & 0x1fff) == seat + 1 && !mutex.compare_exchange_weak(owner, 0, std::memory_order_acq_rel)) {
    }
    next_ = segment_.head(0);
    for (const std::size_t at : {0U, 16U}) store(mine_ + at, next_ << 2);
    segment_.begin("foreign");
  }

  void write(const void* value, std::size_t bytes, const char* stop_at) {
    const auto point = [&](const char* name) {
      if (stop_at != nullptr && std::strcmp(stop_at, name) == 0) ::raise(SIGSTOP);
    };
    Word n = 0;
    char* slot = nullptr;
    for (Word skips = 0;; ++skips) {
      store(mine_, next_ << 2 | 1);  // W1
      point("W1");
      n = atomic(segment_.head_at(0)).fetch_add(1, std::memory_order_acq_rel);  // W2
      if (n >= segment_.limit()) fail("used up");
      point("W2");
      store(mine_, n << 2 | 2);  // W2'
      next_ = n + 1;
      if (segment_.is_lossless()) pass_gate(n);
      slot = segment_.slot(0, n);
      if (is_mine(slot, n)) break;  // W3
      add(mine_ + 40);
      if (skips <= segment_.seat_count()) continue;
      store(mine_, next_ << 2);
      std::this_thread::yield();
    }
    atomic(slot).store(busy(n), std::memory_order_relaxed);  // S1
    std::atomic_thread_fence(std::memory_order_release);     // S2
    point("S1");
    for (std::size_t at = 0; at < bytes; at += sizeof(Word)) {  // S3
      Word word = 0;
      std::memcpy(&word, static_cast<const char*>(value) + at, std::min(sizeof(word), bytes - at));
      atomic(segment_.record(slot) + at).store(word, std::memory_order_relaxed);
    }
    point("S3");
    store(slot, done(n));  // S4
    add(mine_ + 32);
    store(mine_, next_ << 2);            // W4
    Segment::ring(segment_.doorbell());  // W5
  }

  void leave() { segment_.leave(); }

 private:
  static void add(char* at) {
    atomic(at).store(atomic(at).load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  void pass_gate(Word n) {
    while (n >= gate_) {
      const Gate gate = find_gate(segment_, 0);
      gate_ = std::max(gate_, gate.end);
      if (n < gate_) return;
      Segment::ring(segment_.doorbell());
      free_if_dead(segment_, gate.in_the_way);
      std::this_thread::sleep_for(kPause);
    }
  }

  /// W3, and what follows if somebody older may be in the slot.
  bool is_mine(char* slot, Word n) const {
    const Word before = n >= segment_.slot_count() ? done(n - segment_.slot_count()) : 0;
    if (load(slot) == before) return true;
    if (is_blocked(n) && load(slot) != before) return false;
    if (load(slot) >= busy(n)) fail("the arena is damaged");
    return true;
  }

  /// Does a claim that is not this writer's block n, its holder living, for as long as is waited for it?
  bool is_blocked(Word n) const {
    for (Word i = 0; i < segment_.seat_count(); ++i) {
      for (const std::size_t which : {0U, 16U}) {
        char* const claim = segment_.seat(i) + which;
        if (claim == mine_) continue;
        for (int looks = 1; blocks(claim, n) && !segment_.is_over(i); ++looks) {
          if (looks == kLooks) return true;
        }
      }
    }
    return false;
  }

  bool blocks(char* at, Word n) const {
    const Word claim = load(at);
    const Word hi = load(at + 8);
    const Word first = claim >> 2;
    if ((claim & 3) == 1) return first < n;
    if ((claim & 3) != 2 || first >= n) return false;
    const Word end = std::max(first + 1, hi);
    const Word laps = n >= end ? (n - end) / segment_.slot_count() + 1 : 1;  // back to below the end
    return laps * segment_.slot_count() <= n - first;
  }

  Segment segment_;
  char* mine_ = nullptr;
  Word next_ = 0;
  Word gate_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return EXIT_FAILURE;
  Writer writer(argv[1]);
  std::puts("ready");
  std::fflush(stdout);
  const std::uint64_t number = std::strtoull(argv[2], nullptr, 10);
  const std::uint64_t count = std::strtoull(argv[3], nullptr, 10);
  for (std::uint64_t n = 0; count == 0 || n < count; ++n) {
    const auto record = arena_shm::layout_test::record(number, n);
    writer.write(&record, sizeof(record), argc > 4 && n == 2 ? argv[4] : nullptr);
  }
  writer.leave();
  return EXIT_SUCCESS;
}
