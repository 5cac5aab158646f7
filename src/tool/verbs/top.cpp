// top: all arenas on the whole screen, and the seats of one of them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "terminal/exit_code.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/screen.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "text/text_table.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"
#include "tool/verbs/await_arena.hpp"
#include "tool/verbs/stat.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/consumer_table.hpp"
#include "tool/views/inspection.hpp"
#include "tool/views/name_pattern.hpp"
#include "tool/views/seat_table.hpp"
#include "tool/views/stat_lines.hpp"
#include "tool/views/top_help.hpp"
#include "tool/views/watch.hpp"

namespace arena_shm::tool {

namespace {

using SteadyClock = std::chrono::steady_clock;
using Key = terminal::Screen::Key;
using Style = terminal::Screen::Style;

struct TopOptions {
  std::vector<std::string> names;
  double interval_seconds = 1;
  bool waits = false;
};

enum class TopOrder : std::uint8_t { name, rate, written, holes };
constexpr std::array<const char*, 4> kOrderNames{"name", "rate", "written", "holes"};

class Top {
 public:
  Top(terminal::Screen& screen, const TopOptions& options)
      : screen_(screen),
        interval_(
            std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(options.interval_seconds))),
        watch_(
            options.names, [this](std::string_view text) { message_ = text; },
            options.waits ? Watch::Absent::is_waited_for : Watch::Absent::is_an_error) {}

  void run() {
    constexpr std::chrono::milliseconds kLongestRest{50};  // until a signal is looked for again
    watch_.sample();
    SteadyClock::time_point next = SteadyClock::now() + std::min<SteadyClock::duration>(interval_, kFirstInterval);
    draw();
    while (!terminal::stop_requested()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - SteadyClock::now());
      const Key key = screen_.wait_key(std::clamp(left, std::chrono::milliseconds(0), kLongestRest));
      const bool is_for_page = (is_typing_ || is_helping_) && !screen_.typed().empty();
      if (key == Key::quit && !is_for_page) return;
      if (SteadyClock::now() >= next) {
        watch_.sample();
        next = next_tick(next, interval_, SteadyClock::now());
      } else if (key == Key::none) {
        continue;
      }
      obey(key);
      draw();
    }
  }

 private:
  void obey(Key key) {
    if (is_helping_ && key != Key::none) {
      is_helping_ = key == Key::resized || key == Key::redraw;
      return;
    }
    if (is_typing_ && edit_filter(key)) return;
    const std::size_t count = order_arenas().size();
    switch (key) {
      case Key::up: selected_ -= selected_ > 0 ? 1 : 0; break;
      case Key::down: selected_ += selected_ + 1 < count ? 1 : 0; break;
      case Key::first: selected_ = 0; break;
      case Key::last: selected_ = count > 0 ? count - 1 : 0; break;
      case Key::sort:
        order_ = static_cast<TopOrder>((static_cast<std::size_t>(order_) + 1) % kOrderNames.size());
        return;
      case Key::reverse: reversed_ = !reversed_; return;
      case Key::help: is_helping_ = true; return;
      case Key::filter: is_typing_ = true; return;
      case Key::escape: filter_.clear(); return;
      case Key::redraw: screen_.redraw(); return;
      default: return;
    }
    selected_name_.clear();  // another one is meant now
  }

  // Returns: true if the key was for the filter.
  bool edit_filter(Key key) {
    if (key == Key::enter || key == Key::escape) {
      is_typing_ = false;
      if (key == Key::escape) filter_.clear();
      return true;
    }
    if (key == Key::erase) {
      while (!filter_.empty() && (static_cast<unsigned char>(filter_.back()) & 0xc0) == 0x80) filter_.pop_back();
      if (!filter_.empty()) filter_.pop_back();
      return true;
    }
    filter_ += screen_.typed();
    return !screen_.typed().empty();
  }

  bool comes_before(const Watched* a, const Watched* b) const {
    const auto key = [this](const Watched* arena) {
      switch (order_) {
        case TopOrder::rate: return -rates_of(*arena).value_or(Rates{}).values_per_second;
        case TopOrder::written: return -static_cast<double>(arena->now.counters.values);
        case TopOrder::holes: return -static_cast<double>(arena->now.holes_max());
        case TopOrder::name: break;
      }
      return 0.0;
    };
    const auto rank = [&](const Watched* arena) { return std::tuple(key(arena), arena->name); };
    return rank(a) < rank(b);
  }

  // Those that can be read, in their order; selected_ is then the place of the one that was selected by its name.
  std::vector<const Watched*> order_arenas() {
    std::vector<const Watched*> arenas;
    for (const Watched& arena : watch_.arenas()) {
      if (arena.readable && passes_filter(filter_, arena.name)) arenas.push_back(&arena);
    }
    std::sort(arenas.begin(), arenas.end(), [this](const Watched* a, const Watched* b) { return comes_before(a, b); });
    if (reversed_) std::reverse(arenas.begin(), arenas.end());
    const auto named = std::find_if(arenas.begin(), arenas.end(),
                                    [this](const Watched* arena) { return arena->name == selected_name_; });
    if (named != arenas.end()) selected_ = static_cast<std::size_t>(named - arenas.begin());
    if (selected_ >= arenas.size()) selected_ = arenas.empty() ? 0 : arenas.size() - 1;
    return arenas;
  }

  void draw() {
    const std::vector<const Watched*> arenas = order_arenas();
    selected_name_ = arenas.empty() ? "" : arenas[selected_]->name;
    screen_.clear();
    if (is_helping_) return draw_help();
    screen_.put(0, fmt::format("arena-shm top  {}  {}  sorted by {}{}", text::utc_time(text::realtime_ns()),
                               count_text(arenas.size()), kOrderNames.at(static_cast<std::size_t>(order_)),
                               reversed_ ? ", reversed" : ""));
    const int row = draw_arenas(arenas, 2);
    if (!arenas.empty()) draw_seats(*arenas[selected_], row + 1);
    screen_.put(screen_.rows() - 1, text::printable(last_line()));
    screen_.show();
  }

  std::string count_text(std::size_t shown) const {
    if (filter_.empty()) return text::counted(shown, "arena");
    return fmt::format("{} of {}", shown, text::counted(watch_.readable_count(), "arena"));
  }

  std::string last_line() const {
    if (is_typing_) return "/" + filter_ + "_   Enter keeps, Esc clears";
    std::string text = "q quit  up/down select  s sort  r reverse  / filter  ? help";
    if (!filter_.empty()) text = fmt::format("filter: {}  (/ changes, Esc clears)  q quit  ? help", filter_);
    return message_.empty() ? text : text + "  | " + message_;
  }

  void draw_help() {
    screen_.put(0, "arena-shm top: keys and columns", Style::heading);
    int row = 2;
    for (const char* line : kTopHelp) {
      if (row + 1 < screen_.rows()) screen_.put(row++, line);
    }
    screen_.put(screen_.rows() - 1, "press any key to go back");
    screen_.show();
  }

  // Returns the first row after them. At most half of the screen: those around the selected one.
  int draw_arenas(const std::vector<const Watched*>& arenas, int row) {
    const bool lossless = any_is_lossless(watch_.arenas());
    text::TextTable table = stat_table(screen_.columns(), lossless);
    std::vector<std::vector<std::string>> lines;
    for (const Watched* arena : arenas) table.widen(lines.emplace_back(stat_cells(*arena, lossless)));
    std::string heading;
    table.append_heading(heading);
    heading.pop_back();
    screen_.put(row++, heading, Style::heading);
    const auto room = static_cast<std::size_t>(std::max(screen_.rows() / 2 - row, 1));
    const std::size_t last_first = lines.size() > room ? lines.size() - room : 0;
    const std::size_t first = std::min(selected_ > room / 2 ? selected_ - room / 2 : 0, last_first);
    for (std::size_t i = first; i < std::min(first + room, lines.size()); ++i) {
      std::string line;
      table.append(line, lines[i]);
      line.pop_back();
      screen_.put(row++, line,
                  i == selected_           ? Style::selected
                  : arenas[i]->now.blocker ? Style::alarming
                                           : Style::plain);
    }
    return row;
  }

  void draw_seats(const Watched& arena, int row) {
    try {
      draw_seats(arena, inspect::Image::of_arena(arena.name), row);
    } catch (const Error& error) {
      screen_.put(row, text::printable(error.what()));
    }
  }

  void draw_seats(const Watched& arena, const inspect::Image& image, int row) {
    inspect::Facts facts = arena.facts;
    refresh_heads(image, facts);
    const inspect::Seats seats = inspect::read_seats(image, facts.header);
    const Info& info = facts.info;
    screen_.put(row++,
                fmt::format("{}: {} for {} of {}, {} in all; seats: {}", text::printable(arena.name), slots_text(info),
                            info.record.name.empty() ? "records" : text::printable(info.record.name),
                            text::counted(info.record.size_bytes, "byte"), text::short_bytes(info.segment_bytes),
                            count_seats(seats)));
    if (info.full == Full::wait)
      draw_consumers(facts, inspect::read_consumers(image, facts.header, facts.heads, seats), row);
    const SeatLines lines =
        seat_lines(facts, seats, inspect::read_newest_times(image, facts.header, facts.heads), screen_.columns());
    put_below(row, lines.heading, Style::heading);
    for (const SeatLines::Line& line : lines.lines)
      put_below(row, line.text, line.is_alarming ? Style::alarming : Style::plain);
  }

  // Above the seats: these are many.
  void draw_consumers(const inspect::Facts& facts, const inspect::Consumers& consumers, int& row) {
    const auto style = [](bool is_alarming) { return is_alarming ? Style::alarming : Style::plain; };
    put_below(row, "consumers: " + count_consumers(consumers), style(consumers.blocker() != nullptr));
    const ConsumerLines lines = consumer_lines(facts, consumers, screen_.columns());
    if (!lines.lines.empty()) put_below(row, lines.heading, Style::heading);
    for (const ConsumerLines::Line& line : lines.lines) put_below(row, line.text, style(line.is_in_the_way));
  }

  // The last row is the help's.
  void put_below(int& row, const std::string& text, Style style) {
    if (row + 1 < screen_.rows()) screen_.put(row++, text, style);
  }

  terminal::Screen& screen_;
  SteadyClock::duration interval_;
  std::string message_;
  Watch watch_;
  TopOrder order_ = TopOrder::name;
  bool reversed_ = false;
  std::size_t selected_ = 0;
  std::string selected_name_;
  std::string filter_;
  bool is_typing_ = false;
  bool is_helping_ = false;
};

terminal::ExitCode run_top(const TopOptions& options) {
  terminal::catch_stop_signals();  // before ncurses would do it in its own way
  const std::unique_ptr<terminal::Screen> screen = terminal::Screen::open();
  if (!screen)
    return print_stat(
        {.names = options.names, .interval_seconds = options.interval_seconds, .count = {}, .waits = options.waits});
  Top(*screen, options).run();
  return terminal::ExitCode::ok;
}

}  // namespace

void add_top(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<TopOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "top",
       .summary = "Watch all arenas on a full screen, with the seats of one",
       .details =
           "Keys: q quits; up, down, Home and End (or k, j, g and G) select an arena; s sorts by another column; r\n"
           "reverses the order; / filters by name; ? shows all keys; ^L redraws the screen. The columns are those\n"
           "of 'arena-shm stat'. An arena that is removed and created anew is watched on. Without a\n"
           "terminal, top prints what 'arena-shm stat' prints.",
       .example = "  arena-shm top\n"
                  "  arena-shm top -i 200ms\n"
                  "  arena-shm top ticks imu"},
      options, run_top);
  verb.add_option("NAME", options->names, "Names of arenas, or patterns like 'tick*' (default: all)").type_name("");
  verb.add_option("-i,--interval", options->interval_seconds, "The time between two updates, like 500ms")
      .type_name("TIME")
      .check(terminal::interval())
      .default_str("1s");
  add_wait_option(verb, options->waits);
}

}  // namespace arena_shm::tool
