// export: recordings and saved segments, from one format to another.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "arena_shm/error.hpp"
#include "recording/recording_source.hpp"
#include "recording/recording_writer.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/file_options.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/missing_option.hpp"
#include "tool/verbs/span_options.hpp"
#include "tool/verbs/text_options.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/report.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

struct ExportOptions {
  std::string input;
  recording::FileOptions file;
  std::string fields;
  recording::TimeSpan span;
  std::optional<std::string> where;
  std::optional<std::string> missing;
  recording::TextDialect dialect;
};

void refuse_same_file(const ExportOptions& options) {
  std::error_code ignored;
  const auto path_of = [](const std::string& path, const char* stream) { return path == "-" ? stream : path; };
  const std::string input = path_of(options.input, "/dev/stdin");
  // What is no file has no end that could run ahead of its beginning.
  if (!std::filesystem::is_regular_file(input, ignored) ||
      !std::filesystem::equivalent(input, path_of(options.file.path, "/dev/stdout"), ignored))
    return;
  throw Error(Code::invalid_argument, {.name = options.input,
                                       .doing = "export",
                                       .expected = "an output file other than the input",
                                       .found = "the same file",
                                       .remedy = "choose another file with -o"});
}

std::unique_ptr<recording::RecordingSource> open_source(const ExportOptions& options) {
  return recording::open_recording(options.input, options.fields, terminal_attendant(),
                                   {.missing = missing_from(options.missing), .dialect = options.dialect});
}

terminal::ExitCode run_export(const ExportOptions& options) {
  refuse_same_file(options);
  const auto source = open_source(options);
  if (!source->record().schema && !recording::keeps_bytes(recording::file_format(options.file))) {
    throw Error(Code::incompatible_type, {.name = options.input,
                                          .doing = "decode the records of",
                                          .expected = "a schema in the file, or fields on the command line",
                                          .found = "neither",
                                          .remedy = "give the fields: --fields 'u64 ts, f64 px'"});
  }
  begin_span(*source, options.span, options.input, [&] { return open_source(options); });
  source->select(options.where);
  recording::FileOptions file = options.file;
  file.ends = true;
  // Before there is a file: a heading that is not understood leaves none.
  recording::Row row(source->record());
  std::vector<Gap> lost;         // when the recording was made, in front of the next value
  std::vector<Gap> lost_before;  // of those, in the arena before
  std::optional<std::string> restarted;
  source->on_gap([&](const Gap& gap) { lost.push_back(gap); });
  source->on_restart([&](const std::string& epoch) {
    restarted = epoch;
    lost_before.insert(lost_before.end(), lost.begin(), lost.end());
    lost.clear();
  });
  auto seq = source->next(row.bytes());
  recording::RecordingWriter writer(file, source->record());
  std::optional<terminal::ExitCode> failure;
  const auto next = [&]() -> std::optional<std::uint64_t> {
    try {
      return source->next(row.bytes());
    } catch (const Error& error) {  // of the input: what is in front of that is good
      failure = report(error);
      return std::nullopt;
    }
  };
  try {
    for (; seq; seq = next()) {
      for (const Gap& gap : std::exchange(lost_before, {})) writer.append_lost(gap);
      if (restarted) writer.restart(*std::exchange(restarted, std::nullopt));
      writer.append(*seq, row.bytes(), std::exchange(lost, {}));
    }
    lost_before.insert(lost_before.end(), lost.begin(), lost.end());
    for (const Gap& gap : lost_before) writer.append_lost(gap);
    writer.finish();
  } catch (const Error& error) {
    failure = report(error);
  }
  const std::uint64_t refused = source->refused_count();
  terminal::note(fmt::format("exported {}{}, {}{}", text::counted(writer.saved_rows(), "value"),
                             recording::left_out_text(source->selection()), writer.size_text(),
                             refused > 0 ? ", refused " + text::counted(refused, "line") : ""));
  if (failure) return *failure;
  if (refused > 0) return terminal::ExitCode::failed;
  return source->is_damaged() ? terminal::ExitCode::lost : terminal::ExitCode::ok;
}

}  // namespace

void add_export(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<ExportOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "export",
       .summary = "Convert a recording or a saved segment to another format",
       .details =
           "FILE is a recording (.npy, .arrows, .mcap, .csv, .ndjson) or a segment saved by 'snapshot'; its first\n"
           "bytes tell which. Arrow streams of others are read if their columns have a fixed size, and MCAP files of\n"
           "others, with --fields, if their messages are JSON; neither may be compressed. Of a recording that was cut\n"
           "off, all that is whole is exported. Behind damage an MCAP file goes on with the next chunk whose checksum\n"
           "is right, so one without chunks or checksums does not. An Arrow stream goes on where all is whole until\n"
           "the end of the file, so what is between two damaged places is left out; it has no checksums: values that\n"
           "were altered are taken as they are. If it is known that values are missing, the exit code is 3.\n"
           "CSV and NDJSON files do not contain the types of their fields: give them with --fields. A line that\n"
           "is not a record is refused with its number; all other lines are exported, and the exit code is then\n"
           "1. If a saved segment was cut off, its complete values are exported; if values are missing, the\n"
           "exit code is then 3. Lanes that have times are exported in order of time, others one after the other.\n"
           "_time_ns, the time when a value was appended, is kept. --since, --last and --until go by it, or, in a\n"
           "saved segment, by the records' time field; the first two begin in each lane with its first value.",
       .example = "  arena-shm export ticks.npy -o ticks.csv\n"
                  "  arena-shm export crash.arena -o crash.npy\n"
                  "  arena-shm export ticks.csv -o ticks.npy --fields 'u64 ts, f64 px'"},
      options, run_export);
  verb.add_option("FILE", options->input, "The recording, or the saved segment; - is standard input")
      .required()
      .type_name("");
  add_file_options(verb, options->file);
  verb.add_option("--as,--fields", options->fields, "The fields of a record, like 'u64 ts, f64 px'")
      .type_name("FIELDS");
  add_span_options(verb, options->span);
  add_where_option(verb, options->where);
  add_missing_option(verb, options->missing);
  add_text_options(verb, options->dialect);
}

}  // namespace arena_shm::tool
