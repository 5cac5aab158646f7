// tail -F: what comes under a name, whatever arena has it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "arena_shm/info.hpp"
#include "schema/record_formatter.hpp"
#include "terminal/exit_code.hpp"
#include "tool/verbs/tail_run.hpp"

namespace arena_shm::tool {

/// How the values of an arena are printed.
struct Printing {
  TailOptions tail;
  std::unique_ptr<schema::RecordFormatter> formatter;
  schema::Format format{};
  std::optional<schema::Schema> shown{};  ///< the columns
};

/// Prints until a stop is requested, or all is there that was asked for. Waits for the first arena, and asks `printing`
/// how its values are printed; those that take its place have to hold the same records.
/// Errors: those of RawView::open, but not_found; Code::incompatible_type, OutputClosed.
terminal::ExitCode tail_name(const std::string& name, const TailOptions& asked,
                             const std::function<Printing(const Info&)>& printing);

}  // namespace arena_shm::tool
