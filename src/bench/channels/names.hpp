// How contestants are called: goals find them by these names. A "floor" does the least that the job could need, a
// "bare" one a part of what arena-shm does with nothing checked.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <string>

namespace arena_shm::bench {

inline const std::string kStoreFloor = "floor: store + memcpy";
inline const std::string kFetchAddFloor = "floor: fetch_add + memcpy";
inline const std::string kExclusiveStores = "bare stores, exclusive";
inline const std::string kSharedStores = "bare stores, shared";
inline const std::string kBatchStores = "bare stores, batch of 16";
inline const std::string kMemcpy16Floor = "floor: memcpy of 16 values";
inline const std::string kBareLines = "bare cache lines";
inline const std::string kOneLineFloor = "floor: one line, both ways";
inline const std::string kBareFutex = "bare futex";
/// The ping-pong around each slice.
inline const std::string kProbe = "bare ping-pong";
inline const std::string kExclusive = "exclusive Writer";
inline const std::string kShared = "shared Writer";
inline const std::string kLaned = "laned Writer";
inline const std::string kLanedTimed = "laned Writer, with time";
inline const std::string kSharedTimed = "shared Writer, with time";
inline const std::string kExclusiveAndClock = "exclusive Writer + clock";
inline const std::string kLossless = "lossless, shared";
inline const std::string kLosslessExclusive = "lossless, exclusive";
inline const std::string kLosslessLaned = "lossless, laned";
inline const std::string kGuarded = "Arena::alloc";
inline const std::string kBatch = "shared Writer, batch of 16";
/// After what is called from a program in C.
inline const std::string kThroughC = ", through C";
inline const std::string kInPlace = "shared Writer, in place";
inline const std::string kWaitSet1 = "WaitSet of 1 ring";
inline const std::string kWaitSet100 = "WaitSet of 100 rings";
inline const std::string kRobust = "robust pthread mutex ring";
inline const std::string kBoostMutex = "Boost interprocess_mutex ring";
inline const std::string kMessageQueue = "Boost message_queue";
inline const std::string kSpsc = "Boost spsc_queue";
inline const std::string kQueue = "Boost lockfree queue";
inline const std::string kMq = "POSIX mq";
inline const std::string kPipe = "pipe";
inline const std::string kIceoryx = "iceoryx";

inline bool is_floor(const std::string& name) { return name.starts_with("floor: "); }

/// Does it less than a ring has to? Then a ring that is faster than that has to be explained.
inline bool does_less(const std::string& name) { return is_floor(name) || name.starts_with("bare "); }

inline std::string size_and_slots(std::size_t bytes, std::size_t slots) {
  return std::to_string(bytes) + " B, " + std::to_string(slots) + " slots";
}

/// A name for a segment or a queue, unlike all others.
inline std::string fresh_name() {
  static int count = 0;
  return "arena-bench." + std::to_string(::getpid()) + "." + std::to_string(++count);
}

}  // namespace arena_shm::bench
