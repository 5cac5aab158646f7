#include "recording/put.hpp"

#include <chrono>
#include <thread>

namespace arena_shm::recording {

bool put_unless_stopped(RawWriter& writer, std::span<const std::byte> record, const Attendant& attendant) {
  constexpr std::chrono::milliseconds kBetweenTries{1};
  while (!writer.try_alloc(record)) {
    if (attendant.stop_requested()) return false;
    std::this_thread::sleep_for(kBetweenTries);
  }
  return true;
}

}  // namespace arena_shm::recording
