// What an arena tells about one of its consumers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "arena_shm/duration.hpp"

namespace arena_shm {

/// Does a consumer live?
enum class ConsumerLife : std::uint8_t {
  alive,    ///< somebody has its name
  away,     ///< durable, and nobody has its name at the moment
  evicted,  ///< writers do not wait for it any more, and it has not come back
};

/// @param life  one of the enumerators
/// Returns: "alive", "away", "evicted".
std::string_view to_string(ConsumerLife life) noexcept;

/// Whom a name of consumers stands for.
enum class ConsumerKind : std::uint8_t {
  alone,   ///< gets every value
  group,   ///< its members share the values
  member,  ///< of a group, whose name it has
};

/// @param kind  one of the enumerators
/// Returns: "alone", "group", "member".
std::string_view to_string(ConsumerKind kind) noexcept;

/// A consumer, a group, or a member of one.
struct ConsumerInfo {
  std::string name;                         ///< its name; of a member, its group's
  ConsumerKind kind = ConsumerKind::alone;  ///< alone, group or member
  std::uint32_t index = 0;                  ///< its place among the arena's consumers
  bool durable = false;                     ///< ConsumerOptions::durable
  ConsumerLife life = ConsumerLife::alive;  ///< alive, away or evicted
  std::uint32_t group = 0;                  ///< of a member: its group's place
  std::uint32_t members = 0;                ///< of a group: so many live
  std::uint64_t holds = 0;                  ///< of a member: values that it has taken, and is not done with
  std::uint32_t pid = 0;       ///< who has the name, or had it last; as seen from its own namespace of processes
  std::string process{};       ///< what the kernel calls that process; empty, if it cannot be told
  std::uint64_t position = 0;  ///< all sequence numbers below it are done with; in lanes, the lowest of them. Of a
                               ///< group, all below it are taken; of a member, it holds none below it
  std::uint64_t lag = 0;       ///< values that were handed out and are not done with; of a group, not taken
  bool in_the_way = false;     ///< there is no room in the ring, or in some lane, because of it
  Duration stalled{};          ///< a writer has been waiting for it for so long
};

}  // namespace arena_shm
