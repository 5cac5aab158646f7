// Writes a shared arena without the library: written from the manual page arena-shm-layout(5) alone, whose labels stand
// at the steps.
//
//   foreign_shared_writer PATH WRITER COUNT [POINT]     COUNT 0: until it is killed. With POINT it stops itself at that
//                                                       point of its third record: W1, W2, S1, or S3
//
// It checks nothing of the header: the tests make that.
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "layout/records.hpp"

namespace {

using Word = std::uint64_t;
constexpr Word kLimit = Word{1} << 61;
constexpr int kLooks = 1000;  // at a claim that blocks

std::atomic_ref<Word> atomic(char* at) { return std::atomic_ref<Word>(*reinterpret_cast<Word*>(at)); }

constexpr Word done(Word n) { return (n + 1) << 1; }
constexpr Word busy(Word n) { return (n + 1) << 1 | 1; }

struct flock byte_at(Word position, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(position);
  lock.l_len = 1;
  return lock;
}

class Writer {
 public:
  explicit Writer(const char* path) : path_(path), fd_(::open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)) {
    struct stat status {};
    if (fd_ < 0 || ::fstat(fd_, &status) != 0) fail("open");
    void* memory =
        ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (memory == MAP_FAILED) fail("mmap");
    base_ = static_cast<char*>(memory);
    std::uint32_t seat_count = 0;
    std::memcpy(&seat_count, base_ + 168, sizeof(seat_count));
    seat_count_ = seat_count;
    slot_count_ = header(128);
    while (seat_ < seat_count_ && !take_seat()) ++seat_;
    if (seat_ == seat_count_) fail("no seat is free");
    next_ = atomic(seat(seat_)).load() >> 2;
  }

  void write(const void* record, std::size_t bytes, const char* stop_at) {
    const auto point = [&](const char* name) {
      if (stop_at != nullptr && std::strcmp(stop_at, name) == 0) ::raise(SIGSTOP);
    };
    const auto claim = atomic(seat(seat_));
    const auto head = atomic(base_ + header(80));
    for (Word skips = 0;; ++skips) {
      claim.store(next_ << 2 | 1, std::memory_order_release);  // W1
      point("W1");
      const Word n = head.fetch_add(1, std::memory_order_acq_rel);  // W2
      if (n >= kLimit) fail("used up");
      point("W2");
      claim.store(n << 2 | 2, std::memory_order_release);  // W2'
      next_ = n + 1;
      char* const slot = base_ + header(112) + n % slot_count_ * header(136);
      const auto stamp = atomic(slot);
      const Word before = n >= slot_count_ ? done(n - slot_count_) : 0;
      const bool is_next = stamp.load(std::memory_order_acquire) == before;  // W3
      if (!is_next && is_blocked(n) && stamp.load(std::memory_order_acquire) != before) {
        add(seat(seat_) + 40);
        if (skips > seat_count_) {
          claim.store(next_ << 2, std::memory_order_release);
          std::this_thread::yield();
        }
        continue;
      }
      if (stamp.load(std::memory_order_relaxed) >= busy(n)) fail("the arena is damaged");
      stamp.store(busy(n), std::memory_order_relaxed);      // S1
      std::atomic_thread_fence(std::memory_order_release);  // S2
      point("S1");
      for (std::size_t at = 0; at < bytes; at += sizeof(Word)) {  // S3
        Word word = 0;
        std::memcpy(&word, static_cast<const char*>(record) + at, std::min(sizeof(word), bytes - at));
        atomic(slot + header(144) + at).store(word, std::memory_order_relaxed);
      }
      point("S3");
      stamp.store(done(n), std::memory_order_release);  // S4
      break;
    }
    add(seat(seat_) + 32);
    claim.store(next_ << 2, std::memory_order_release);  // W4
    ring();                                              // W5
  }

  void leave() {
    atomic(seat(seat_) + 56).store(session_, std::memory_order_release);  // E6
    ::close(locks_);
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    std::fprintf(stderr, "foreign writer: %s\n", what);
    std::exit(EXIT_FAILURE);
  }

  Word header(std::size_t at) const {
    Word word = 0;
    std::memcpy(&word, base_ + at, sizeof(word));
    return word;
  }
  char* seat(Word i) const { return base_ + header(96) + i * 192; }
  static Word door(Word seat, Word session) { return (Word{1} << 62) + (seat << 49) + (session << 1); }
  static void add(char* at) {
    atomic(at).store(atomic(at).load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  bool is_over(Word i) const {
    const Word session = atomic(seat(i) + 48).load(std::memory_order_acquire);
    if (session == 0 || atomic(seat(i) + 56).load(std::memory_order_acquire) >= session) return true;
    struct flock lock = byte_at(door(i, session) + 1, F_RDLCK);
    return ::fcntl(fd_, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
  }

  bool take_seat() {
    char* const mine = seat(seat_);
    const Word session = atomic(mine + 48).load(std::memory_order_acquire);  // E1
    if (!is_over(seat_)) return false;
    locks_ = ::open(path_, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    struct flock lock = byte_at(door(seat_, session + 1), F_WRLCK);
    struct flock lease = byte_at(door(seat_, session + 1) + 1, F_WRLCK);
    if (locks_ < 0 || ::fcntl(locks_, F_OFD_SETLK, &lock) != 0 ||        // E2
        atomic(mine + 48).load(std::memory_order_acquire) != session ||  // E3
        ::fcntl(locks_, F_OFD_SETLK, &lease) != 0) {
      ::close(locks_);
      return false;
    }
    const auto mutex = atomic(base_ + header(80) + 64);  // E4
    Word owner = mutex.load(std::memory_order_acquire);
    while ((owner & 0x1fff) == seat_ + 1 && !mutex.compare_exchange_weak(owner, 0, std::memory_order_acq_rel)) {
    }
    const Word head = std::min(atomic(base_ + header(80)).load(std::memory_order_acquire), kLimit);
    for (const std::size_t at : {0U, 16U}) atomic(mine + at).store(head << 2, std::memory_order_release);
    if (atomic(mine + 56).load() > session) atomic(mine + 56).store(session);
    std::memset(mine + 64, 0, 64);
    const auto pid = static_cast<std::uint32_t>(::getpid());
    std::memcpy(mine + 64, &pid, sizeof(pid));
    std::memcpy(mine + 96, "foreign", 7);
    atomic(mine + 136).store(0);
    atomic(mine + 144).store(0);
    session_ = session + 1;
    atomic(mine + 48).store(session_, std::memory_order_release);  // E5
    return true;
  }

  /// Does a claim that is not this writer's block n, its holder living, for as long as is waited for it?
  bool is_blocked(Word n) const {
    for (Word i = 0; i < seat_count_; ++i) {
      for (const std::size_t which : {0U, 16U}) {
        if (i == seat_ && which == 0) continue;
        int looks = 0;
        while (blocks(seat(i) + which, n)) {
          if (is_over(i)) break;
          if (++looks == kLooks) return true;
        }
      }
    }
    return false;
  }

  bool blocks(char* at, Word n) const {
    const Word claim = atomic(at).load(std::memory_order_acquire);
    const Word hi = atomic(at + 8).load(std::memory_order_acquire);
    const Word first = claim >> 2;
    if ((claim & 3) == 1) return first < n;
    if ((claim & 3) != 2) return false;
    const Word end = std::max(first + 1, hi);
    if (first >= n) return false;
    const Word laps = n >= end ? (n - end) / slot_count_ + 1 : 1;  // back to below the end
    return laps * slot_count_ <= n - first;
  }

  void ring() const {
    auto* const word = reinterpret_cast<std::uint32_t*>(base_ + header(64));
    std::atomic_thread_fence(std::memory_order_seq_cst);  // D5
    if ((std::atomic_ref(*word).load(std::memory_order_relaxed) & 1) == 0) return;
    std::atomic_ref(*word).fetch_add(1);  // D6
    ::syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  }

  const char* path_;
  int fd_;
  int locks_ = -1;
  char* base_ = nullptr;
  Word seat_count_ = 0;
  Word slot_count_ = 0;
  Word seat_ = 0;
  Word session_ = 0;
  Word next_ = 0;
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
