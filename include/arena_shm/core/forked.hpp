// What becomes of a handle in a forked child: nothing of the segment is mapped there (MADV_DONTFORK). Each part of a
// handle that touches the segment is on a list, which fork walks in the child, and is put into a state in which its hot
// path leads where it is refused, by a branch that is there anyway.
//
// Children that are made without fork's handlers (clone, vfork, _Fork) are not covered: a handle faults there.
#pragma once

#include <string>

namespace arena_shm::core {

/// On the list from its construction until it is destroyed.
class InForkedChild {
 public:
  /// `refuse(part)` runs in every child, before fork returns there, with one thread and no signal handlers: it may
  /// touch memory, and call nothing that is not safe in signal handlers.
  InForkedChild(void (*refuse)(void* part) noexcept, void* part) noexcept;
  InForkedChild(const InForkedChild&) = delete;
  InForkedChild& operator=(const InForkedChild&) = delete;
  ~InForkedChild();

  /// Is this a forked child of the process that made it?
  bool holds() const noexcept { return holds_; }

 private:
  friend class ForkLock;

  void (*refuse_)(void* part) noexcept;
  void* part_;
  bool holds_ = false;
  InForkedChild* before_ = nullptr;
  InForkedChild* next_ = nullptr;
};

/// Errors: Code::forked, always.
[[noreturn]] void refuse_forked(const std::string& name);

}  // namespace arena_shm::core
