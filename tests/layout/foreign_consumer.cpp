// Gets every record of a lossless arena without the library: written from the manual page arena-shm-layout(5) alone,
// whose labels stand at the steps.
//
//   foreign_consumer PATH NAME COUNT [kept]     Says "ready" when it has joined. Then a line for each record, "LANE N
//                                               WRITER ITS-N", or "bad" behind that if it is not whole; "evicted" if it
//                                               was. COUNT 0: for ever
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "layout/foreign_gate.hpp"
#include "layout/foreign_segment.hpp"
#include "layout/records.hpp"

namespace {

using namespace foreign;
using arena_shm::layout_test::record;
using arena_shm::layout_test::Record;

constexpr std::chrono::microseconds kPause{50};

class Consumer {
 public:
  Consumer(const char* path, const char* name, bool kept) : segment_(path), next_(segment_.lanes()) {
    const int name_door = segment_.open_again();
    while (!Segment::lock(name_door, (Word{1} << 61) + (fnv1a(name) >> 32))) std::this_thread::sleep_for(kPause);
    if (find_own(name)) {
      segment_.begin(name);
      ::close(name_door);
      for (Word lane = 0; lane < next_.size(); ++lane) next_[lane] = load(segment_.released(line_, lane));
      state_ = load(segment_.line(line_));
      return;
    }
    if (!find_free()) fail("no place is free");
    segment_.begin(name);
    ::close(name_door);
    join(kept);
  }

  bool is_evicted() const { return load(segment_.line(line_)) != state_; }

  /// R1 to R4, of the next record of a lane, and L1 and L2 for those before. False: there is none yet.
  bool take(Word lane, Record& value) {
    const Word n = next_[lane];
    char* const slot = segment_.slot(lane, n);
    if (load(slot) != done(n)) return false;  // R1
    std::array<Word, sizeof(Record) / sizeof(Word)> words{};
    for (std::size_t i = 0; i < words.size(); ++i)  // R2
      words[i] = atomic(segment_.record(slot) + i * sizeof(Word)).load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);  // R3
    if (atomic(slot).load(std::memory_order_relaxed) != done(n))
      fail("overwritten, though it was not done with");  // R4
    std::memcpy(&value, words.data(), sizeof(value));
    next_[lane] = n + 1;
    return true;
  }
  void release(Word lane) {
    store(segment_.released(line_, lane), next_[lane]);  // L1
    Segment::ring(segment_.room());                      // L2
  }

  Word lanes() const { return next_.size(); }
  Word next(Word lane) const { return next_[lane]; }

  void leave() {
    Word state = state_;
    if (standing(state) == kJoined) {
      atomic(segment_.line(line_)).compare_exchange_strong(state, state & ~Word{3}, std::memory_order_acq_rel);
      Segment::ring(segment_.room());
    }
    segment_.leave();
  }

 private:
  bool take_line(Word line, Word state) {
    if (!segment_.take_seat(segment_.seat_count() + line)) return false;
    if (load(segment_.line(line)) != state) fail("somebody was quicker");
    line_ = line;
    return true;
  }

  /// One that was kept under this name.
  bool find_own(const char* name) {
    for (Word i = 0; i < segment_.consumer_count(); ++i) {
      const Word state = load(segment_.line(i));
      char* const seat = segment_.seat(segment_.seat_count() + i);
      if (load(seat + 48) == 0 || std::strncmp(seat + 96, name, 32) != 0) continue;
      if (!segment_.is_over(segment_.seat_count() + i) || (gates(state) && kind(state) == kGroup))
        fail("the name is taken");
      if (kind(state) == kAlone && standing(state) == kKept) return take_line(i, state);
    }
    return false;
  }

  bool find_free() {
    for (const Word wanted : {kFree, kJoined}) {
      for (Word i = 0; i < segment_.consumer_count(); ++i) {
        const Word state = load(segment_.line(i));
        if (standing(state) != wanted || (wanted == kJoined && kind(state) != kAlone)) continue;
        if (take_line(i, state)) return true;
      }
    }
    return false;
  }

  void join(bool kept) {
    char* const line = segment_.line(line_);
    const auto store_heads = [&] {
      for (Word lane = 0; lane < next_.size(); ++lane) {
        next_[lane] = segment_.head(lane);
        store(segment_.released(line_, lane), next_[lane]);
      }
    };
    for (const std::size_t at : {8U, 16U, 24U}) store(line + at, 0);
    store_heads();  // J0
    state_ = (epoch(load(line)) + 1) << 24 | kAlone << 2 | (kept ? kKept : kJoined);
    store(line, state_);                                  // J1
    std::atomic_thread_fence(std::memory_order_seq_cst);  // J2
    store_heads();                                        // J3, J4
    Segment::ring(segment_.room());                       // J5
  }

  Segment segment_;
  std::vector<Word> next_;
  Word line_ = 0;
  Word state_ = 0;
};

bool is_whole(const Record& value) {
  const Record made = record(value.writer, value.n);
  return std::memcmp(&made, &value, sizeof(made)) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return EXIT_FAILURE;
  Consumer consumer(argv[1], argv[2], argc > 4);
  std::puts("ready");
  std::fflush(stdout);
  const std::uint64_t count = std::strtoull(argv[3], nullptr, 10);
  for (std::uint64_t taken = 0; count == 0 || taken < count;) {
    if (consumer.is_evicted()) {
      std::puts("evicted");
      return EXIT_SUCCESS;
    }
    const std::uint64_t before = taken;
    for (Word lane = 0; lane < consumer.lanes(); ++lane) {
      Record value{};
      if ((count != 0 && taken == count) || !consumer.take(lane, value)) continue;
      ++taken;
      std::printf("%llu %llu %llu %llu%s\n", static_cast<unsigned long long>(lane),
                  static_cast<unsigned long long>(consumer.next(lane) - 1),
                  static_cast<unsigned long long>(value.writer), static_cast<unsigned long long>(value.n),
                  is_whole(value) ? "" : " bad");
      std::fflush(stdout);
      consumer.release(lane);
    }
    if (taken == before) std::this_thread::sleep_for(kPause);
  }
  consumer.leave();
  return EXIT_SUCCESS;
}
