// Leases: proof, kept by the kernel, that the holder of a seat lives.
//
// Seat i's lease is an exclusive open-file-description (OFD) lock on byte kLeaseBase + i of the segment's file. The
// kernel arbitrates, and gives it up when the holder's address space is gone: at death, also when the parent has not
// reaped it yet, and at exec. A free lease means that no store of that holder can still come. Process ids prove
// nothing: they are reused, and mean different processes in different pid namespaces.
//
// How one is held: a fresh description of the file takes the lock; one page of it is mapped; the descriptor is closed.
// The mapping keeps the description alive, hence the lock. So a lease outlives closefrom(3); MADV_DONTFORK keeps it
// out of forked children, and the process-wide lock keeps fork(2) out while a descriptor is open.
//
// An OFD lock cannot be seen through its own description, so a lease is tested through another one: the segment's.
// The test asks for a read lock, which only a write lock can refuse: a mere reader cannot fake life with read locks.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "arena_shm/core/process.hpp"

namespace arena_shm::core {

enum class LeaseState : std::uint8_t {
  free,     ///< nobody holds it: its last holder is dead, or gave it back
  held,     ///< its holder lives
  unknown,  ///< could not be tested: to be treated like held
};

enum class LeaseOutcome : std::uint8_t {
  taken,
  held,        ///< another holder lives
  obstructed,  ///< read-locked: by a repairer, for a moment, or by somebody who should not
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

  /// Cost: three system calls.
  LeaseState test(std::uint32_t seat) const noexcept;

  /// Tries to take a seat's lease.
  LeaseOutcome take(std::uint32_t seat, Lease& lease) const noexcept;

  /// Runs `repair` while nobody can take the seat, if its lease is free: under a read lock on its byte, which keeps
  /// newcomers out, gets along with other repairers and with mere readers, and cannot be taken for a living holder.
  /// Returns false, and runs nothing, if the lease is not free.
  template <class Repair>
  bool with_dead_seat(std::uint32_t seat, Repair&& repair) const {
    const Closed closed(*this, seat);
    if (closed) repair();
    return static_cast<bool>(closed);
  }

  /// A descriptor of the file, checked to be it; -1 if it is lost. Stays the LeaseFile's.
  int fd() const noexcept;
  /// Is the segment's name gone, or does it lead to another file?
  bool retired() const noexcept;
  /// A fresh description of the same file; -1 and errno if there is none to be had. The caller closes it.
  int open_fresh(int flags) const noexcept;

 private:
  /// A free seat that is closed to newcomers for a moment. One at a time in a process, and fork is kept out meanwhile.
  class Closed {
   public:
    Closed(const LeaseFile& file, std::uint32_t seat);
    Closed(const Closed&) = delete;
    Closed& operator=(const Closed&) = delete;
    ~Closed();
    explicit operator bool() const noexcept { return fd_ >= 0; }

   private:
    int fd_;
    std::uint32_t seat_;
  };

  bool is_ours(int fd) const noexcept;

  mutable std::atomic<int> fd_;
  std::string name_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace arena_shm::core
