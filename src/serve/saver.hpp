// Saves what a ring holds, in the directory that was named at the start: the only thing that a page can change.
#pragma once

#include <mutex>
#include <string>

namespace arena_shm::serve {

/// Thread safety: all members may be called from any thread.
class Saver {
 public:
  /// Errors: Code::not_found, if there is no such directory.
  explicit Saver(std::string directory);

  /// As `arena-shm snapshot`, into a new file that is named after the ring and the time.
  /// Returns: {"file": its name in the directory, "text": how much there is}. Errors: as record_arena.
  std::string save(const std::string& ring);

 private:
  std::string directory_;
  std::mutex mutex_;  // one at a time
};

}  // namespace arena_shm::serve
