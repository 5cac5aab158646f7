#include "arena_shm/core/lease.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <utility>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/core/system.hpp"
#include "core/dump.hpp"

namespace arena_shm::core {
namespace {

struct flock byte_at(std::uint64_t position, short type) noexcept {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(position);
  lock.l_len = 1;
  lock.l_pid = 0;  // OFD commands require it
  return lock;
}

std::size_t kernel_page_bytes() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

/// Is the byte write-locked through another description? A read lock is asked for, for only a write lock refuses it.
LeaseState ask(int fd, std::uint64_t position) noexcept {
  struct flock lock = byte_at(position, F_RDLCK);
  if (::fcntl(fd, F_OFD_GETLK, &lock) != 0) return LeaseState::unknown;
  return lock.l_type == F_UNLCK ? LeaseState::free : LeaseState::held;
}

LeaseOutcome take_byte(int fd, std::uint64_t position, short type = F_WRLCK) noexcept {
  struct flock lock = byte_at(position, type);
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return LeaseOutcome::taken;
  if (errno != EAGAIN && errno != EACCES) return LeaseOutcome::failed;
  return ask(fd, position) == LeaseState::free ? LeaseOutcome::obstructed : LeaseOutcome::held;
}

/// Where to map the page of a lease: a proposal to mmap. Processes that one parent has forked would all have theirs at
/// one place, and look as though they shared their memory (process_death.hpp). 64 to 256 GiB is below what other
/// mappings begin at, on each machine with 39 bits of address or more.
void* place_of_own(std::uint32_t seat, std::uint64_t session) noexcept {
  constexpr std::uint64_t kFirst = std::uint64_t{1} << 36;
  constexpr std::uint64_t kBytes = std::uint64_t{3} << 36;
  std::uint64_t mixed = static_cast<std::uint64_t>(::getpid()) << 32 ^ session << 12 ^ seat;
  mixed = (mixed ^ mixed >> 31) * 0x7fb5'd329'728e'a185;  // the steps of splitmix64's finaliser
  mixed = (mixed ^ mixed >> 27) * 0x81da'def4'bc2d'd44d;
  mixed ^= mixed >> 33;
  const std::uint64_t place = kFirst + mixed % (kBytes / kernel_page_bytes()) * kernel_page_bytes();
  return reinterpret_cast<void*>(place);  // NOLINT(performance-no-int-to-ptr)
}

/// The same file by a descriptor that no printf writes to, should the program have closed its standard ones.
int above_standard(int fd) {
  if (fd > STDERR_FILENO) return fd;
  const Descriptor low(fd);
  const int high = duplicate_above_standard(fd);
  if (high < 0) throw_errno(errno, Act::duplicate, "open", "");
  return high;
}

}  // namespace

Lease::Lease(Lease&& other) noexcept : page_(std::exchange(other.page_, nullptr)), owner_(other.owner_) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  std::swap(page_, other.page_);
  std::swap(owner_, other.owner_);
  return *this;
}

Lease::~Lease() { release(); }

bool Lease::is_own() const noexcept { return page_ != nullptr && ProcessMark::current() == owner_; }

void Lease::release() noexcept {
  // In a forked child the page is not mapped, and the address may be somebody else's.
  if (is_own()) ::munmap(page_, kernel_page_bytes());
  page_ = nullptr;
}

LeaseFile::LeaseFile(int fd, std::string name) : fd_(above_standard(fd)), name_(std::move(name)) {
  fd = fd_.load(std::memory_order_relaxed);
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    const int error = errno;
    ::close(fd);
    throw_errno(error, Act::look, "open", name_);
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

LeaseFile::~LeaseFile() {
  const NoCancel no_cancel;
  const int fd = fd_.load(std::memory_order_relaxed);
  if (is_ours(fd)) ::close(fd);  // else the program closed it, and the number is another file's
}

bool LeaseFile::is_ours(int fd) const noexcept {
  struct stat status {};
  return fd >= 0 && ::fstat(fd, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

int LeaseFile::fd() const noexcept {
  int fd = fd_.load(std::memory_order_acquire);
  if (is_ours(fd)) return fd;
  // The name may be anybody's by now: not to wait for the other end of a FIFO.
  Descriptor again(open_above_standard(("/dev/shm/" + name_).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (!is_ours(again.get())) return -1;
  // Another thread may have found it first: then its descriptor counts, and this one closes.
  if (fd_.compare_exchange_strong(fd, again.get(), std::memory_order_acq_rel)) return again.release();
  return is_ours(fd) ? fd : -1;
}

bool LeaseFile::retired() const noexcept {
  struct stat status {};
  return ::lstat(("/dev/shm/" + name_).c_str(), &status) != 0 || status.st_dev != device_ || status.st_ino != inode_;
}

int LeaseFile::open_fresh(int flags) const noexcept {
  Descriptor fresh;
  if (const int known = fd(); known >= 0) {
    // Through /proc, so that it works when the name is gone; opening a link to it makes a description of its own.
    std::array<char, 32> path{"/proc/self/fd/"};
    std::to_chars(path.data() + 14, path.data() + path.size() - 1, known);
    fresh = Descriptor(open_above_standard(path.data(), flags));
  }
  if (!fresh) fresh = Descriptor(open_above_standard(("/dev/shm/" + name_).c_str(), flags | O_NOFOLLOW | O_NONBLOCK));
  if (!fresh) return -1;
  if (!is_ours(fresh.get())) {
    errno = ENOENT;
    return -1;
  }
  return fresh.release();
}

LeaseState LeaseFile::test(std::uint32_t seat, std::uint64_t session) const noexcept {
  const NoCancel no_cancel;
  const int known = fd();
  if (known < 0) return LeaseState::unknown;
  const LeaseState state = ask(known, lease_position(seat, session));
  // "Free" is the answer that others act on: it counts only if the descriptor was the segment's all the while.
  if (state == LeaseState::free && !is_ours(known)) return LeaseState::unknown;
  return state;
}

LeaseOutcome LeaseFile::take_next(std::uint32_t seat, std::uint64_t session, const std::atomic<std::uint64_t>& newest,
                                  Lease& lease) const noexcept {
  const NoCancel no_cancel;
  const ForkGuard no_fork;
  const Descriptor fresh(open_fresh(O_RDWR));
  if (!fresh) return LeaseOutcome::failed;
  if (const LeaseOutcome door = take_byte(fresh.get(), door_position(seat, session + 1)); door != LeaseOutcome::taken)
    return door;
  ARENA_SHM_STOP_POINT(door_locked);
  // Behind the door: if that session has begun meanwhile, and is over, its lease is not to be taken again.
  if (newest.load(std::memory_order_acquire) != session) return LeaseOutcome::held;
  if (const LeaseOutcome own = take_byte(fresh.get(), lease_position(seat, session + 1)); own != LeaseOutcome::taken)
    return own;
  ARENA_SHM_STOP_POINT(lease_locked);
  return keep_open(fresh.get(), place_of_own(seat, session + 1), lease);
}

LeaseOutcome LeaseFile::bar_next(std::uint32_t seat, std::uint64_t session, const std::atomic<std::uint64_t>& newest,
                                 Lease& bar) const noexcept {
  const NoCancel no_cancel;
  const ForkGuard no_fork;
  const Descriptor fresh(open_fresh(O_RDWR));
  if (!fresh) return LeaseOutcome::failed;
  const LeaseOutcome door = take_byte(fresh.get(), door_position(seat, session + 1), F_RDLCK);
  if (door != LeaseOutcome::taken) return door;
  const bool is_next = newest.load(std::memory_order_acquire) == session;
  return is_next ? keep_open(fresh.get(), nullptr, bar) : LeaseOutcome::held;
}

/// The descriptor may close then: the mapping keeps its locks.
LeaseOutcome LeaseFile::keep_open(int fd, void* place, Lease& lease) noexcept {
  void* page = ::mmap(place, kernel_page_bytes(), PROT_READ, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) return LeaseOutcome::failed;
  if (::madvise(page, kernel_page_bytes(), MADV_DONTFORK) != 0) {
    const int error = errno;
    ::munmap(page, kernel_page_bytes());
    errno = error;
    return LeaseOutcome::failed;
  }
  keep_out_of_dumps(page, kernel_page_bytes());
  lease = Lease(page, ProcessMark::current());
  return LeaseOutcome::taken;
}

LeaseOutcome LeaseFile::take_name_door(std::uint64_t hash, Lease& door) const noexcept {
  const NoCancel no_cancel;
  const ForkGuard no_fork;
  const Descriptor fresh(open_fresh(O_RDWR));
  if (!fresh) return LeaseOutcome::failed;
  const LeaseOutcome outcome = take_byte(fresh.get(), name_door_position(hash));
  return outcome == LeaseOutcome::taken ? keep_open(fresh.get(), nullptr, door) : outcome;
}

}  // namespace arena_shm::core
