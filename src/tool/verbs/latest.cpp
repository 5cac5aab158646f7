// latest: the newest value for each key, once or kept up to date. Maps everything read-only and registers nowhere.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "arena_shm/raw.hpp"
#include "recording/arena_stream.hpp"
#include "recording/lanes.hpp"
#include "recording/newest_by_key.hpp"
#include "recording/record_view.hpp"
#include "schema/record_formatter.hpp"
#include "schema/record_time.hpp"
#include "schema/value_time.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/screen.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/report.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

using Clock = std::chrono::steady_clock;
using Key = terminal::Screen::Key;
using Newest = recording::NewestByKey::Newest;
using Step = recording::ValueStream::Step;

struct Options {
  std::string name;
  std::string by;
  std::optional<std::string> where;
  std::string fields;
  std::string format = "table";
  std::string as;
  double interval_seconds = 1;
  bool follow = false;
  bool quote_int64 = false;
};

recording::RecordShape shape_of(const Options& options, const Info& info) {
  recording::RecordShape shape{.size_bytes = info.record.size_bytes,
                               .schema = recording::schema_for(info, options.as, terminal_attendant())};
  if (!shape.schema) recording::refuse_without_schema(info, "find the keys of");
  shape.has_time = recording::has_time_column(info, shape.schema);
  return shape;
}

schema::Format format_of(const std::string& text) {
  if (text == "csv") return schema::Format::csv;
  return text == "table" ? schema::Format::table : schema::Format::ndjson;
}

class Latest {
 public:
  explicit Latest(const Options& options)
      : options_(options),
        view_(open_or_tell("create it first", [&] { return RawView::open(options.name); })),
        shape_(shape_of(options, view_.info())),
        extent_(extent()),
        stream_(view_, extent_, shape_, terminal_attendant()),
        newest_(shape_.schema->select(schema::split_names(options.by, *shape_.schema)).fields, view_.lanes()),
        row_(shape_) {
    are_lanes_apart_ = view_.lanes() > 1 && view_.info().clock == arena_shm::Clock::none;
    if (are_lanes_apart_) time_field_ = schema::time_field(*shape_.schema);
    printer(terminal::line_width());  // wrong fields are refused at once
    stream_.on_gap([this](const Gap& gap) { lost_ += gap.count(); });
  }

  terminal::ExitCode run() {
    terminal::catch_stop_signals();
    if (are_lanes_apart_ && !time_field_) {
      terminal::note(fmt::format(
          "'{}': its lanes have no times, and its records no time field: of a key in several lanes, it is a guess by "
          "sequence numbers which value is the newest",
          options_.name));
    }
    const auto screen = options_.follow && options_.format == "table" ? terminal::Screen::open() : nullptr;
    if (screen) {
      watch(*screen);
    } else if (options_.follow) {
      print_changes();
    } else {
      while (!stream_.is_finished() && !terminal::stop_requested()) read_until(Clock::now() + kLongestWait);
      print_all();
    }
    if (lost_ > 0 || options_.follow || newest_.size() == 0) tell_account();
    return lost_ > 0 ? terminal::ExitCode::lost : terminal::ExitCode::ok;
  }

 private:
  static constexpr std::chrono::milliseconds kLongestWait{50};  // until a signal, or a key, is looked for again

  recording::Extent extent() const {
    const Position heads = place_in(view_, From::newest);
    recording::Extent extent{.first = recording::place_of(From::oldest, heads, view_.slots() / view_.lanes()),
                             .where = options_.where};
    if (!options_.follow) extent.end = heads;
    return extent;
  }

  // Lanes without times come one after the other: the time field tells which value is newer, else its number.
  std::uint64_t rank() {
    if (!are_lanes_apart_) return 0;
    return time_field_ ? schema::unsigned_time_ns(*time_field_, row_.record()) : stream_.seq();
  }

  std::unique_ptr<schema::RecordFormatter> printer(std::size_t width) const {
    schema::Schema schema = *shape_.schema;
    if (!options_.fields.empty()) schema = schema.select(schema::split_names(options_.fields, schema));
    if (shape_.has_time) schema = schema::with_value_time(schema);
    return schema::make_formatter(format_of(options_.format), &schema,
                                  {.source = options_.name, .width = width, .quote_int64 = options_.quote_int64});
  }

  void read_until(Clock::time_point end) {
    constexpr std::uint64_t kBetweenLooks = 256;
    for (std::uint64_t i = 1; !stream_.is_finished(); ++i) {
      switch (stream_.next(row_)) {
        case Step::value:
          ++read_;
          newest_.put(stream_.seq(), row_.bytes(), row_.record(), rank());
          break;
        case Step::passed: break;
        case Step::none: {
          const auto left = std::chrono::floor<std::chrono::milliseconds>(end - Clock::now());
          if (left.count() <= 0) return;
          stream_.wait_for(std::min(left, kLongestWait));
          break;
        }
      }
      if (i % kBetweenLooks == 0 && (Clock::now() >= end || terminal::stop_requested())) return;
    }
  }

  void print_all() {
    terminal::Output output;
    const auto formatter = printer(terminal::line_width());
    newest_.for_each([&](const Newest& one) { formatter->measure(one.seq, one.row); });
    formatter->heading(output.text());
    newest_.for_each([&](const Newest& one) {
      formatter->record(output.text(), one.seq, one.row);
      output.end_row();
      if (output.is_large()) output.flush();
    });
    output.flush();
    if (const std::string note = formatter->altered_note(); !note.empty()) terminal::note(note);
  }

  // What has a new value since the last time: a row for each interval, not for each value.
  void print_changes() {
    terminal::Output output;
    const auto formatter = printer(terminal::line_width());
    bool has_heading = false;
    while (!terminal::stop_requested()) {
      const Clock::time_point end = Clock::now() + interval();
      while (Clock::now() < end && !terminal::stop_requested()) {
        read_until(std::min<Clock::time_point>(end, Clock::now() + kLongestWait));
        terminal::Output::check_open();
      }
      if (!has_heading) {
        newest_.for_each([&](const Newest& one) { formatter->measure(one.seq, one.row); });
        formatter->heading(output.text());
        has_heading = true;
      }
      newest_.take_changes([&](const Newest& one) {
        formatter->record(output.text(), one.seq, one.row);
        output.end_row();
      });
      output.flush();
    }
  }

  Clock::duration interval() const {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.interval_seconds));
  }

  void watch(terminal::Screen& screen) {
    Clock::time_point next = Clock::now() + std::min<Clock::duration>(interval(), std::chrono::milliseconds(100));
    while (!terminal::stop_requested()) {
      const Key key = screen.wait_key(std::chrono::milliseconds(0));
      if (key == Key::quit) return;
      read_until(std::min<Clock::time_point>(next, Clock::now() + kLongestWait));
      if (key == Key::redraw) screen.redraw();
      if (key == Key::up && first_ > 0) --first_;
      if (key == Key::down) ++first_;
      if (key == Key::first) first_ = 0;
      if (key == Key::last) first_ = newest_.size();
      if (Clock::now() < next && key == Key::none) continue;
      if (Clock::now() >= next) next = Clock::now() + interval();
      draw(screen);
    }
  }

  void draw(terminal::Screen& screen) {
    const auto room = static_cast<std::size_t>(std::max(screen.rows() - 3, 1));
    first_ = std::min(first_, newest_.size() > room ? newest_.size() - room : 0);
    const auto formatter = printer(screen.columns());
    const auto for_each_shown = [&](const std::function<void(const Newest&)>& see) {
      std::size_t index = 0;
      newest_.for_each([&](const Newest& one) {
        if (index >= first_ && index < first_ + room) see(one);
        ++index;
      });
    };
    for_each_shown([&](const Newest& one) { formatter->measure(one.seq, one.row); });
    std::string lines;
    formatter->heading(lines);
    for_each_shown([&](const Newest& one) { formatter->record(lines, one.seq, one.row); });
    screen.clear();
    screen.put(0, fmt::format("arena-shm latest {} --by {}  {}{}", options_.name, options_.by,
                              text::counted(newest_.size(), "key"), lost_ > 0 ? fmt::format(", lost {}", lost_) : ""));
    int row = 1;
    for (std::string_view rest = lines; !rest.empty() && row + 1 < screen.rows(); ++row) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      screen.put(row, rest.substr(0, end),
                 row == 1 ? terminal::Screen::Style::heading : terminal::Screen::Style::plain);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    screen.put(screen.rows() - 1, "q quit  up/down scroll");
    screen.show();
  }

  void tell_account() const {
    terminal::note(fmt::format("read {}{}, found {}{}", text::counted(read_, "value"),
                               recording::left_out_text(stream_.selection()), text::counted(newest_.size(), "key"),
                               lost_ > 0 ? fmt::format(", lost {}", lost_) : ""));
  }

  const Options& options_;
  RawView view_;
  recording::RecordShape shape_;
  recording::Extent extent_;
  recording::ArenaStream stream_;
  recording::NewestByKey newest_;
  recording::Row row_;
  bool are_lanes_apart_ = false;  // nothing but a field tells what is newer
  std::optional<schema::Field> time_field_;
  std::uint64_t read_ = 0;
  std::uint64_t lost_ = 0;
  std::size_t first_ = 0;  // that is shown
};

terminal::ExitCode run(const Options& options) { return Latest(options).run(); }

}  // namespace

void add_latest(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<Options>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "latest",
       .summary = "Print the newest value for each key, once or kept up to date",
       .details =
           "A key is what the fields of --by hold: a symbol, a sensor's number. Rows come in the order of the keys.\n"
           "With -f, the table fills the terminal and is drawn anew at every interval; q quits, up and down scroll.\n"
           "Without a terminal, or in another format, -f prints at every interval the rows that have changed.\n"
           "Only what the ring still holds can be found. Lost values are counted at the end, and the exit code is\n"
           "then 3.",
       .example = "  arena-shm latest ticks --by sym\n"
                  "  arena-shm latest ticks --by venue,sym --where 'px > 0' -f -i 200ms\n"
                  "  arena-shm latest ticks --by sym -f --format ndjson | jq -c '[.sym, .px]'"},
      options, run);
  verb.add_option("NAME", options->name, "Name of the arena").required().type_name("");
  verb.add_option("--by", options->by, "The fields that are the key, like sym or venue,sym")
      .required()
      .type_name("FIELDS");
  add_where_option(verb, options->where);
  verb.add_flag("-f,--follow", options->follow, "Keep it up to date, until interrupted");
  verb.add_option("-i,--interval", options->interval_seconds, "With -f: the time between two updates, like 500ms")
      .type_name("TIME")
      .check(terminal::interval())
      .default_str("1s");
  verb.add_option("--fields", options->fields, "Print these fields only, like sym,px").type_name("NAMES");
  verb.add_option("--format", options->format, "table, ndjson (json is the same) or csv")
      .type_name("FORMAT")
      .check(terminal::one_of({"table", "ndjson", "json", "csv"}));
  terminal::add_int64_option(verb, options->quote_int64);
  verb.add_option("--as", options->as, "Decode records as these fields, like 'u64 ts, f64 px'").type_name("FIELDS");
}

}  // namespace arena_shm::tool
