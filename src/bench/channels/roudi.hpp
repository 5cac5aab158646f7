// RouDi, the daemon of iceoryx, as a process of the benchmark's own: it owns the memory, and makes writers and readers
// known to each other. Where iceoryx is not installed, there is none of this.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>

namespace arena_shm::bench {

/// Runs as long as this object lives. Only one can run on a host. Thread safety: none.
class Roudi {
 public:
  /// With chunks for values of that many bytes. Null if it cannot run; says why on stderr, once, and does not try
  /// again.
  static std::shared_ptr<Roudi> start(std::size_t value_bytes);
  /// The one that runs. Requires: there is one.
  static std::shared_ptr<Roudi> running() { return running_.lock(); }

  Roudi(const Roudi&) = delete;
  Roudi& operator=(const Roudi&) = delete;
  ~Roudi();

  /// Stops it until it is to end: values pass without it, and it would only take time from those who measure.
  void rest();

 private:
  explicit Roudi(pid_t pid) : pid_(pid) {}

  inline static std::weak_ptr<Roudi> running_;
  pid_t pid_;
};

/// Makes the calling process, a child of the one that has started RouDi, known to it. Nothing changes the second time.
void join_roudi();

}  // namespace arena_shm::bench
