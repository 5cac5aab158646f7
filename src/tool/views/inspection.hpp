// All that `inspect` finds out about one segment, for its page and for its object.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "inspect/consumers.hpp"
#include "inspect/facts.hpp"
#include "inspect/image.hpp"
#include "inspect/processes.hpp"
#include "inspect/seats.hpp"
#include "inspect/times.hpp"
#include "inspect/values.hpp"
#include "schema/schema.hpp"

namespace arena_shm::tool {

struct Inspection {
  const inspect::Image& image;
  inspect::Facts facts{};
  inspect::Seats seats{};
  inspect::Consumers consumers{};
  inspect::Mappers mappers{};
  std::optional<std::uint64_t> oldest{};  ///< the oldest seq that can be read
  double values_per_second = 0;           ///< lately; 0 also if the segment is a saved one
  double values_per_second_of_lane = 0;   ///< of the fastest one
  std::optional<schema::Schema> schema{};
  std::vector<inspect::Value> newest{};
  inspect::NewestTimes newest_times{};
};

/// How long the ring takes to come round, of lanes the fastest one; nothing if nobody writes.
std::optional<double> lap_seconds(const Inspection& inspection);

/// With their names, in the order of the layout. Requires: a usable header.
std::vector<std::pair<const char*, core::Region>> regions(const core::Header& header);

/// What is shown of a value: of one without schema no more than its first bytes.
std::span<const std::byte> shown_bytes(const Inspection& inspection, const inspect::Value& value);

/// "32 slots"; laned: "4 lanes x 8 slots"
std::string slots_text(const Info& info);

/// "shared", "exclusive" or "laned"
const char* writers_name(const Info& info) noexcept;

/// "writers wait (8 consumers, patience 5s)", or "... without end". Requires: a lossless arena.
std::string waiting_text(const Info& info);

/// "12", or "12..15" where the counters cannot tell how many there are.
std::string holes_text(std::uint64_t least, std::uint64_t most);

/// "-" if it is not known.
std::string age_text(std::optional<std::int64_t> age_ns);

/// The epoch, which tells apart two segments of one name.
std::string epoch_text(const Info& info);

}  // namespace arena_shm::tool
