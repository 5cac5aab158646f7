// One run of tail: values on one side, a formatter on the other, gaps in between.
#pragma once

#include <optional>
#include <string>

#include "recording/row.hpp"
#include "recording/selection.hpp"
#include "recording/since.hpp"
#include "schema/record_formatter.hpp"
#include "terminal/exit_code.hpp"
#include "tool/verbs/tail_input.hpp"
#include "tool/verbs/tail_window.hpp"

namespace arena_shm::tool {

struct TailOptions {
  Asked asked;
  std::optional<Order> order{};    ///< as recording::order_for takes it
  recording::RecordShape shape{};  ///< of what the formatter is given
  std::optional<recording::Since> since{};
  std::optional<recording::Selection> selection{};
  bool gaps_inline = false;
  std::string cursor_file;  ///< empty: none
};

/// Prints what is asked for, until there is no more, or a stop is requested. Errors: Error, OutputClosed.
terminal::ExitCode run_tail(const TailOptions& options, TailInput& input, schema::RecordFormatter& formatter);

}  // namespace arena_shm::tool
