#include "recording/selection.hpp"

#include <fmt/format.h>

#include "arena_shm/error.hpp"
#include "schema/value_time.hpp"
#include "text/time_text.hpp"

namespace arena_shm::recording {

namespace {

const schema::Schema& required(const std::optional<schema::Schema>& schema, const std::string& name) {
  if (schema) return *schema;
  throw Error(Code::incompatible_type, {.name = name,
                                        .doing = "filter the values of",
                                        .expected = "a schema, or fields on the command line",
                                        .found = "neither",
                                        .remedy = "give the fields, like 'u64 ts, f64 px', with --as or --fields"});
}

}  // namespace

Selection::Selection(const std::string& expression, const std::string& name,
                     const std::optional<schema::Schema>& schema, bool has_times)
    : filter_(expression, required(schema, name), text::realtime_ns()) {
  if (!needs_time() || has_times) return;
  throw Error(Code::invalid_argument, {.name = name,
                                       .doing = "filter the values of",
                                       .expected = fmt::format("values with their times, for {}", schema::kTimeColumn),
                                       .found = "values without",
                                       .remedy = "name a field of the records, or create the arena with --time"});
}

std::optional<Selection> selection_of(const std::optional<std::string>& expression, const Info& info,
                                      const std::optional<schema::Schema>& schema) {
  if (!expression) return std::nullopt;
  return Selection(*expression, info, schema);
}

std::string left_out_text(const std::optional<Selection>& selection) {
  return selection ? fmt::format(", left out {}", selection->left_out_count()) : "";
}

}  // namespace arena_shm::recording
