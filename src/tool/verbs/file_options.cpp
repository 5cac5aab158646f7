#include "tool/verbs/file_options.hpp"

#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

void add_file_options(const terminal::Command& verb, recording::FileOptions& options) {
  verb.add_option("-o,--output", options.path,
                  "The file to write: .npy, .csv, .ndjson, .arrows or .mcap; - is standard output")
      .required()
      .type_name("FILE");
  verb.add_option("--format", options.format, "npy, csv, ndjson, arrows or mcap (default: the file's extension)")
      .type_name("FORMAT")
      .check(terminal::one_of({"npy", "csv", "ndjson", "jsonl", "arrows", "mcap"}, terminal::Letters::of_any_case));
  verb.add_flag("--force", options.force, "Replace a file that exists");
  terminal::add_int64_option(verb, options.quote_int64);
}

terminal::ExitCode conclude(const recording::Recorded& recorded) {
  auto code = recorded.lost > 0 ? terminal::ExitCode::lost : terminal::ExitCode::ok;
  if (recorded.failure) code = report(*recorded.failure);
  terminal::note(recorded.summary);
  return code;
}

}  // namespace arena_shm::tool
