// What an arena says of itself that goes into a recording.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

#include "arena_shm/info.hpp"
#include "recording/row.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording {

inline std::string epoch_text(const Info& info) { return fmt::format("{:02x}", fmt::join(info.epoch, "")); }

inline RowOrigin origin_of(const Info& info) {
  RowOrigin origin{.arena = {}, .type = {}, .epoch = epoch_text(info), .lanes = info.lanes};
  text::append_utf8(origin.arena, info.name);
  text::append_utf8(origin.type, info.record.name);
  return origin;
}

}  // namespace arena_shm::recording
