#include "tool/verbs/file_options.hpp"

#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

namespace {

void add_path_options(const terminal::Command& verb, recording::FileOptions& options, const char* about) {
  verb.add_option("-o,--output", options.path, about).required().type_name("FILE");
  verb.add_option("--format", options.format, "npy, csv, ndjson, arrows or mcap (default: the file's extension)")
      .type_name("FORMAT")
      .check(terminal::one_of({"npy", "csv", "ndjson", "jsonl", "arrows", "mcap"}, terminal::Letters::of_any_case));
  terminal::add_int64_option(verb, options.quote_int64);
}

}  // namespace

void add_file_options(const terminal::Command& verb, recording::FileOptions& options) {
  add_path_options(verb, options, "The file to write: .npy, .csv, .ndjson, .arrows or .mcap; - is standard output");
  verb.add_flag("--force", options.force, "Replace a file that exists");
}

void add_numbered_file_options(const terminal::Command& verb, recording::FileOptions& options) {
  add_path_options(verb, options, "The files to write, .npy, .csv, .ndjson, .arrows or .mcap: t.csv for t.1.csv, ...");
}

terminal::ExitCode conclude(const recording::Recorded& recorded) {
  auto code = recorded.lost > 0 ? terminal::ExitCode::lost : terminal::ExitCode::ok;
  if (recorded.failure) code = report(*recorded.failure);
  terminal::note(recorded.summary);
  return code;
}

}  // namespace arena_shm::tool
