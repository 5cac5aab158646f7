// How the values of an arena are printed, as the command line of tail says it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/info.hpp"
#include "recording/since.hpp"
#include "tool/verbs/tail_name.hpp"
#include "tool/verbs/tail_run.hpp"

namespace arena_shm::tool {

/// What `tail` is asked for.
struct TailRequest {
  std::vector<std::string> names;
  std::string file;
  TailOptions tail;
  std::string format;
  std::string fields;
  std::string as;
  bool whole = false;
  bool quote_int64 = false;
  bool iso_times = false;
  bool follow_name = false;
  bool waits = false;
  std::optional<std::string> consumer;
  bool share = false;
  bool durable = false;
  recording::TimeSpan span;
  std::optional<std::string> where;
  char unsigned_suffix = 'i';
};

/// Whether a table or csv has schema::kTimeColumn where the arena has it. Where --fields says what is wanted, and does
/// not name it, it may be left out.
enum class TimeColumn { shown, left_out };

/// Of this arena. `margin`: so much of a line is for others.
/// Errors: Code::incompatible_type, invalid_argument, as the request does not fit its records.
Printing printing_for(const TailRequest& request, const Info& info, std::size_t margin,
                      TimeColumn times = TimeColumn::shown);

}  // namespace arena_shm::tool
