// Where a damaged stream goes on.
//
// What looks like a message may be what values hold. So only that is believed from where one message leads to the next
// until the end of the file; between two damaged places nothing is.
#pragma once

#include <cstdint>
#include <optional>

#include "inspect/image.hpp"

namespace arena_shm::recording::arrow {

struct RestOfStream {
  std::uint64_t from = 0;      ///< byte in the file: behind what is whole
  std::uint64_t next_row = 0;  ///< batches that say how many rows are in front of them say no fewer
  bool is_as_written = false;  ///< by our encoder
};

/// Returns: the byte where it begins; nothing, if there is none, or much only looks like messages.
/// Cost: reads the file from there on, and some times as much at most.
std::optional<std::uint64_t> find_rest(const inspect::Image& file, const RestOfStream& wanted);

}  // namespace arena_shm::recording::arrow
