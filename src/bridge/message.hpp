// What goes over the network: batches of values, losses, and what the values are. The format is in README.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arena_shm/options.hpp"
#include "bridge/origin.hpp"

namespace arena_shm::bridge {

inline constexpr std::uint64_t kVersion = 1;
/// So many messages of a run may be under way at once: if one of them was refused, so many behind it may be void.
inline constexpr std::uint64_t kMostUnderWay = 256;
/// The names of all headers of a message begin so.
inline constexpr const char* kHeaderPrefix = "Arena-Shm-";

/// Names and values, in their order.
using Headers = std::vector<std::pair<std::string, std::string>>;

enum class Kind : std::uint8_t {
  schema,  ///< what the values of the epoch are: before all others of it
  values,  ///< records, each with its seq
  losses,  ///< what did not come, or was left out, since the message before
};

/// What has become of all numbers of an epoch, from the first one on up to the end of a message.
struct Tally {
  std::uint64_t values = 0;
  std::uint64_t overwritten = 0;
  std::uint64_t holes = 0;
  std::uint64_t passed_over = 0;
  std::uint64_t left_out = 0;  ///< by the forwarder's filter

  std::uint64_t& of(Loss cause) noexcept {
    return cause == Loss::overwritten ? overwritten : cause == Loss::hole ? holes : passed_over;
  }
  std::uint64_t lost() const noexcept { return overwritten + holes + passed_over; }
  std::uint64_t sum() const noexcept { return values + lost() + left_out; }
  friend bool operator==(const Tally&, const Tally&) = default;
};

/// Where a message has its place: if the last valid one before it is of the same run and has the number before, or,
/// with number 0, wherever it is. Else it is void.
struct Link {
  std::uint64_t run = 0;  ///< random
  std::uint64_t number = 0;
  friend bool operator==(const Link&, const Link&) = default;
};

/// Is a message with `next` valid, if the last valid one before it has `before`?
inline bool follows(const Link& next, const std::optional<Link>& before) noexcept {
  return next.number == 0 || (before && before->run == next.run && before->number + 1 == next.number);
}

/// One message. The records are not owned.
struct Message {
  Kind kind = Kind::values;
  Link link;
  std::array<std::uint8_t, 16> epoch{};
  std::uint64_t schema_hash = 0;    ///< as the segment's: FNV-1a of the schema's text, 0 if there is none
  std::uint64_t record_bytes = 0;   ///< of each record
  std::vector<std::uint64_t> next;  ///< of each lane, behind this message: Position. Never empty
  Tally tally;                      ///< with those of this message

  // Kind::values. In the order in which they came; of each lane, by seq.
  std::vector<std::uint64_t> seqs;
  std::vector<std::int64_t> times;  ///< in ns since 1970; empty, or as many as there are values
  std::span<const std::byte> records;
  // Kind::losses. Lane by lane disjoint, and below `next`; step is the number of lanes.
  std::vector<Gap> gaps;
  // Kind::schema.
  Origin origin;

  std::uint64_t lanes() const noexcept { return next.size(); }
};

/// A message as NATS has it.
struct Wire {
  Headers headers;
  std::vector<std::byte> payload;
};

/// How many bytes a message of so many values may take at most, headers and payload, in an arena of so many lanes.
std::uint64_t most_wire_bytes(std::uint64_t values, std::uint64_t record_bytes, std::uint64_t lanes, bool has_times);

/// Fills `wire`, whose memory is used again. Requires: a message that decode would take.
void encode(const Message& message, Wire& wire);

/// Is there any header of ours? If not, it is a message of somebody else.
bool is_of_ours(const Headers& headers) noexcept;

/// Reads a message that is not trusted; its records are in `payload`. Nothing is reserved that the payload does not
/// have. Returns: a message in which all numbers fit each other.
/// Errors: Code::incompatible_version; Code::corrupt, which says the header that is wrong, or that the payload is.
Message decode(const Headers& headers, std::span<const std::byte> payload);

}  // namespace arena_shm::bridge
