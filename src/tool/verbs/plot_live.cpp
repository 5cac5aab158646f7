#include "tool/verbs/plot_live.hpp"

#include <fmt/format.h>
#include <langinfo.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "plot/bins.hpp"
#include "plot/canvas.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"
#include "tool/views/screen_attendant.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

using SteadyClock = std::chrono::steady_clock;
using Key = terminal::Screen::Key;
using Style = terminal::Screen::Style;

constexpr std::size_t kBins = 4096;
constexpr std::size_t kLeastRows = 5;  // of a picture
constexpr std::size_t kLeastColumns = 25;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::string place_text(std::int64_t at, bool is_time) {
  return is_time ? text::time_text(at, kNsPerSecond) : fmt::format("{}", at);
}

// The least and the greatest place, in one line of the curve's width.
std::string axis_line(std::int64_t from, std::int64_t to, bool is_time, std::size_t columns) {
  const std::string left = place_text(from, is_time);
  const std::string right = place_text(to, is_time);
  const std::size_t room = plot::curve_columns(columns);
  const std::string text = left.size() + right.size() + 2 > room
                               ? fmt::format("{:>{}}", right, room)
                               : left + std::string(room - left.size() - right.size(), ' ') + right;
  return std::string(columns - room, ' ') + text;
}

// The least place there is, where there is none so far back.
std::int64_t back_from(std::int64_t at, std::int64_t by) noexcept {
  std::int64_t place = 0;
  return __builtin_sub_overflow(at, by, &place) ? std::numeric_limits<std::int64_t>::min() : place;
}

class LivePlot {
 public:
  LivePlot(terminal::Screen& screen, const PlotAsked& asked, std::int64_t window_ns)
      : screen_(screen), name_(asked.name), feed_(asked, From::oldest, attendant_) {
    if (!feed_.has_begun()) return;
    window_ =
        feed_.has_times() ? window_ns : static_cast<std::int64_t>(std::min<std::uint64_t>(feed_.slots(), 100'000));
    newest_.resize(feed_.series().size());
    begin_anew();
  }

  terminal::ExitCode run() {
    constexpr std::chrono::milliseconds kBetweenPictures{50};
    while (feed_.has_begun() && !terminal::stop_requested() && !feed_.is_finished()) {
      read_until(SteadyClock::now() + kBetweenPictures);
      draw();
      const Key key = screen_.wait_key(kBetweenPictures);
      if (key == Key::quit) break;
      obey(key);
    }
    if (feed_.failure()) throw Error(*feed_.failure());  // when the screen is as it was
    return feed_.conclude();
  }

 private:
  void begin_anew() { bins_.emplace(feed_.series().size(), std::max<std::int64_t>(window_ / 2048, 1), kBins); }

  void read_until(SteadyClock::time_point end) {
    constexpr int kBetweenLooks = 1024;
    for (int i = 1; feed_.next(); ++i) {
      // Sequence numbers begin anew, or a clock was set back by more than is seen.
      if (!bins_->is_empty() && feed_.at() < back_from(bins_->last(), window_)) begin_anew();
      if (!is_paused_) {
        bins_->add(feed_.at(), feed_.values());
        std::ranges::copy(feed_.values(), newest_.begin());
      }
      if (i % kBetweenLooks == 0 && SteadyClock::now() >= end) break;
    }
    feed_.wait_for({});
    if (!bins_->is_empty()) bins_->forget_before(back_from(bins_->last(), window_));
  }

  void obey(Key key) {
    const std::size_t count = feed_.series().size();
    if (key == Key::up && first_ > 0) --first_;
    if (key == Key::down && first_ + 1 < count) ++first_;
    if (key == Key::first) first_ = 0;
    if (key == Key::last) first_ = count - 1;
    if (key == Key::redraw) screen_.redraw();
    if (screen_.typed() == " ") is_paused_ = !is_paused_;
  }

  void draw() {
    const std::size_t columns = screen_.columns();
    const auto rows = static_cast<std::size_t>(std::max(screen_.rows(), 0));
    screen_.clear();
    if (columns < kLeastColumns || rows < kLeastRows + 3) {
      screen_.put(0, "too small");
      return screen_.show();
    }
    screen_.put(0, heading(), Style::heading);
    if (!bins_->is_empty()) draw_series(rows - 3, columns);
    screen_.put(static_cast<int>(rows) - 1,
                text::printable("q quit  up/down fields  space pauses" +
                                (attendant_.message().empty() ? "" : "  | " + attendant_.message())));
    screen_.show();
  }

  std::string heading() {
    const auto now = SteadyClock::now();
    if (now - rate_taken_ >= std::chrono::seconds(1)) {
      const std::chrono::duration<double> elapsed = now - rate_taken_;
      rate_ = static_cast<double>(feed_.point_count() - rate_count_) / elapsed.count();
      rate_count_ = feed_.point_count();
      rate_taken_ = now;
    }
    const std::size_t count = feed_.series().size();
    return fmt::format("arena-shm plot {}{}  {}/s  read {}{}{}", text::printable(name_), is_paused_ ? "  paused" : "",
                       text::short_count(rate_), text::counted(feed_.point_count(), "value"),
                       feed_.lost_count() > 0 ? fmt::format(", lost {}", feed_.lost_count()) : "",
                       count > shown_ ? fmt::format("  fields {}..{} of {}", first_ + 1, first_ + shown_, count) : "");
  }

  void draw_series(std::size_t rows, std::size_t columns) {
    shown_ = std::clamp<std::size_t>(rows / (kLeastRows + 1), 1, feed_.series().size() - first_);
    const std::size_t height = rows / shown_ - 1;
    const std::int64_t to = bins_->last();
    const std::int64_t from = back_from(to, window_);
    const std::size_t dots = plot::curve_columns(columns) * plot::dots_across(dots_);
    int row = 1;
    for (std::size_t i = first_; i < first_ + shown_; ++i) {
      for (const std::string& line :
           plot::draw(feed_.series()[i], bins_->columns(i, from, to, dots), newest_[i], height, columns, dots_))
        screen_.put(row++, line);
    }
    screen_.put(row, axis_line(from, to, feed_.has_times(), columns));
  }

  terminal::Screen& screen_;
  std::string name_;
  ScreenAttendant attendant_;
  PlotFeed feed_;
  plot::Dots dots_ = std::string_view(::nl_langinfo(CODESET)) == "UTF-8" ? plot::Dots::braille : plot::Dots::ascii;
  std::int64_t window_ = 0;
  std::optional<plot::Bins> bins_;
  std::vector<double> newest_;
  std::size_t first_ = 0;
  std::size_t shown_ = 1;
  bool is_paused_ = false;
  SteadyClock::time_point rate_taken_ = SteadyClock::now();
  std::uint64_t rate_count_ = 0;
  double rate_ = 0;
};

}  // namespace

terminal::ExitCode plot_live(terminal::Screen& screen, const PlotAsked& asked, std::int64_t window_ns) {
  return LivePlot(screen, asked, window_ns).run();
}

terminal::ExitCode plot_once(const PlotAsked& asked) {
  constexpr std::size_t kColumns = 80;
  constexpr std::size_t kRows = 8;
  PlotFeed feed(asked, From::oldest, terminal_attendant());
  if (!feed.has_begun()) return terminal::ExitCode::ok;
  plot::Bins bins(feed.series().size(), 1, kBins);
  std::vector<double> newest(feed.series().size());
  while (feed.has_more_there() && !terminal::stop_requested() && feed.next()) {
    bins.add(feed.at(), feed.values());
    std::ranges::copy(feed.values(), newest.begin());
  }
  if (bins.is_empty()) {
    feed.tell_none();
    return feed.conclude();
  }
  terminal::Output output;
  const std::size_t width = std::max(std::min(terminal::line_width(), kColumns), kLeastColumns);
  for (std::size_t i = 0; i < feed.series().size(); ++i) {
    const auto columns =
        bins.columns(i, bins.first(), bins.last(), plot::curve_columns(width) * plot::dots_across(plot::Dots::braille));
    for (const std::string& line : plot::draw(feed.series()[i], columns, newest[i], kRows, width, plot::Dots::braille))
      output.text() += line + '\n';
  }
  output.text() += axis_line(bins.first(), bins.last(), feed.has_times(), width) + '\n';
  output.flush();
  if (feed.lost_count() > 0)
    terminal::note(fmt::format("drew {}{}", text::counted(feed.point_count(), "value"), feed.lost_text()));
  return feed.conclude();
}

}  // namespace arena_shm::tool
