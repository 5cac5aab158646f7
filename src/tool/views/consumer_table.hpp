// The consumers of a lossless arena as a table, and as objects; and who holds up its writers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inspect/consumers.hpp"
#include "inspect/facts.hpp"
#include "inspect/image.hpp"
#include "inspect/seats.hpp"
#include "terminal/object_lines.hpp"

namespace arena_shm::tool {

/// For whom an arena is full.
struct Blocker {
  std::string name;                         ///< of the consumer, or group; may hold anything
  std::optional<std::uint32_t> member{};    ///< the place of the group's member that holds something
  std::uint32_t pid = 0;                    ///< of that one
  std::optional<std::int64_t> waited_ns{};  ///< so long, a writer has been waiting for it; nothing: none does as yet

  /// As --evict takes it: "risk", or "workers/3".
  std::string full_name() const;
};
/// Nothing: there is room, or the arena overwrites.
std::optional<Blocker> blocker_of(const inspect::Consumers& consumers);
/// The same of an image, whose heads are read after the seats. Requires: a usable header.
std::optional<Blocker> find_blocker(const inspect::Image& image, const core::Header& header,
                                    const inspect::Seats& writers);

Blocker blocker_of(const inspect::WaitFacts& wait);

/// "risk, 3s", or "workers (member 3, pid 4711), 3s"; without a time if nobody waits for it as yet; "-" if there is
/// room.
std::string blocker_text(const std::optional<Blocker>& blocker);
/// The same of a writer that waits; else "-".
std::string waits_text(const inspect::SeatFacts& seat);

/// A line for each consumer, those of members below that of their group; without line ends.
struct ConsumerLines {
  struct Line {
    std::string text;
    bool is_in_the_way = false;
  };
  std::string heading;
  std::vector<Line> lines;
};
ConsumerLines consumer_lines(const inspect::Facts& facts, const inspect::Consumers& consumers, std::size_t width);

/// Appends a line for each consumer, under a heading, as standard output is wide.
void append_consumers(std::string& out, const inspect::Facts& facts, const inspect::Consumers& consumers);

/// All that is known of one consumer.
terminal::JsonObject consumer_object(const inspect::ConsumerFacts& consumer);
/// "1 group, 2 alive, 1 away, 4 free; full: writers wait for risk, 3s"
std::string count_consumers(const inspect::Consumers& consumers);

/// Adds what lists of arenas tell of what happens when this one is full, and whether it is: full, blocked_by,
/// blocked_ns.
void add_blocker(terminal::JsonObject& object, const Info& info, const std::optional<Blocker>& blocker);

}  // namespace arena_shm::tool
