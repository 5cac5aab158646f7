// Leases: proof, kept by the kernel, that the holder of a seat lives.
//
// Each session of a seat (seat.hpp) has two bytes of its own in the segment's file, far beyond its end: the door, which
// decides who of several newcomers may begin the session, and the lease, which stands for the life of who has begun it.
// To have one is to have an exclusive open-file-description (OFD) lock on it. The kernel arbitrates, and gives the lock
// up when the holder's address space is gone: at death, also when the parent has not reaped it yet, and at exec. A free
// lease of a session that has begun means that no store of its holder can still come. As no byte serves two sessions,
// nobody who comes later can look like one who is dead, wherever he is stopped.
//
// How they are held: a fresh description of the file takes both locks; one page of it is mapped; the descriptor is
// closed. The mapping keeps the description alive, hence the locks. So a lease outlives closefrom(3); MADV_DONTFORK
// keeps it out of forked children, and ForkGuard keeps fork(2) out while a descriptor is open.
//
// An OFD lock cannot be seen through its own description, so a lease is tested through another one: the segment's.
// The test asks for a read lock, which only a write lock can refuse: a mere reader cannot fake life with read locks.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "arena_shm/core/process.hpp"

namespace arena_shm::core {

enum class LeaseState : std::uint8_t {
  free,     ///< nobody holds it: its holder is dead, or gave it back
  held,     ///< its holder lives, or dies and still has its memory
  unknown,  ///< could not be tested: to be treated like held
};

enum class LeaseOutcome : std::uint8_t {
  taken,
  held,        ///< another newcomer is at the door, or was quicker
  obstructed,  ///< read-locked by somebody who should not
  failed,      ///< errno tells why
};

/// A lease that is held. Gives it back when destroyed; does nothing in a forked child.
/// Thread safety: none needed; one owner.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

  explicit operator bool() const noexcept { return page_ != nullptr; }
  /// False in a forked child, where the lease is still the parent's.
  bool is_own() const noexcept;
  void release() noexcept;
  /// The page that keeps it: mapped in whatever shares the holder's memory, and at this place in nothing else.
  const void* page() const noexcept { return page_; }

 private:
  friend class LeaseFile;
  Lease(void* page, ProcessMark owner) noexcept : page_(page), owner_(owner) {}

  void* page_ = nullptr;
  ProcessMark owner_;
};

/// The file whose bytes are the leases of one segment. Keeps the descriptor that tests go through; if the program
/// closes it (closefrom), finds the file again by its name, and says `unknown` where it cannot.
/// Thread safety: all members may be called from any thread.
class LeaseFile {
 public:
  /// Takes over `fd`. `name` is the segment's, for finding the file again.
  LeaseFile(int fd, std::string name);
  LeaseFile(const LeaseFile&) = delete;
  LeaseFile& operator=(const LeaseFile&) = delete;
  ~LeaseFile();

  /// The lease of a session that has begun. Cost: three system calls.
  LeaseState test(std::uint32_t seat, std::uint64_t session) const noexcept;

  /// Tries to take the door and the lease of the session after `session`; `newest` is the seat's word. While they are
  /// held and `newest` has not changed, nobody else can begin it.
  LeaseOutcome take_next(std::uint32_t seat, std::uint64_t session, const std::atomic<std::uint64_t>& newest,
                         Lease& lease) const noexcept;

  /// Tries to keep newcomers out: as long as the bar is held, and `newest` has not changed, nobody can begin the
  /// session after `session`. Many may hold one at the same time.
  LeaseOutcome bar_next(std::uint32_t seat, std::uint64_t session, const std::atomic<std::uint64_t>& newest,
                        Lease& bar) const noexcept;

  /// Tries to lock the door that all names with this hash share: whoever has it is the only one that looks for the
  /// name, and takes it.
  LeaseOutcome take_name_door(std::uint64_t hash, Lease& door) const noexcept;

  /// A descriptor of the file, checked to be it; -1 if it is lost. Stays the LeaseFile's.
  int fd() const noexcept;
  /// Is the segment's name gone, or does it lead to another file?
  bool retired() const noexcept;
  /// A fresh description of the same file; -1 and errno if there is none to be had. The caller closes it.
  int open_fresh(int flags) const noexcept;

 private:
  bool is_ours(int fd) const noexcept;
  static LeaseOutcome keep_open(int fd, void* place, Lease& lease) noexcept;

  mutable std::atomic<int> fd_;
  std::string name_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace arena_shm::core
