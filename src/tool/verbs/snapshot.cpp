// snapshot: what can be read of an arena now, into a file. Works on an arena whose processes are all dead; the image
// also on a damaged one.
#include <fmt/format.h>

#include "arena_shm/error.hpp"
#include "arena_shm/raw.hpp"
#include "recording/image_copy.hpp"
#include "recording/lanes.hpp"
#include "recording/recorder.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/file_options.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/span_options.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

struct SnapshotOptions {
  std::string name;
  recording::FileOptions file;
  bool raw = false;
  recording::TimeSpan span;
  std::optional<std::string> where;
  std::optional<Order> order;
  std::string as;
};

terminal::ExitCode save_image(const SnapshotOptions& options) {
  if (options.span.is_given() || options.where || options.order) {
    throw Error(Code::invalid_argument, {.name = options.file.path,
                                         .doing = "save the segment in",
                                         .expected = "all of its values, as they are in memory",
                                         .found = options.order   ? "--order"
                                                  : options.where ? "--where"
                                                                  : "--since, --last or --until",
                                         .remedy = "leave it out, or save in another format"});
  }
  const inspect::Image image = inspect::Image::of_arena(options.name);
  recording::RecordingFile file(
      options.file.path, options.file.force ? recording::Existing::is_replaced : recording::Existing::is_refused, true);
  const std::uint64_t changed = recording::copy_image(image, file);
  terminal::note(fmt::format("saved {}{}", recording::file_size_text(file.saved_bytes()),
                             changed > 0 ? ", with " + text::counted(changed, "slot") + " being written" : ""));
  return terminal::ExitCode::ok;
}

terminal::ExitCode run_snapshot(const SnapshotOptions& options) {
  terminal::catch_stop_signals();
  if (options.raw || (options.file.format.empty() && recording::file_extension(options.file.path) == ".arena"))
    return save_image(options);
  const RawView view = RawView::open(options.name);
  const Position heads = place_in(view, From::newest);
  const recording::Extent extent{.first = recording::place_of(From::oldest, heads, view.slots() / view.lanes()),
                                 .end = heads,
                                 .order = options.order,
                                 .span = options.span,
                                 .where = options.where};
  recording::FileOptions file = options.file;
  file.ends = true;
  return conclude(recording::record_arena(view, extent, {}, file, options.as, terminal_attendant()));
}

}  // namespace

void add_snapshot(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<SnapshotOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "snapshot",
       .summary = "Save the values that an arena holds now",
       .details =
           "A .arena file is a copy of the segment; 'inspect --file', 'tail --file' and 'export' read it. The other\n"
           "formats are those of 'record'. Lost values are reported on standard error, and the exit code is then 3.\n"
           "A snapshot holds the values that each lane had when it began; if they have times, in order of time.",
       .example = "  arena-shm snapshot ticks -o ticks.npy\n"
                  "  arena-shm snapshot ticks -o crash.arena && arena-shm inspect --file crash.arena"},
      options, run_snapshot);
  verb.add_option("NAME", options->name, "Name of the arena").required().type_name("");
  add_file_options(verb, options->file);
  verb.add_flag("--raw", options->raw, "Save the segment itself, whatever the file's extension").excludes("--format");
  add_span_options(verb, options->span).exclude("--raw");
  add_where_option(verb, options->where).excludes("--raw");
  add_order_option(verb, options->order);
  verb.add_option("--as", options->as, "Decode records as these fields, like 'u64 ts, f64 px'").type_name("FIELDS");
}

}  // namespace arena_shm::tool
