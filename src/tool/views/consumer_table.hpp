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
  std::string name;                         ///< of the consumer; may hold anything
  std::optional<std::int64_t> waited_ns{};  ///< so long, a writer has been waiting for it; nothing: none does as yet
};
/// Nothing: there is room, or the arena overwrites.
std::optional<Blocker> blocker_of(const inspect::Consumers& consumers);
/// The same of an image, whose heads are read after the seats. Requires: a usable header.
std::optional<Blocker> find_blocker(const inspect::Image& image, const core::Header& header,
                                    const inspect::Seats& writers);

/// "risk, 3s", or "risk" if nobody waits for it as yet; "-" if there is room.
std::string blocker_text(const std::optional<Blocker>& blocker);
/// "risk, 3s", of a writer that waits; else "-".
std::string waits_text(const inspect::SeatFacts& seat);

/// A line for each consumer, without line ends.
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

/// All that is known of one consumer. Requires: its place is not free.
terminal::JsonObject consumer_object(const inspect::ConsumerFacts& consumer);
/// Is there anything to show of it?
bool is_shown(const inspect::ConsumerFacts& consumer) noexcept;
std::size_t count_shown(const inspect::Consumers& consumers) noexcept;

/// "2 alive, 1 away, 5 free; full: writers wait for risk, 3s"
std::string count_consumers(const inspect::Consumers& consumers);

/// Adds what lists of arenas tell of what happens when this one is full, and whether it is: full, blocked_by,
/// blocked_ns.
void add_blocker(terminal::JsonObject& object, const Info& info, const std::optional<Blocker>& blocker);

}  // namespace arena_shm::tool
