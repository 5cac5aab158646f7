// What the parts of check (check.hpp) have in common: things that look wrong, until they have been looked at again.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "inspect/check.hpp"
#include "inspect/consumers.hpp"
#include "inspect/image.hpp"

namespace arena_shm::inspect {

inline constexpr std::size_t kMaxSuspects = 4096;  // of each part; what comes then is not looked at
inline constexpr const char* kWrittenOver = "the memory was overwritten: remove the arena and create it again";

struct Suspect {
  std::string where;                   ///< with the words, what it is known by at the next look
  std::array<std::uint64_t, 3> words;  ///< what stood there
  std::uint64_t index = 0;             ///< of the slot
  std::uint32_t lane = 0;
  Severity severity = Severity::error;
  std::string text;  ///< without `where`
};
using Suspects = std::vector<Suspect>;

/// Leaves the suspects that every further look finds too, in the same words. A saved segment does not move.
template <class Look>
void keep_persisting(const Image& image, std::chrono::milliseconds between_looks, Suspects& suspects, Look&& look) {
  constexpr int kLooks = 3;
  for (int i = 0; i < kLooks && image.is_live() && !suspects.empty(); ++i) {
    std::this_thread::sleep_for(between_looks);
    const Suspects again = look();
    std::erase_if(suspects, [&](const Suspect& suspect) {
      return std::none_of(again.begin(), again.end(), [&](const Suspect& other) {
        return other.where == suspect.where && other.words == suspect.words;
      });
    });
  }
}

/// A number that is ahead of head: in a live segment it cannot be, in one that was saved while somebody wrote it can.
inline Severity severity_beyond_head(const Image& image) noexcept {
  return image.is_live() ? Severity::error : Severity::warning;
}
inline const char* remedy_beyond_head(const Image& image) noexcept {
  return image.is_live() ? kWrittenOver
                         : "the segment was saved while a writer was active, or it was overwritten: save it again";
}

/// The seats against head, their leases and the mutex, and the mutex itself.
Suspects suspect_seats(const Image& image, const core::Header& header);

/// The consumers of a lossless arena, groups among them: their words, and those that are waited for and do nothing.
Suspects suspect_consumers(const Image& image, const core::Header& header);
/// What is wrong with a consumer's place; `word` is what it is known by, together with its state and its session.
Suspect consumer_suspect(const ConsumerFacts& consumer, const char* what, std::uint64_t word, Severity severity,
                         std::string text);
/// Is it not there, or does nothing, and may be waited for? Requires: it has not left.
void suspect_absent(const Image& image, const Consumers& consumers, const ConsumerFacts& consumer, Suspects& suspects);

struct CheckedSlots {
  Suspects suspects;
  Suspects halted;  ///< holders of lanes that are stopped in the middle of values
  std::uint64_t published = 0;
  std::uint64_t in_flight = 0;   ///< handed out, and a living writer may still publish them
  std::uint64_t holes = 0;       ///< handed out, and nobody will
  std::uint64_t first_hole = 0;  ///< its seq
};

struct CheckedTimes {
  Suspects suspects;
  bool goes_on = true;    ///< the clock has not begun anew since the arena was created, for all that can be known
  bool in_order = false;  ///< it was looked whether times go on within each lane
  bool by_clock = false;  ///< and whether none is yet to come
};

/// The times of the values that can be read, of all lanes; what moves meanwhile is left out.
/// Requires: is_timed(header).
CheckedTimes check_times(const Image& image, const core::Header& header);

/// All slots, of all lanes, already looked at again.
CheckedSlots check_slots(const Image& image, const core::Header& header, std::chrono::milliseconds between_looks);

}  // namespace arena_shm::inspect
