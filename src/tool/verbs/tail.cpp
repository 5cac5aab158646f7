// tail: the values of an arena, decoded, once or as they come. Maps everything read-only and registers nowhere, unless
// it is to be a consumer.
#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include "arena_shm/error.hpp"
#include "recording/record_view.hpp"
#include "schema/influx_formatter.hpp"
#include "schema/record_formatter.hpp"
#include "schema/record_time.hpp"
#include "schema/value_text.hpp"
#include "schema/value_time.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "text/time_text.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/tail_name.hpp"
#include "tool/verbs/tail_run.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

using schema::Format;

struct Options {
  std::string name;
  std::string file;
  TailOptions tail;
  std::string format;
  std::string fields;
  std::string as;
  bool whole = false;
  bool quote_int64 = false;
  bool iso_times = false;
  bool follow_name = false;
  std::optional<std::string> consumer;
  bool share = false;
  bool durable = false;
  std::optional<std::int64_t> since;  // ns since 1970
  std::optional<std::string> where;
  char unsigned_suffix = 'i';
};

constexpr std::size_t kWholeRecord = std::numeric_limits<std::size_t>::max();

Format format_of(const std::string& text, bool has_schema) {
  if (text == "ndjson" || text == "json") return Format::ndjson;
  if (text == "influx") return Format::influx;
  if (text == "csv") return Format::csv;
  if (text == "hex" || (text.empty() && !has_schema)) return Format::hex;
  return Format::table;
}

void set_display(schema::Schema& schema, const Options& options) {
  for (schema::Field& field : schema.fields) {
    const bool is_integer = field.kind == schema::Kind::unsigned_integer || field.kind == schema::Kind::signed_integer;
    field.as_time = options.iso_times && is_integer && field.name == schema.time_field &&
                    text::units_per_second(field.unit).has_value();
  }
  if (options.iso_times && schema.time_field.empty())
    terminal::note("the schema names no time field; times are printed as numbers");
}

void check_choice(const Options& options) {
  if (options.name.empty() == options.file.empty()) {
    throw Error(Code::invalid_argument,
                {.name = "tail",
                 .doing = "run",
                 .expected = "the name of an arena, or --file and a saved segment",
                 .found = options.name.empty() ? "neither" : "both",
                 .remedy = options.name.empty() ? "arena-shm list shows the arenas; see arena-shm tail --help"
                                                : "give only one of them"});
  }
  if (!options.file.empty() && (options.tail.asked.follow || options.follow_name)) {
    throw Error(Code::invalid_argument, {.name = options.file,
                                         .doing = "follow",
                                         .expected = "an arena in shared memory",
                                         .found = "a saved segment, which gets no new values",
                                         .remedy = options.follow_name ? "leave out -F" : "leave out -f"});
  }
}

std::optional<schema::Schema> chosen_schema(const Options& options, const Info& info) {
  if (options.format == "hex") return std::nullopt;
  auto schema = recording::schema_for(info, options.as, terminal_attendant());
  if (!schema && format_of(options.format, false) != Format::hex)
    recording::refuse_without_schema(info, "decode the records of");
  return schema;
}

TailOptions tail_options(const Options& options, const Info& info, const std::optional<schema::Schema>& schema) {
  TailOptions tail = options.tail;
  tail.asked.is_saved = !options.file.empty();
  tail.shape = {.size_bytes = info.record.size_bytes,
                .schema = schema,
                .has_time = schema && recording::has_time_column(info, schema)};
  const bool is_asked = options.since || options.where;
  const auto known = schema || options.format != "hex" || !is_asked
                         ? schema
                         : recording::schema_for(info, options.as, terminal_attendant());
  if (options.since) {
    tail.asked.from = "oldest";
    tail.since.emplace(*options.since, info, known);
  }
  tail.selection = recording::selection_of(options.where, info, known);
  tail.asked.is_filtered = options.where.has_value();
  return tail;
}

Printing printing_for(const Options& options, const Info& info) {
  auto schema = chosen_schema(options, info);
  const Format format = format_of(options.format, schema.has_value());
  TailOptions tail = tail_options(options, info, schema);
  const bool has_time = tail.shape.has_time;
  auto time = schema ? schema::time_field(*schema) : std::nullopt;
  if (!options.fields.empty()) {
    if (!schema) recording::refuse_without_schema(info, "choose fields of");
    schema = schema->select(schema::split_names(options.fields, *schema));
  }
  if (has_time) {
    schema = schema::with_value_time(*schema);
    time = schema->fields.front();
    if (format == Format::influx) schema->fields.erase(schema->fields.begin());  // it is the time of the line
  }
  if (schema) set_display(*schema, options);
  if (const std::size_t size = info.record.size_bytes;
      format == Format::hex && size > schema::kHexBytes && !options.whole)
    terminal::note(fmt::format("'{}': {} of {} bytes of each record are shown; --whole shows all", info.name,
                               schema::kHexBytes, size));
  const std::string source = options.file.empty() ? info.name : std::filesystem::path(options.file).stem().string();
  auto formatter = format == Format::influx
                       ? schema::influx_formatter(
                             *schema, {.source = source, .unsigned_suffix = options.unsigned_suffix, .time = time})
                       : schema::make_formatter(format, schema ? &*schema : nullptr,
                                                {.source = source,
                                                 .hex_bytes = options.whole ? kWholeRecord : schema::kHexBytes,
                                                 .width = terminal::line_width(),
                                                 .quote_int64 = options.quote_int64});
  return {std::move(tail), std::move(formatter)};
}

// With the oldest value, where it has to be seen first which ones are wanted.
std::unique_ptr<TailInput> input_for(const Options& options) {
  if (!options.file.empty()) return saved_input(options.file);
  if (!options.consumer) return arena_input(options.name);
  const std::string& from = options.tail.asked.from;
  const From unless_said = options.share ? From::newest : From::oldest;
  return consumer_input(options.name,
                        {.name = *options.consumer,
                         .share = options.share,
                         .durable = options.durable,
                         .from = from.empty() || options.since ? unless_said : from_of(from),
                         .order = options.tail.order},
                        !from.empty() && from != "oldest");
}

terminal::ExitCode run(const Options& options) {
  check_choice(options);
  if (options.follow_name) {
    TailOptions asked = options.tail;
    asked.asked.follow = true;
    asked.asked.is_filtered = options.where.has_value();
    if (options.since) asked.asked.from = "oldest";
    return tail_name(options.name, asked, [&](const Info& info) { return printing_for(options, info); });
  }
  const auto input = input_for(options);
  const Printing printing = printing_for(options, input->info());
  return run_tail(printing.tail, *input, *printing.formatter);
}

}  // namespace

void add_tail(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<Options>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "tail",
       .summary = "Print the values of an arena, once or as they come",
       .details =
           "Lost values are reported on standard error, and the exit code is then 3. A value is lost if it was\n"
           "overwritten before it could be read; if it is a hole (its writer died or skipped it); or if it was\n"
           "passed over (its writer is stopped, or writers are faster than tail, which then jumps ahead by up to\n"
           "half the ring).\n"
           "If an arena has times and its schema names no time field, _time_ns is the time when a value was\n"
           "appended, in nanoseconds since 1970. Lanes that have times are printed in order of time, others by\n"
           "turns. -n prints the newest values of each lane, N in all. --since begins in each lane with its first\n"
           "value from then on, by the time field of the schema, else by _time_ns. --until ends all lanes when this\n"
           "number, or a later one, has been handed out. With --where, -n counts the values that match.\n"
           "-F goes on when the arena is removed and created anew, with the oldest value of the new one; what writers\n"
           "that still have the old one write is printed, too. The new one must hold records of the same type.\n"
           "With --consumer, the writers of a lossless arena wait for tail: what is printed may be overwritten. A\n"
           "consumer that ends or dies holds up nobody, unless it is --durable: then the next tail of that name goes\n"
           "on with what had not been printed. After a crash, the last values may be printed once more. If the arena\n"
           "has a patience, it may evict a consumer that holds up the writers: tail says so, counts what is lost, and\n"
           "goes on.\n"
           "With --share, it is a member of a group: its members share the values among them, each one going to one\n"
           "of them, in no order. What a member had not printed when it died goes to another one, which says so at\n"
           "its end. --durable is then for the group. A group that was not there begins with the newest value, or\n"
           "with --from.\n"
           "ndjson and csv replace bytes that are not UTF-8. ndjson prints NaN as null. hex prints the bytes.\n"
           "influx prints the line protocol of InfluxDB 1.8 and 2. The time of a line is its time field, else\n"
           "_time_ns, else the time of printing. If another line has the same time, a few nanoseconds are added,\n"
           "so that each time is unique. The sequence number is the field seq. A field called time is renamed to\n"
           "time_. Characters that the protocol does not allow in names are printed as %HH.",
       .example = "  arena-shm tail ticks -n 3\n"
                  "  arena-shm tail ticks -f --format ndjson | jq .px\n"
                  "  arena-shm tail ticks -f --where 'px > 100.5 && sym == \"ES\" && side != sell'\n"
                  "  arena-shm tail imu --as 'u64 ts, f64 px'\n"
                  "  arena-shm tail orders -f --consumer risk --from oldest --format ndjson\n"
                  "  arena-shm tail orders -f --consumer workers --share\n"
                  "  arena-shm tail --file crash.arena --from oldest"},
      options, run);
  verb.add_option("NAME", options->name, "Name of the arena").type_name("");
  terminal::Option file =
      verb.add_option("--file", options->file, "A saved segment, instead of an arena").type_name("IMAGE");
  verb.add_option("-n,-c,--count", options->tail.asked.count,
                  "Print the last N values (default: 10), up to --until if given; with --from, at most N from there")
      .type_name("N")
      .check(terminal::count());
  verb.add_flag("-f,--follow", options->tail.asked.follow,
                "Go on and print new values as they come, until interrupted");
  terminal::Option by_name =
      verb.add_flag("-F,--follow-name", options->follow_name,
                    "The same by name: wait for the arena, and go on with a new one that takes its place");
  verb.add_option("--from", options->tail.asked.from, "Where to begin: oldest, newest, or a sequence number")
      .type_name("oldest|newest|SEQ")
      .check(terminal::position());
  terminal::Option since = add_since_option(verb, options->since).excludes("--from");
  add_where_option(verb, options->where);
  add_order_option(verb, options->tail.order);
  terminal::Option until = verb.add_option("--until", options->tail.asked.until, "Stop after this sequence number")
                               .type_name("SEQ")
                               .excludes(by_name)
                               .check(terminal::count());
  terminal::Option consumer = verb.add_option(
                                      "--consumer", [options](const std::string& name) { options->consumer = name; },
                                      "Be this consumer of a lossless arena: its writers wait for what is printed")
                                  .type_name("CONSUMER")
                                  .excludes(file)
                                  .excludes(by_name)
                                  .excludes(until);
  verb.add_flag("--durable", options->durable,
                "With --consumer: writers wait also while it is away, and it goes on where it was")
      .needs(consumer);
  verb.add_flag("--share", options->share,
                "With --consumer: join the group of that name, or found it; each value goes to one member")
      .needs(consumer)
      .excludes(since);
  verb.add_option("--format", options->format, "table, ndjson (json is the same), csv, influx or hex")
      .type_name("FORMAT")
      .check(terminal::one_of({"table", "ndjson", "json", "csv", "influx", "hex"}));
  verb.add_flag("--whole", options->whole,
                "With --format hex: print all bytes of long records, not only the first 1024");
  verb.add_option("--fields", options->fields, "Print these fields only, like ts,px or pos[0]").type_name("NAMES");
  verb.add_option("--every", options->tail.asked.every,
                  "Print only values whose sequence number, in its lane, is a multiple of K")
      .type_name("K")
      .check(terminal::count({.least = 1}));
  verb.add_option("--cursor-file", options->tail.cursor_file,
                  "Begin where the previous run ended; this file keeps the position")
      .type_name("FILE")
      .excludes("--from")
      .excludes("--since")
      .excludes(by_name)
      .excludes(consumer);
  terminal::add_int64_option(verb, options->quote_int64);
  verb.add_option(
          "--time-format", [options](const std::string& how) { options->iso_times = how == "iso"; },
          "How to print the time field: number or iso")
      .type_name("HOW")
      .check(terminal::one_of({"number", "iso"}));
  verb.add_option(
          "--unsigned-suffix", [options](const std::string& suffix) { options->unsigned_suffix = suffix.front(); },
          "Suffix of unsigned integers in influx: i (leaves out those beyond i64), or u (not for InfluxDB 1.8)")
      .type_name("SUFFIX")
      .check(terminal::one_of({"i", "u"}));
  verb.add_option("--as", options->as, "Decode records as these fields, like 'u64 ts, f64 px'").type_name("FIELDS");
  verb.add_option(
          "--gaps", [options](const std::string& where) { options->tail.gaps_inline = where == "inline"; },
          "Where to report lost values: stderr, or inline among the values")
      .type_name("WHERE")
      .check(terminal::one_of({"stderr", "inline"}));
}

}  // namespace arena_shm::tool
