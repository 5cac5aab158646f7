// Saves what a ring holds, in the directory that was named at the start: the only thing that a page can change.
#pragma once

#include <functional>
#include <mutex>
#include <string>

namespace arena_shm::serve {

/// Thread safety: all members may be called from any thread.
class Saver {
 public:
  /// `stop_requested`: ends what is under way; its file is whole. Any thread may ask it.
  /// Errors: Code::not_found, if there is no such directory.
  Saver(std::string directory, std::function<bool()> stop_requested);

  /// As `arena-shm snapshot`, into a new file that is named after the ring and the time.
  /// Returns: {"file": its name in the directory, "text": how much there is}. Errors: as record_arena.
  std::string save(const std::string& ring);
  /// As `arena-shm capture`, triggered now: each side is a time like "5s", or a number of values; nothing is none.
  /// Waits for what comes after it, for at most ten minutes. Returns: as save. Errors: as recording::capture;
  /// Code::invalid_argument.
  std::string capture(const std::string& ring, const std::string& before, const std::string& after);

 private:
  std::string path_of(const std::string& file) const;

  std::string directory_;
  std::function<bool()> stop_requested_;
  std::mutex mutex_;  // one at a time
};

}  // namespace arena_shm::serve
