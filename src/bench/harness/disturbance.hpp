// Whether a process had its CPU to itself.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>

namespace arena_shm::bench {

/// Others took the CPU away, and kept it. One's own sleeping and being woken late is part of what is measured.
class Disturbance {
 public:
  void begin() { before_ = now(); }
  /// For more than a hundredth of `duration_ns`, since begin().
  bool was_there(double duration_ns) const {
    const Counters after = now();
    return after.preemptions != before_.preemptions &&
           static_cast<double>(after.waited_ns - before_.waited_ns) > duration_ns / 100;
  }

 private:
  struct Counters {
    std::uint64_t preemptions = 0;
    std::uint64_t waited_ns = 0;  // ready to run, and not running
  };

  Counters now() const {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    Counters counters{.preemptions = static_cast<std::uint64_t>(usage.ru_nivcsw)};
    std::array<char, 128> text{};
    if (file_ >= 0 && ::pread(file_, text.data(), text.size() - 1, 0) > 0) {
      std::sscanf(text.data(), "%*s %" SCNu64, &counters.waited_ns);
    } else {
      counters.waited_ns = counters.preemptions * 1'000'000;  // the kernel does not tell: as if each took that long
    }
    return counters;
  }

  int file_ = ::open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
  Counters before_;
};

}  // namespace arena_shm::bench
