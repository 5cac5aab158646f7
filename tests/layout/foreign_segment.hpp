// What programs need that write or consume without the library: written from the manual page arena-shm-layout(5) alone,
// whose labels stand at the steps. Nothing of the header is checked: the tests make it.
#pragma once

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace foreign {

using Word = std::uint64_t;

inline std::atomic_ref<Word> atomic(char* at) { return std::atomic_ref<Word>(*reinterpret_cast<Word*>(at)); }
inline Word load(char* at) { return atomic(at).load(std::memory_order_acquire); }
inline void store(char* at, Word word) { atomic(at).store(word, std::memory_order_release); }

constexpr Word done(Word n) { return (n + 1) << 1; }
constexpr Word busy(Word n) { return (n + 1) << 1 | 1; }

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "foreign program: %s\n", what);
  std::exit(EXIT_FAILURE);
}

inline Word fnv1a(const char* text) {
  Word hash = 0xcbf29ce484222325;
  for (; *text != 0; ++text) hash = (hash ^ static_cast<unsigned char>(*text)) * 0x100000001b3;
  return hash;
}

class Segment {
 public:
  explicit Segment(const char* path) : path_(path), fd_(::open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)) {
    struct stat status {};
    if (fd_ < 0 || ::fstat(fd_, &status) != 0) fail("open");
    const auto size = static_cast<std::size_t>(status.st_size);
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (memory == MAP_FAILED) fail("mmap");
    base_ = static_cast<char*>(memory);
  }

  Word header(std::size_t at) const {
    Word word = 0;
    std::memcpy(&word, base_ + at, sizeof(word));
    return word;
  }
  std::uint32_t header32(std::size_t at) const { return static_cast<std::uint32_t>(header(at)); }
  Word seat_count() const { return header32(168); }
  Word consumer_count() const { return header32(312); }
  Word slot_count() const { return header(128); }
  Word lanes() const { return (header32(20) & 2) != 0 ? seat_count() : 1; }
  bool is_lossless() const { return (header32(20) & 4) != 0; }
  Word limit() const { return (Word{1} << (is_lossless() ? 59 : 61)) / lanes(); }

  char* seat(Word i) const { return base_ + header(96) + i * 192; }
  char* mutex() const { return base_ + header(80) + 64; }
  char* doorbell() const { return base_ + header(64); }
  char* room() const { return base_ + header(296); }
  char* line(Word i) const { return room() + 64 + i * ((32 + 8 * lanes() + 63) / 64 * 64); }
  char* released(Word i, Word lane) const { return line(i) + 32 + 8 * lane; }
  char* head_at(Word lane) const { return (header32(20) & 3) != 0 ? seat(lane) + 8 : base_ + header(80); }
  Word head(Word lane) const { return std::min(load(head_at(lane)), limit()); }
  char* slot(Word lane, Word n) const {
    return base_ + header(112) + lane * (header(120) / lanes()) + n % slot_count() * header(136);
  }
  char* record(char* slot) const { return slot + header(144); }

  bool is_over(Word i) const {
    const Word session = load(seat(i) + 48);
    if (session == 0 || load(seat(i) + 56) >= session) return true;
    return !is_locked(fd_, door(i, session) + 1);
  }

  /// E1 to E3. False: it is another's.
  bool take_seat(Word i) {
    const Word session = load(seat(i) + 48);  // E1
    if (!is_over(i)) return false;
    locks_ = open_again();
    if (!lock(locks_, door(i, session + 1)) ||  // E2
        load(seat(i) + 48) != session ||        // E3
        !lock(locks_, door(i, session + 1) + 1)) {
      ::close(locks_);
      return false;
    }
    seat_ = i;
    session_ = session + 1;
    return true;
  }

  /// The last part of E4, and E5.
  void begin(const char* name) {
    char* const mine = seat(seat_);
    if (load(mine + 56) >= session_) store(mine + 56, session_ - 1);
    std::memset(mine + 64, 0, 64);
    const auto pid = static_cast<std::uint32_t>(::getpid());
    std::memcpy(mine + 64, &pid, sizeof(pid));
    std::memcpy(mine + 96, name, std::min<std::size_t>(std::strlen(name), 32));
    store(mine + 136, 0);
    store(mine + 144, 0);
    store(mine + 48, session_);  // E5
  }

  void leave() {
    store(seat(seat_) + 56, session_);  // E6
    ::close(locks_);
  }

  Word seat_held() const { return seat_; }
  int open_again() const {
    const int fd = ::open(path_, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) fail("open");
    return fd;
  }

  static bool lock(int fd, Word position) {
    struct flock lock = byte_at(position, F_WRLCK);
    return ::fcntl(fd, F_OFD_SETLK, &lock) == 0;
  }

  static void ring(char* bell) {
    auto* const word = reinterpret_cast<std::uint32_t*>(bell);
    std::atomic_thread_fence(std::memory_order_seq_cst);  // D5
    if ((std::atomic_ref(*word).load(std::memory_order_relaxed) & 1) == 0) return;
    std::atomic_ref(*word).fetch_add(1);  // D6
    ::syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  }

 private:
  static Word door(Word seat, Word session) { return (Word{1} << 62) + (seat << 49) + (session << 1); }
  static struct flock byte_at(Word position, short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(position);
    lock.l_len = 1;
    return lock;
  }
  static bool is_locked(int fd, Word position) {
    struct flock lock = byte_at(position, F_RDLCK);
    return ::fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
  }

  const char* path_;
  int fd_;
  int locks_ = -1;
  char* base_ = nullptr;
  Word seat_ = 0;
  Word session_ = 0;
};

}  // namespace foreign
