// How a mirror is doing: for those who watch it from another thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace arena_shm::bridge {

/// What a mirror has done since it began.
struct MirrorCounts {
  std::uint64_t values = 0;       ///< written into the ring
  std::uint64_t overwritten = 0;  ///< lost before they were forwarded, as the messages say: by cause
  std::uint64_t holes = 0;
  std::uint64_t passed_over = 0;
  std::uint64_t left_out = 0;  ///< by the forwarder's filter
  std::uint64_t dropped = 0;   ///< values that were in messages which the stream has dropped, or may have been
  std::uint64_t messages = 0;  ///< of the stream, whatever was in them
  std::uint64_t foreign = 0;   ///< messages of somebody else
  std::uint64_t refused = 0;   ///< messages that say they are ours, and in which something is wrong
  std::uint64_t void_ = 0;     ///< messages that came again
  std::uint64_t rings = 0;     ///< made
  std::uint64_t reconnects = 0;

  std::uint64_t lost() const noexcept { return overwritten + passed_over + dropped; }
};

struct MirrorReading {
  bool is_connected = false;  ///< and reads the stream
  MirrorCounts counts{};
  std::string ring{};                       ///< its name; empty: there is none yet
  std::uint64_t head = 0;                   ///< how many of the origin's numbers it has accounted for
  std::uint64_t pending = 0;                ///< messages that the stream had behind the last one that came
  std::optional<std::int64_t> newest_ns{};  ///< of the newest value: when it was appended, if that is known, or
                                            ///< stored in the stream; since 1970
};

/// Thread safety: all.
class MirrorMeter {
 public:
  MirrorReading read() const {
    const std::lock_guard lock(mutex_);
    return reading_;
  }
  template <class Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change(reading_);
  }

 private:
  mutable std::mutex mutex_;
  MirrorReading reading_;
};

}  // namespace arena_shm::bridge
