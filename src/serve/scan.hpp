// A part of what a ring holds now, in any width: what a chart shows when somebody has zoomed into it.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "serve/feed.hpp"

namespace arena_shm::serve {

/// What part, in how many columns.
struct ScanRange {
  std::optional<std::int64_t> from{};  ///< the place that it begins with; nothing: all that the ring holds
  std::optional<std::int64_t> to{};    ///< the place behind it
  std::size_t columns = 1000;
};

/// Reads the ring once, in the calling thread. Returns: an object of JSON, as README.md beside this file has it; single
/// values, if there are no more of them than columns. Nothing, if it is stopped: soon, and not in the middle of a
/// batch. Errors: those of RawView::open; Code::invalid_argument, for a filter that is none.
std::string scan(const std::string& name, const Interest& interest, const ScanRange& range,
                 const std::stop_token& stop = {});

}  // namespace arena_shm::serve
