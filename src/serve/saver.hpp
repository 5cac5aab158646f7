// Saves what a ring holds, in the directory that was named at the start: the only thing that a page can change.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>

#include "serve/capture_order.hpp"

namespace arena_shm::serve {

/// Thread safety: all members may be called from any thread.
class Saver {
 public:
  static constexpr std::chrono::minutes kPatience{10};

  /// `stop_requested`: ends what is under way; its file is whole. Any thread may ask it. `patience`: so long a capture
  /// waits for its moment, and so long at most for what comes after it.
  /// Errors: Code::not_found, if there is no such directory.
  Saver(std::string directory, std::function<bool()> stop_requested, std::chrono::nanoseconds patience = kPatience);

  /// As `arena-shm snapshot`, into a new file that is named after the ring and the time.
  /// Returns: {"file": its name in the directory, "text": how much there is}. Errors: as record_arena.
  std::string save(const std::string& ring);
  /// As `arena-shm capture`, once. Waits for its moment, and for what comes after it.
  /// Returns: as save. Errors: as recording::capture; Code::invalid_argument; not_found, if no value has matched.
  std::string capture(const std::string& ring, const CaptureOrder& order);

 private:
  std::string path_of(const std::string& file) const;

  std::string directory_;
  std::function<bool()> stop_requested_;
  std::chrono::nanoseconds patience_;
  std::mutex mutex_;  // one at a time
};

}  // namespace arena_shm::serve
