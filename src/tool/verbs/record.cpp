// record: follows an arena into a file. Maps everything read-only and registers nowhere, unless it is to be a consumer.
#include <chrono>

#include "arena_shm/raw.hpp"
#include "recording/recorder.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/signals.hpp"
#include "tool/verbs/await_arena.hpp"
#include "tool/verbs/file_options.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/span_options.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/report.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

struct RecordOptions {
  std::string name;
  recording::FileOptions file;
  std::string as;
  std::string from = "oldest";
  std::optional<std::uint64_t> max_count;
  std::optional<double> max_seconds;
  recording::TimeSpan span;
  std::optional<std::string> where;
  std::optional<Order> order;
  bool waits = false;
  std::optional<std::string> consumer;
};

terminal::ExitCode run_record(const RecordOptions& options) {
  terminal::catch_stop_signals();
  recording::Limits limits{.count = options.max_count.value_or(recording::Limits::kNone)};
  if (options.max_seconds) limits.duration = Duration(std::chrono::duration<double>(*options.max_seconds));
  const From from = from_of(options.from);
  if (options.consumer) {
    if (options.waits && !await_arena(options.name)) return terminal::ExitCode::ok;
    const recording::ConsumerWish wish{
        .name = *options.consumer, .durable = true, .from = from, .order = options.order};
    return conclude(recording::record_consumer(RawArena::open(options.name), wish, limits, options.file, options.as,
                                               options.where, terminal_attendant()));
  }
  if (!options.waits) open_or_tell("wait for it with --wait", [&] { return RawView::open(options.name); });
  const recording::NamedExtent extent{.from = from,
                                      .from_is_exact = options.from != "oldest",
                                      .order = options.order,
                                      .span = options.span,
                                      .where = options.where};
  return conclude(recording::record_name(options.name, extent, limits, options.file, options.as, terminal_attendant()));
}

}  // namespace

void add_record(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<RecordOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "record",
       .summary = "Record an arena into a file, until interrupted",
       .details =
           "  npy     a structured NumPy array: _seq, then the fields, byte for byte as they are in memory. Units\n"
           "          are not kept. Without a schema, the record is one field of bytes\n"
           "  csv     a header line, then a line for each value\n"
           "  ndjson  a JSON object per line\n"
           "  arrows  an Arrow IPC stream, for pandas, polars, DuckDB and R: enums are dictionaries, arrays are "
           "lists,\n"
           "          texts are bytes; padding is not kept. The column _gap says what was lost in front of a row\n"
           "  mcap    for Foxglove and PlotJuggler: a message of JSON for each value, at its time. Lost values are in\n"
           "          the channel NAME/events. Integers beyond 2^53 are exact in the file, but readers in JavaScript\n"
           "          round them: --int64 string. A row that JSON cannot say (texts that are not UTF-8, a NaN with a\n"
           "          sign or payload, a bool that is neither 0 nor 1) is there in hexadecimal digits, too\n"
           "Both say what is in them: types, units, enums, the time field, the arena and its epoch, and every gap.\n"
           "The file can be read at any time, also after a crash. A crash costs at most the values of the last\n"
           "quarter of a second. With --rotate, --max-size limits each file: t.npy, then t.1.npy, t.2.npy, and so\n"
           "on, without a gap between them. If N is given, only the newest N files are kept. Files of an earlier\n"
           "run are kept, and the numbers go on after them; with --force, they are removed.\n"
           "If an arena has times and its schema names no time field, _time_ns behind _seq is the time when a value\n"
           "was appended, in nanoseconds since 1970. Lanes that have times are recorded in order of time, others by\n"
           "turns.\n"
           "With --consumer, the writers of a lossless arena wait for the recorder: it loses nothing. It may be "
           "killed\n"
           "at any time and started again with the same FILE and consumer: it appends, and every value is in the file\n"
           "once. Half a row that a crash has left is removed, and rows that are there already, by _seq, are not\n"
           "written again. As long as it is away, the writers wait for it when the arena is full. The format can be\n"
           "npy, csv or ndjson, and FILE must be a regular file.\n"
           "When the arena is removed and created anew, what is left of the old one is recorded, and then the new "
           "one,\n"
           "from its oldest value on: into the same file, in which _seq begins anew. That it was restarted is said,\n"
           "with the time and the epochs of both. The new one must hold records of the same type and meaning (units,\n"
           "time field, names of enums), else record ends with an error.\n"
           "Lost values are reported on standard error, and the exit code is then 3.",
       .example = "  arena-shm record ticks -o ticks.npy --max-duration 1h\n"
                  "  arena-shm record ticks -o ticks.npy --max-size 1G --rotate 10\n"
                  "  arena-shm record ticks -o ticks.mcap --from newest\n"
                  "  arena-shm record orders -o orders.csv --consumer archive\n"
                  "  python3 -c \"import numpy; print(numpy.load('ticks.npy')['px'].mean())\""},
      options, run_record);
  verb.add_option("NAME", options->name, "Name of the arena").required().type_name("");
  add_file_options(verb, options->file);
  verb.add_option("--from", options->from, "Where to begin: oldest, newest, or a sequence number")
      .type_name("WHERE")
      .capture_default_str()
      .check(terminal::position());
  add_wait_option(verb, options->waits);
  terminal::Option by_name = verb.add_flag("-F,--follow-name", options->waits, "The same as --wait");
  const SpanOptions span = add_span_options(verb, options->span, nullptr, true);
  span.begin_excludes("--from");
  terminal::Option consumer =
      verb.add_option(
              "--consumer", [options](const std::string& name) { options->consumer = name; },
              "Be this durable consumer of a lossless arena, and append to FILE; --from is for a new name")
          .type_name("CONSUMER")
          .excludes(by_name)
          .excludes(span.since)
          .excludes(span.last)
          .excludes(span.until);
  add_where_option(verb, options->where);
  add_order_option(verb, options->order);
  using std::chrono::nanoseconds;
  terminal::Option max_size = verb.add_option("--max-size", options->file.max_bytes, "Stop when the file has this size")
                                  .check(terminal::size())
                                  .type_name("BYTES");
  verb.add_option("--duration,--max-duration", options->max_seconds, "Stop after this time, like 10s, 5m or 1h")
      .check(terminal::duration(nanoseconds(1), nanoseconds::max(), terminal::BareNumber::is_refused))
      .type_name("TIME");
  verb.add_option("-n,-c,--count,--max-count", options->max_count, "Stop after N values")
      .type_name("N")
      .check(terminal::count());
  verb.add_option(
          "--rotate",
          [options](const std::string& keep) {
            options->file.rotate = true;
            options->file.keep_files = std::stoull(keep);
          },
          "At --max-size, go on in a new file; keep only the newest N files (0: all)")
      .expected(0, 1)
      .default_str("0")
      .type_name("[N]")
      .check(terminal::count())
      .needs(max_size)
      .excludes(consumer);
  verb.add_option("--as", options->as, "Decode records as these fields, like 'u64 ts, f64 px'").type_name("FIELDS");
}

}  // namespace arena_shm::tool
