// tail: the values of an arena, decoded, once or as they come. Maps everything read-only and registers nowhere, unless
// it is to be a consumer.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "arena_shm/error.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/signals.hpp"
#include "tool/verbs/await_arena.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/span_options.hpp"
#include "tool/verbs/tail_help.hpp"
#include "tool/verbs/tail_name.hpp"
#include "tool/verbs/tail_printing.hpp"
#include "tool/verbs/tail_run.hpp"
#include "tool/verbs/tail_several.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/name_pattern.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

void check_choice(const TailRequest& options) {
  if (options.names.empty() == options.file.empty()) {
    throw Error(Code::invalid_argument,
                {.name = "tail",
                 .doing = "run",
                 .expected = "the name of an arena, or --file and a saved segment",
                 .found = options.names.empty() ? "neither" : "both",
                 .remedy = options.names.empty() ? "arena-shm list shows the arenas; see arena-shm tail --help"
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

// With the oldest value, where it has to be seen first which ones are wanted.
std::unique_ptr<TailInput> input_for(const TailRequest& options) {
  if (!options.file.empty()) return saved_input(options.file);
  if (!options.consumer) return arena_input(options.names.front());
  const std::string& from = options.tail.asked.from;
  const From unless_said = options.share ? From::newest : From::oldest;
  return consumer_input(options.names.front(),
                        {.name = *options.consumer,
                         .share = options.share,
                         .durable = options.durable,
                         .from = from.empty() || options.span.is_given() ? unless_said : from_of(from),
                         .order = options.tail.order},
                        !from.empty() && from != "oldest");
}

bool is_several(const TailRequest& options) {
  return options.names.size() > 1 || (options.names.size() == 1 && is_pattern(options.names.front()));
}

SeveralAsked several_asked(const TailRequest& options) {
  const Asked& asked = options.tail.asked;
  const char* other = options.consumer                                      ? "--consumer"
                      : !options.tail.cursor_file.empty()                   ? "--cursor-file"
                      : asked.until                                         ? "--until with a sequence number"
                      : !asked.from.empty() && from_of(asked.from).is_seq() ? "--from with a sequence number"
                                                                            : nullptr;
  if (other != nullptr) {
    throw Error(Code::invalid_argument, {.name = "tail",
                                         .doing = "run",
                                         .expected = "options that have a meaning for several arenas",
                                         .found = other,
                                         .remedy = "leave it out, or give the name of one arena"});
  }
  return {.names = options.names,
          .follow = asked.follow,
          .follow_name = options.follow_name,
          .waits = options.waits,
          .gaps_inline = options.tail.gaps_inline,
          .order = options.tail.order,
          .span = options.span,
          .where = options.where};
}

terminal::ExitCode run_request(const TailRequest& options) {
  check_choice(options);
  const auto printing = [&](const Info& info, std::size_t margin = 0, TimeColumn times = TimeColumn::shown) {
    return printing_for(options, info, margin, times);
  };
  if (is_several(options)) return tail_several(several_asked(options), printing);
  if (options.follow_name) {
    if (options.tail.asked.until) {
      throw Error(Code::invalid_argument, {.name = options.names.front(),
                                           .doing = "follow by name",
                                           .expected = "--until with a time",
                                           .found = "a sequence number, which is one of a certain arena",
                                           .remedy = "leave out --follow-name, or give a time"});
    }
    TailOptions asked = options.tail;
    asked.asked.follow = true;
    asked.asked.is_filtered = options.where.has_value();
    if (options.span.is_given()) ask_for_span(asked.asked, true);
    return tail_name(options.names.front(), asked, printing);
  }
  if (options.waits && options.file.empty()) {
    terminal::catch_stop_signals();
    if (!await_arena(options.names.front())) return terminal::ExitCode::ok;
  }
  const auto input = input_for(options);
  const Printing own = printing(input->info());
  return run_tail(own.tail, *input, *own.formatter);
}

}  // namespace

void add_tail(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<TailRequest>();
  terminal::Command verb =
      add_verb(app, action,
               {.name = "tail",
                .summary = "Print the values of an arena, once or as they come",
                .details = kTailDetails,
                .example = "  arena-shm tail ticks -n 3\n"
                           "  arena-shm tail ticks -f --format ndjson | jq .px\n"
                           "  arena-shm tail ticks -f --where 'px > 100.5 && sym == \"ES\"'\n"
                           "  arena-shm tail ticks --last 2s\n"
                           "  arena-shm tail 'feed.*' -F\n"
                           "  arena-shm tail imu --as 'u64 ts, f64 px'\n"
                           "  arena-shm tail orders -f --consumer risk --from oldest --format ndjson\n"
                           "  arena-shm tail orders -f --consumer workers --share\n"
                           "  arena-shm tail --file crash.arena --from oldest"},
               options, run_request);
  verb.add_option("NAME", options->names, "Name of the arena; several, or patterns like 'feed.*': merged by time")
      .type_name("");
  terminal::Option file =
      verb.add_option("--file", options->file, "A saved segment, instead of an arena").type_name("IMAGE");
  verb.add_option(
          "-n,-c,--count", options->tail.asked.count,
          "Print the last N values (default: 10), up to --until if given; with --from, or with -f or -F and --since, "
          "at most N "
          "from there")
      .type_name("N")
      .check(terminal::count());
  verb.add_flag("-f,--follow", options->tail.asked.follow,
                "Go on and print new values as they come, until interrupted");
  terminal::Option by_name =
      verb.add_flag("-F,--follow-name", options->follow_name,
                    "The same by name: wait for the arena, and go on with a new one that takes its place");
  add_wait_option(verb, options->waits).excludes(file);
  verb.add_option("--from", options->tail.asked.from, "Where to begin: oldest, newest, or a sequence number")
      .type_name("oldest|newest|SEQ")
      .check(terminal::position());
  const SpanOptions span = add_span_options(verb, options->span, &options->tail.asked.until);
  span.begin_excludes("--from");
  add_where_option(verb, options->where);
  add_order_option(verb, options->tail.order);
  terminal::Option consumer = verb.add_option(
                                      "--consumer", [options](const std::string& name) { options->consumer = name; },
                                      "Be this consumer of a lossless arena: its writers wait for what is printed")
                                  .type_name("CONSUMER")
                                  .excludes(file)
                                  .excludes(by_name)
                                  .excludes(span.until);
  verb.add_flag("--durable", options->durable,
                "With --consumer: writers wait also while it is away, and it goes on where it was")
      .needs(consumer);
  verb.add_flag("--share", options->share,
                "With --consumer: join the group of that name, or found it; each value goes to one member")
      .needs(consumer)
      .excludes(span.since)
      .excludes(span.last);
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
                  "Begin behind what the previous run has printed; this file keeps the position")
      .type_name("FILE")
      .excludes("--from")
      .excludes(span.since)
      .excludes(span.last)
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
