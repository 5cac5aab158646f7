#include "bench/harness/alone.hpp"

#include <cerrno>
#include <string>
#include <system_error>

namespace arena_shm::bench {

void pin_to(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<std::size_t>(cpu), &cpus);
  if (::sched_setaffinity(0, sizeof(cpus), &cpus) == 0) return;
  throw std::system_error(errno, std::generic_category(), "cannot run on CPU " + std::to_string(cpu));
}

Pinned::Pinned(int cpu) {
  ::sched_getaffinity(0, sizeof(before_), &before_);
  pin_to(cpu);
}

Pinned::~Pinned() { ::sched_setaffinity(0, sizeof(before_), &before_); }

}  // namespace arena_shm::bench
