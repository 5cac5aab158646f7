// tail: the values of an arena, decoded, once or as they come. Maps everything read-only and registers nowhere.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "arena_shm/core/stamp.hpp"
#include "arena_shm/raw.hpp"
#include "recording/cursor_file.hpp"
#include "recording/record_view.hpp"
#include "schema/influx_formatter.hpp"
#include "schema/number_text.hpp"
#include "schema/record_formatter.hpp"
#include "schema/record_time.hpp"
#include "schema/value_text.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "text/time_text.hpp"
#include "tool/verbs/tail_window.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

using schema::Format;

struct Options {
  std::string name;
  Asked asked;
  std::string format;
  std::string fields;
  std::string as;
  bool gaps_inline = false;
  std::string cursor_file;
  bool whole = false;
  bool quote_int64 = false;
  bool iso_times = false;
  char unsigned_suffix = 'i';
};

constexpr std::size_t kWholeRecord = std::numeric_limits<std::size_t>::max();

// One run of the verb: a reader on one side, a formatter on the other, gaps in between.
class Tail {
 public:
  Tail(const Options& options, RawView view, std::unique_ptr<schema::RecordFormatter> formatter)
      : options_(options),
        view_(std::move(view)),
        formatter_(std::move(formatter)),
        cursor_file_(options.cursor_file.empty()
                         ? std::nullopt
                         : std::make_optional<recording::CursorFile>(options.cursor_file, view_.info().epoch)),
        cursor_(cursor_file_ ? cursor_file_->load(terminal_attendant()) : std::nullopt),
        window_(window_of(options.asked, cursor_, std::min(view_.head(), core::kSeqLimit), view_.slots())),
        reader_(view_.reader(From::at(window_.first), {.manner = Manner::throughput, .doorbell = false})),
        record_(view_.info().record.size_bytes) {
    reader_.on_gap([this](const Gap& gap) { report(gap); });
  }

  terminal::ExitCode run() {
    terminal::catch_stop_signals();
    note_shortfall();
    print_heading();
    while (!is_finished()) {
      if (const auto seq = reader_.next(record_)) {
        if (*seq >= window_.end) break;
        ++read_;
        next_ = *seq + 1;
        if (*seq % options_.asked.every != 0) continue;
        formatter_->record(output_.text(), *seq, record_);
        output_.end_row();
        gathered_.push_back({.seq = *seq, .end = output_.text().size()});
        ++printed_;
        if (output_.is_large()) deliver();
      } else {
        wait();
      }
    }
    flush();
    tell_left_out();
    summarise();
    return lost_ > 0 ? terminal::ExitCode::lost : terminal::ExitCode::ok;
  }

 private:
  void note_shortfall() const {
    if (cursor_) return;  // that there is nothing new since then is ordinary
    const std::uint64_t head = std::min(view_.head(), core::kSeqLimit);
    const std::string text = shortfall_of(options_.asked, window_, head, view_.slots());
    if (!text.empty()) terminal::note(fmt::format("'{}': {}", view_.name(), text));
  }

  bool is_finished() const {
    return terminal::stop_requested() || printed_ >= window_.count || reader_.cursor() >= window_.end;
  }

  // The cursor goes to its file after the values: who is killed in between sees some of them twice, and misses none.
  void flush() {
    deliver();
    if (cursor_file_) cursor_file_->store(position());
  }

  // A stop while nobody empties the pipe leaves some of them over.
  void deliver() {
    const std::size_t bytes = output_.flush();
    const auto left = std::ranges::upper_bound(gathered_, bytes, {}, &Gathered::end);
    if (left != gathered_.end()) {
      printed_ -= static_cast<std::uint64_t>(gathered_.end() - left);
      if (!cut_) cut_ = left->seq;
    }
    gathered_.clear();
  }

  // The first value that is not out.
  std::uint64_t position() const noexcept { return cut_.value_or(next_); }

  void print_heading() {
    // A table fits its columns to what is there already.
    constexpr std::uint64_t kMeasured = 50;
    const std::uint64_t oldest = From::oldest.cursor(view_.head(), view_.slots());
    std::uint64_t seq = std::max(oldest, window_.first - std::min(window_.first, kMeasured));
    for (; seq < std::min(window_.first, view_.head()); ++seq) {
      if (view_.read(seq, record_) == ReadStatus::ok) formatter_->precede(seq, record_);
    }
    seq = std::max(window_.first, oldest);
    for (std::uint64_t i = 0; i < kMeasured && seq < view_.head(); ++i, ++seq) {
      if (view_.read(seq, record_) == ReadStatus::ok) formatter_->measure(seq, record_);
    }
    formatter_->heading(output_.text());
  }

  void wait() {
    constexpr std::chrono::milliseconds kLongestWait{50};  // until a signal, or a closed pipe, is looked for again
    flush();
    if (reader_.wait_for(kLongestWait)) return;
    terminal::Output::check_open();
    if (!retired_ && view_.retired()) {
      retired_ = true;
      terminal::note(
          fmt::format("the name '{}' is gone, or leads to another arena; still following the old one", view_.name()));
    }
  }

  // Only what was asked for counts as lost: not what is beyond the end, and not what was overwritten before the first
  // value came, if the oldest or the last so many were asked for.
  void report(Gap gap) {
    if (gap.first >= window_.end) return;
    const bool from_what_is_there = !cursor_ && (options_.asked.from.empty() || options_.asked.from == "oldest");
    if (read_ == 0 && gap.cause == Loss::overwritten && from_what_is_there) return;
    gap.last = std::min(gap.last, window_.end - 1);
    next_ = gap.last + 1;
    lost_ += gap.count();
    ++gaps_;
    if (options_.gaps_inline) {
      formatter_->gap(output_.text(), gap);
      output_.end_row();
    } else {
      deliver();  // on a terminal both come in their order
      terminal::plain_note(schema::describe(gap));
    }
  }

  void summarise() const {
    if (const std::string note = formatter_->altered_note(); !note.empty()) terminal::note(note);
    if (!options_.asked.follow && lost_ == 0 && !cut_) return;
    std::string text = "read " + text::counted(read_, "value");
    if (printed_ != read_) text += fmt::format(", printed {}", printed_);
    if (lost_ > 0) text += fmt::format(", lost {} in {}", lost_, text::counted(gaps_, "gap"));
    terminal::note(text + lag());
  }

  void tell_left_out() const {
    const std::uint64_t count = formatter_->left_out_count();
    if (count == 0) return;
    terminal::note(fmt::format(
        "left out {} beyond 9223372036854775807, which line protocol cannot say with the suffix i; InfluxDB 2 reads "
        "--unsigned-suffix u",
        text::counted(count, "integer")));
  }

  // How far behind a stop has come.
  std::string lag() const {
    if (!terminal::stop_requested()) return "";
    const std::uint64_t head = std::min(view_.head(), core::kSeqLimit);
    const std::uint64_t end = std::min(head, window_.end);
    if (position() >= end) return "";
    std::string text = fmt::format("; stopped {} behind the head", text::counted(end - position(), "value"));
    const std::uint64_t oldest = std::min(From::oldest.cursor(head, view_.slots()), end);
    if (oldest > position()) text += fmt::format(", {} of them already overwritten", oldest - position());
    return text;
  }

  struct Gathered {
    std::uint64_t seq = 0;
    std::size_t end = 0;  // of its text
  };

  const Options& options_;
  RawView view_;
  std::unique_ptr<schema::RecordFormatter> formatter_;
  std::optional<recording::CursorFile> cursor_file_;
  std::optional<std::uint64_t> cursor_;  // where an earlier run ended
  Window window_;
  RawReader reader_;
  std::vector<std::byte> record_;
  terminal::Output output_;
  std::vector<Gathered> gathered_;    // what is in output_
  std::optional<std::uint64_t> cut_;  // the first one that a stop kept from coming out
  std::uint64_t read_ = 0;
  std::uint64_t printed_ = 0;  // of those
  std::uint64_t next_ = window_.first;
  std::uint64_t lost_ = 0;
  std::uint64_t gaps_ = 0;
  bool retired_ = false;
};

// At commas; blanks around names are for the eye. The number is always there.
std::vector<std::string> split(const std::string& names) {
  std::vector<std::string> parts;
  for (std::string_view rest = names;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view name = schema::trimmed(rest.substr(0, comma));
    if (name != schema::kSeqColumn) parts.emplace_back(name);
    if (comma == std::string_view::npos) return parts;
    rest.remove_prefix(comma + 1);
  }
}

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
    field.as_text = options.quote_int64 && is_integer;
    field.as_time = options.iso_times && is_integer && field.name == schema.time_field &&
                    text::units_per_second(field.unit).has_value();
  }
  if (options.iso_times && schema.time_field.empty())
    terminal::note("no field is marked as the time; times stay numbers");
}

terminal::ExitCode run(const Options& options) {
  RawView view = RawView::open(options.name);
  auto schema =
      options.format == "hex" ? std::nullopt : recording::schema_for(view.info(), options.as, terminal_attendant());
  const Format format = format_of(options.format, schema.has_value());
  const auto time = schema ? schema::time_field(*schema) : std::nullopt;
  if (!schema && format != Format::hex)
    recording::refuse_without_schema(view.info(), "print as " + options.format + " the records of");
  if (!options.fields.empty()) {
    if (!schema) recording::refuse_without_schema(view.info(), "choose fields of");
    schema = schema->select(split(options.fields));
  }
  if (schema) set_display(*schema, options);
  if (const std::size_t size = view.info().record.size_bytes;
      format == Format::hex && size > schema::kHexBytes && !options.whole)
    terminal::note(fmt::format("'{}': {} of {} bytes of each record are shown; --whole shows all", view.name(),
                               schema::kHexBytes, size));
  auto formatter =
      format == Format::influx
          ? schema::influx_formatter(
                *schema, {.source = std::string(view.name()), .unsigned_suffix = options.unsigned_suffix, .time = time})
          : schema::make_formatter(format, schema ? &*schema : nullptr, view.name(),
                                   options.whole ? kWholeRecord : schema::kHexBytes);
  return Tail(options, std::move(view), std::move(formatter)).run();
}

}  // namespace

void add_tail(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<Options>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "tail",
       .summary = "Print the values of an arena, once or as they come",
       .details =
           "Values that were lost are reported on standard error, and the exit code is then 3: overwritten before\n"
           "they could be read, holes (the writer died or skipped), or passed over (the writer is stopped, or\n"
           "it is faster than tail, which then jumps ahead by up to half the ring).\n"
           "ndjson and csv replace bytes that are not UTF-8, and NaN is null in ndjson; hex shows all as it is.\n"
           "influx is for InfluxDB 1.8 and 2, and for what reads the same. Each line has a time of its own: that\n"
           "of the time field, or of the printing if there is none, moved on by nanoseconds where another line\n"
           "has it. The sequence number is the field seq, and a field called time becomes time_. In names, what\n"
           "the protocol cannot say is written %HH.",
       .example = "  arena-shm tail ticks -n 3\n"
                  "  arena-shm tail ticks -f --format ndjson | jq .px\n"
                  "  arena-shm tail imu --as 'u64 ts, f64 px'"},
      options, run);
  verb.add_option("NAME", options->name, "Name of the arena").required().type_name("");
  verb.add_option("-n,-c,--count", options->asked.count,
                  "The last N values (10), also with --until; with --from, at most N from there")
      .type_name("N")
      .check(terminal::count());
  verb.add_flag("-f,--follow", options->asked.follow, "Go on with what comes, until interrupted");
  verb.add_option("--from", options->asked.from, "Begin at: oldest, newest, or a sequence number")
      .type_name("oldest|newest|SEQ")
      .check(terminal::position());
  verb.add_option("--until", options->asked.until, "End with this sequence number")
      .type_name("SEQ")
      .check(terminal::count());
  verb.add_option("--format", options->format, "table, ndjson (json is the same), csv, influx or hex")
      .type_name("FORMAT")
      .check(terminal::one_of({"table", "ndjson", "json", "csv", "influx", "hex"}));
  verb.add_flag("--whole", options->whole, "As hex: all bytes of long records, not only the first 1024");
  verb.add_option("--fields", options->fields, "Print these fields only, like ts,px or pos[0]").type_name("NAMES");
  verb.add_option("--every", options->asked.every, "Print only values whose number is a multiple of K")
      .type_name("K")
      .check(terminal::count({.least = 1}));
  verb.add_option("--cursor-file", options->cursor_file,
                  "Begin where the run before ended, and keep in this file where")
      .type_name("FILE")
      .excludes("--from");
  verb.add_option(
          "--int64", [options](const std::string& how) { options->quote_int64 = how == "string"; },
          "64-bit integers in JSON: number or string")
      .type_name("HOW")
      .check(terminal::one_of({"number", "string"}));
  verb.add_option(
          "--time-format", [options](const std::string& how) { options->iso_times = how == "iso"; },
          "The time field: number or iso")
      .type_name("HOW")
      .check(terminal::one_of({"number", "iso"}));
  verb.add_option(
          "--unsigned-suffix", [options](const std::string& suffix) { options->unsigned_suffix = suffix.front(); },
          "Of unsigned integers in influx: i (leaves out what is beyond i64), or u (not for InfluxDB 1.8)")
      .type_name("SUFFIX")
      .check(terminal::one_of({"i", "u"}));
  verb.add_option("--as", options->as, "Decode records as these fields, like 'u64 ts, f64 px'").type_name("FIELDS");
  verb.add_option(
          "--gaps", [options](const std::string& where) { options->gaps_inline = where == "inline"; },
          "Where to report lost values: stderr or inline")
      .type_name("WHERE")
      .check(terminal::one_of({"stderr", "inline"}));
}

}  // namespace arena_shm::tool
