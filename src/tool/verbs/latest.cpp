// latest: the newest value for each key, once or kept up to date. Maps everything read-only and registers nowhere.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "recording/newest_by_key.hpp"
#include "schema/record_formatter.hpp"
#include "schema/value_time.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/screen.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "text/utf8.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/latest_feed.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/report.hpp"
#include "tool/views/screen_attendant.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

using SteadyClock = std::chrono::steady_clock;
using Key = terminal::Screen::Key;
using Newest = recording::NewestByKey::Newest;

struct LatestOptions {
  LatestAsked asked;
  std::string fields;
  std::string format = "table";
  double interval_seconds = 1;
  bool quote_int64 = false;
};

schema::Format format_of(const std::string& text) {
  if (text == "csv") return schema::Format::csv;
  return text == "table" ? schema::Format::table : schema::Format::ndjson;
}

class Latest {
 public:
  explicit Latest(const LatestOptions& options) : options_(options) {
    if (options.asked.follow && options.format == "table") screen_ = terminal::Screen::open();
    feed_.emplace(options.asked, screen_ ? screen_attendant_ : terminal_attendant());
    printer(terminal::line_width());  // wrong fields are refused at once
  }

  terminal::ExitCode run() {
    if (screen_) {
      watch(*screen_);
      screen_.reset();
    } else if (options_.asked.follow) {
      print_changes();
    } else {
      while (feed_->goes_on()) feed_->read_until(SteadyClock::now() + LatestFeed::kLongestWait);
      print_all();
    }
    if (feed_->lost_count() > 0 || options_.asked.follow || feed_->newest().size() == 0)
      terminal::note(feed_->account());
    if (feed_->failure()) return report(*feed_->failure());
    return feed_->lost_count() > 0 ? terminal::ExitCode::lost : terminal::ExitCode::ok;
  }

 private:
  std::unique_ptr<schema::RecordFormatter> printer(std::size_t width) const {
    schema::Schema schema = *feed_->shape().schema;
    if (!options_.fields.empty()) schema = schema.select(schema::split_names(options_.fields, schema));
    if (feed_->shape().has_time) schema = schema::with_value_time(schema);
    return schema::make_formatter(format_of(options_.format), &schema,
                                  {.source = options_.asked.name, .width = width, .quote_int64 = options_.quote_int64});
  }

  void print_all() {
    terminal::Output output;
    const auto formatter = printer(terminal::line_width());
    feed_->newest().for_each([&](const Newest& one) { formatter->measure(one.seq, one.row); });
    formatter->heading(output.text());
    feed_->newest().for_each([&](const Newest& one) {
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
    while (feed_->goes_on()) {
      const SteadyClock::time_point end = SteadyClock::now() + interval();
      while (SteadyClock::now() < end && feed_->goes_on()) {
        feed_->read_until(std::min<SteadyClock::time_point>(end, SteadyClock::now() + LatestFeed::kLongestWait));
        terminal::Output::check_open();
      }
      if (!has_heading) {
        feed_->newest().for_each([&](const Newest& one) { formatter->measure(one.seq, one.row); });
        formatter->heading(output.text());
        has_heading = true;
      }
      feed_->newest().take_changes([&](const Newest& one) {
        formatter->record(output.text(), one.seq, one.row);
        output.end_row();
      });
      output.flush();
    }
  }

  SteadyClock::duration interval() const {
    return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(options_.interval_seconds));
  }

  void watch(terminal::Screen& screen) {
    SteadyClock::time_point next =
        SteadyClock::now() + std::min<SteadyClock::duration>(interval(), std::chrono::milliseconds(100));
    while (feed_->goes_on()) {
      const Key key = screen.wait_key(std::chrono::milliseconds(0));
      if (key == Key::quit) return;
      feed_->read_until(std::min<SteadyClock::time_point>(next, SteadyClock::now() + LatestFeed::kLongestWait));
      if (key == Key::redraw) screen.redraw();
      if (key == Key::up && first_ > 0) --first_;
      if (key == Key::down) ++first_;
      if (key == Key::first) first_ = 0;
      if (key == Key::last) first_ = feed_->newest().size();
      if (SteadyClock::now() < next && key == Key::none) continue;
      if (SteadyClock::now() >= next) next = SteadyClock::now() + interval();
      draw(screen);
    }
  }

  void draw(terminal::Screen& screen) {
    const auto room = static_cast<std::size_t>(std::max(screen.rows() - 3, 1));
    first_ = std::min(first_, feed_->newest().size() > room ? feed_->newest().size() - room : 0);
    const auto formatter = printer(screen.columns());
    const auto for_each_shown = [&](const std::function<void(const Newest&)>& see) {
      std::size_t index = 0;
      feed_->newest().for_each([&](const Newest& one) {
        if (index >= first_ && index < first_ + room) see(one);
        ++index;
      });
    };
    for_each_shown([&](const Newest& one) { formatter->measure(one.seq, one.row); });
    std::string lines;
    formatter->heading(lines);
    for_each_shown([&](const Newest& one) { formatter->record(lines, one.seq, one.row); });
    screen.clear();
    screen.put(0, fmt::format("arena-shm latest {} --by {}  {}{}", options_.asked.name, options_.asked.by,
                              text::counted(feed_->newest().size(), "key"),
                              feed_->lost_count() > 0 ? fmt::format(", lost {}", feed_->lost_count()) : ""));
    int row = 1;
    for (std::string_view rest = lines; !rest.empty() && row + 1 < screen.rows(); ++row) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      screen.put(row, rest.substr(0, end),
                 row == 1 ? terminal::Screen::Style::heading : terminal::Screen::Style::plain);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const std::string& message = screen_attendant_.message();
    screen.put(screen.rows() - 1,
               text::printable("q quit  up/down scroll" + (message.empty() ? "" : "  | " + message)));
    screen.show();
  }

  const LatestOptions& options_;
  ScreenAttendant screen_attendant_;
  std::unique_ptr<terminal::Screen> screen_;
  std::optional<LatestFeed> feed_;
  std::size_t first_ = 0;  // that is shown
};

terminal::ExitCode run_latest(const LatestOptions& options) {
  terminal::catch_stop_signals();  // before ncurses would do it in its own way
  return Latest(options).run();
}

}  // namespace

void add_latest(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<LatestOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "latest",
       .summary = "Print the newest value for each key, once or kept up to date",
       .details =
           "A key is what the fields of --by hold: a symbol, a sensor's number. Rows come in the order of the keys.\n"
           "With -f, the table fills the terminal and is drawn anew at every interval; q quits, up and down scroll.\n"
           "Without a terminal, or in another format, -f prints at every interval the rows that have changed.\n"
           "When the arena is removed and made anew, -f goes on with the new one: it must hold records of the same\n"
           "type and meaning. A key that does not come there keeps its row.\n"
           "Only what the ring still holds can be found. Lost values are counted at the end, and the exit code is\n"
           "then 3.",
       .example = "  arena-shm latest ticks --by sym\n"
                  "  arena-shm latest ticks --by venue,sym --where 'px > 0' -f -i 200ms\n"
                  "  arena-shm latest ticks --by sym -f --format ndjson | jq -c '[.sym, .px]'"},
      options, run_latest);
  verb.add_option("NAME", options->asked.name, "Name of the arena").required().type_name("");
  verb.add_option("--by", options->asked.by, "The fields that are the key, like sym or venue,sym")
      .required()
      .type_name("FIELDS");
  add_where_option(verb, options->asked.where);
  verb.add_flag("-f,--follow", options->asked.follow, "Keep it up to date, until interrupted");
  verb.add_option("-i,--interval", options->interval_seconds, "With -f: the time between two updates, like 500ms")
      .type_name("TIME")
      .check(terminal::interval())
      .default_str("1s");
  verb.add_option("--fields", options->fields, "Print these fields only, like sym,px").type_name("NAMES");
  verb.add_option("--format", options->format, "table, ndjson (json is the same) or csv")
      .type_name("FORMAT")
      .check(terminal::one_of({"table", "ndjson", "json", "csv"}));
  terminal::add_int64_option(verb, options->quote_int64);
  verb.add_option("--as", options->asked.as, "Decode records as these fields, like 'u64 ts, f64 px'")
      .type_name("FIELDS");
}

}  // namespace arena_shm::tool
