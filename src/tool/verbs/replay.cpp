// replay: a recording back into a ring.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "arena_shm/error.hpp"
#include "arena_shm/raw.hpp"
#include "recording/put.hpp"
#include "recording/recording_source.hpp"
#include "recording/replay_pace.hpp"
#include "schema/schema_json.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/missing_option.hpp"
#include "tool/verbs/span_options.hpp"
#include "tool/verbs/text_options.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/report.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

struct ReplayOptions {
  std::string input;
  std::string name;
  std::string fields;
  std::optional<std::string> missing;
  std::optional<std::string> where;
  std::string time_field;
  std::string time_unit;
  std::string speed = "1";
  double max_gap_seconds = 5;
  recording::TextDialect dialect;
  bool loop = false;
  bool create = false;
  std::uint64_t slots = 0;
  recording::TimeSpan span;
};

[[noreturn]] void refuse_records(const ReplayOptions& options, std::string expected, std::string found) {
  throw Error(Code::incompatible_type, {.name = options.input,
                                        .doing = "fill '" + options.name + "' from",
                                        .expected = std::move(expected),
                                        .found = std::move(found),
                                        .remedy = "choose another arena, or create one: --create --slots N"});
}

std::string describe(const schema::Schema& schema) {
  std::string text;
  for (const schema::Field& field : schema.fields) {
    fmt::format_to(std::back_inserter(text), "{}{} {} at {}", text.empty() ? "" : ", ", field.type_name(), field.name,
                   field.offset_bytes);
  }
  return text;
}

// Units apart, which not every format keeps, and the order in which the fields are named.
std::string comparable(schema::Schema schema) {
  std::sort(schema.fields.begin(), schema.fields.end(),
            [](const schema::Field& a, const schema::Field& b) { return a.offset_bytes < b.offset_bytes; });
  return describe(schema);
}

// `units`: the schema of the ring, as JSON; .npy and texts have no units. By its row.
recording::ReplayPace pace_of(const ReplayOptions& options, const recording::RecordShape& record,
                              const std::string& units) {
  if (options.speed == "max") return {};
  if (!record.schema && !(record.has_time && options.time_field.empty())) {
    if (options.time_field.empty()) return {};
    refuse_records(options, "a schema with a time field", "no schema; give the fields: --fields");
  }
  schema::Schema schema =
      record.schema.value_or(schema::Schema{.fields = {}, .size_bytes = record.size_bytes, .time_field = {}});
  if (record.schema && !units.empty()) schema = schema::parse_json(units, record.size_bytes);
  if (record.has_time) schema = schema::with_value_time(schema);
  const std::string& field = options.time_field.empty() ? schema.time_field : options.time_field;
  if (field.empty()) return {};
  return {schema, field, options.time_unit, std::stod(options.speed),
          std::chrono::duration<double>(options.max_gap_seconds)};
}

// Texts say nothing of their types: those of the ring that they go into are meant, unless there are to be others.
recording::TextReading text_reading(const ReplayOptions& options) {
  recording::TextReading reading{.missing = missing_from(options.missing),
                                 .time_field = options.time_field,
                                 .time_unit = options.time_unit,
                                 .dialect = options.dialect};
  if (options.create || !options.fields.empty()) return reading;
  try {
    reading.fields = RawView::open(options.name).info().record.schema;
  } catch (const Error&) {  // open_arena gives the reason, once the file is known to be a recording
  }
  return reading;
}

RawArena open_arena(const ReplayOptions& options, const recording::RecordingSource& source) {
  const recording::RecordShape& record = source.record();
  if (options.create) {
    const std::string schema = record.schema ? schema::to_json(*record.schema) : "";
    pace_of(options, record, schema);  // refuses a wrong field before anything is made
    return RawArena::create(
        options.name,
        {.name = {}, .size_bytes = record.size_bytes, .align_bytes = source.align_bytes(), .schema = schema},
        {.slots = options.slots});
  }
  RawArena arena = open_or_tell("create it with --create and --slots", [&] { return RawArena::open(options.name); });
  const RecordType& there = arena.info().record;
  if (there.size_bytes != record.size_bytes) {
    refuse_records(options, "records of " + text::counted(there.size_bytes, "byte"),
                   text::counted(record.size_bytes, "byte"));
  }
  if (there.schema.empty() || !record.schema) return arena;
  const std::string expected = comparable(schema::parse_json(there.schema, there.size_bytes));
  const std::string found = comparable(*record.schema);
  if (expected != found) refuse_records(options, "records of " + expected, found);
  return arena;
}

std::unique_ptr<recording::RecordingSource> open_source(const ReplayOptions& options) {
  const auto open = [&] {
    return recording::open_recording(options.input, options.fields, terminal_attendant(), text_reading(options));
  };
  auto source = open();
  source->select(options.where);
  begin_span(*source, options.span, options.input, open);
  return source;
}

class Replay {
 public:
  explicit Replay(const ReplayOptions& options)
      : options_(options),
        source_(open_source(options)),
        arena_(open_arena(options, *source_)),
        writer_(arena_.writer("arena-shm replay")),
        room_(writer_, arena_.name(), terminal_attendant()),
        pace_(pace_of(options, source_->record(), arena_.info().record.schema)),
        row_(source_->record()) {}

  terminal::ExitCode run() {
    terminal::catch_stop_signals();
    if (!pace_.is_given() && options_.speed != "max") {
      terminal::note(
          "replaying as fast as possible: neither --time-field nor the schema names a time field, "
          "and the recording has no _time_ns");
    }
    std::uint64_t rounds = 0;
    do {
      // Afresh: a source cannot go back.
      if (rounds > 0) source_ = open_source(options_);
      const std::uint64_t before = written_;
      play();
      refused_ += source_->refused_count();
      is_damaged_ = is_damaged_ || source_->is_damaged();
      if (source_->selection()) left_out_ += source_->selection()->left_out_count();
      ++rounds;
      if (written_ == before) break;  // an empty one would loop for ever
    } while (options_.loop && !terminal::stop_requested());
    const std::uint64_t cut = pace_.cut_count();
    terminal::note(fmt::format("replayed {}{}{}{}{}{}", text::counted(written_, "value"),
                               options_.where ? fmt::format(", left out {}", left_out_) : "",
                               rounds > 1 ? ", in " + text::counted(rounds, "round") : "",
                               cut > 0 ? ", " + text::counted(cut, "wait") + " cut short" : "",
                               refused_ > 0 ? ", refused " + text::counted(refused_, "line") : "", room_.stop_text()));
    if (refused_ > 0) return terminal::ExitCode::failed;
    return is_damaged_ ? terminal::ExitCode::lost : terminal::ExitCode::ok;
  }

 private:
  void play() {
    pace_.begin();
    while (!terminal::stop_requested() && source_->next(row_.bytes())) {
      pace_.wait_for(row_.bytes(), terminal_attendant());
      if (terminal::stop_requested() || !put()) return;
    }
  }

  bool put() {
    if (!room_.put(row_.record())) return false;
    ++written_;
    return true;
  }

  const ReplayOptions& options_;
  std::unique_ptr<recording::RecordingSource> source_;
  RawArena arena_;
  RawWriter writer_;
  recording::PatientWriter room_;
  recording::ReplayPace pace_;
  recording::Row row_;
  std::uint64_t written_ = 0;
  std::uint64_t refused_ = 0;
  bool is_damaged_ = false;
  std::uint64_t left_out_ = 0;
};

terminal::ExitCode run_replay(const ReplayOptions& options) {
  std::error_code ignored;
  const std::string path = options.input == "-" ? "/dev/stdin" : options.input;
  if (options.loop && std::filesystem::exists(path, ignored) &&
      (options.input == "-" || !std::filesystem::is_regular_file(path, ignored))) {
    throw Error(Code::invalid_argument, {.name = options.input,
                                         .doing = "loop over",
                                         .expected = "a file",
                                         .found = "standard input, a pipe or a device",
                                         .remedy = "save the input in a file first, or leave out --loop"});
  }
  return Replay(options).run();
}

std::string check_speed(const std::string& text) {
  if (text == "max") return "";
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && std::isfinite(value) && value > 0 ? "" : "expected a factor above 0, or max, found '" + text + "'";
}

}  // namespace

void add_replay(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<ReplayOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "replay",
       .summary = "Write a recording back into an arena",
       .details =
           "With a time field, replay keeps the pace of the recording; without one, it writes as fast as possible.\n"
           "--time-field names the time field; without that option, it is the one that the schema names, else\n"
           "_time_ns, if the recording has it. Its unit is --time-unit, else the unit in the schema, else\n"
           "nanoseconds. Replay waits for the difference between\n"
           "the times of two records, but no longer than --max-gap; it reports the first wait that it shortens. If\n"
           "the time goes back, it does not wait. --since, --last and --until go by the schema's time field, else by\n"
           "_time_ns. The values get new sequence numbers. FILE is any file that\n"
           "'export' reads. In a laned arena, all values are written into one lane. If a lossless arena is full, "
           "replay\n"
           "waits as 'write' does, and hurries afterwards to be on time again.",
       .example = "  arena-shm replay ticks.npy copy --create --slots 65536 --time-field ts\n"
                  "  arena-shm replay ticks.npy ticks --speed max"},
      options, run_replay);
  verb.add_option("FILE", options->input, "The recording, or a saved segment; - is standard input")
      .required()
      .type_name("");
  verb.add_option("NAME", options->name, "Name of the arena").required().type_name("");
  add_where_option(verb, options->where);
  terminal::Option time_field =
      verb.add_option("--time-field", options->time_field, "The field that holds the time of each value")
          .type_name("FIELD");
  verb.add_option("--time-unit", options->time_unit, "The unit of the time field: ns, us, ms or s")
      .type_name("UNIT")
      .check(terminal::one_of({"ns", "us", "ms", "s"}))
      .needs(time_field);
  terminal::Option speed = verb.add_option("--speed", options->speed, "How many times as fast as the recording, or max")
                               .type_name("X")
                               .capture_default_str()
                               .check(check_speed);
  verb.add_option("--max-gap", options->max_gap_seconds, "The longest wait between two records")
      .check(terminal::duration(std::chrono::nanoseconds(0), std::chrono::nanoseconds::max(),
                                terminal::BareNumber::is_refused))
      .type_name("TIME")
      .default_str("5s");
  verb.add_flag(
          "--as-fast-as-possible", [options] { options->speed = "max"; }, "The same as --speed max")
      .excludes(speed);
  add_span_options(verb, options->span);
  verb.add_flag("--loop", options->loop, "At the end, begin again, until interrupted");
  terminal::Option create = verb.add_flag("--create", options->create, "Create the arena");
  terminal::Option slots = verb.add_option("--slots", options->slots, "How many values the new arena holds")
                               .type_name("N")
                               .check(terminal::count())
                               .needs(create);
  create.needs(slots);
  verb.add_option("--as,--fields", options->fields, "The fields of a record, like 'u64 ts, f64 px'")
      .type_name("FIELDS");
  add_missing_option(verb, options->missing);
  add_text_options(verb, options->dialect);
}

}  // namespace arena_shm::tool
