#include "tool/put.hpp"

#include <chrono>
#include <thread>

#include "tool/signals.hpp"

namespace arena_shm::tool {

bool put_unless_stopped(RawWriter& writer, std::span<const std::byte> record) {
  constexpr std::chrono::milliseconds kBetweenTries{1};
  while (!writer.try_alloc(record)) {
    if (stop_requested()) return false;
    std::this_thread::sleep_for(kBetweenTries);
  }
  return true;
}

}  // namespace arena_shm::tool
