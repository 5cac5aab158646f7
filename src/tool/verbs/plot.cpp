// plot: the values of an arena as curves: in the terminal, in a file, or for a program that draws them.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "arena_shm/error.hpp"
#include "plot/gnuplot.hpp"
#include "plot/udp_lines.hpp"
#include "recording/recording_file.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/screen.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"
#include "tool/verbs/await_arena.hpp"
#include "tool/verbs/plot_live.hpp"
#include "tool/verbs/span_options.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/report.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

using SteadyClock = std::chrono::steady_clock;

struct PlotOptions {
  PlotAsked asked;
  std::string udp;
  std::string file;
  bool force = false;
  bool waits = false;
  std::uint64_t hz = 60;
};

// Of each interval the extremes, so that the receiver's load does not depend on the arena's rate.
terminal::ExitCode send(const PlotOptions& options) {
  plot::UdpSender sender(options.udp);
  PlotFeed feed(options.asked, From::newest, terminal_attendant());
  if (!feed.has_begun()) return terminal::ExitCode::ok;
  plot::InfluxLines lines(options.asked.name, feed.series());
  const auto interval = std::chrono::duration_cast<SteadyClock::duration>(
      std::chrono::duration<double>(1.0 / static_cast<double>(options.hz)));
  constexpr std::chrono::milliseconds kLongestWait{20};
  bool has_told = false;
  SteadyClock::time_point next = SteadyClock::now() + interval;
  const auto flush = [&] {
    for (const std::string& datagram : lines.take()) sender.send(datagram);
    if (sender.is_refused() && !std::exchange(has_told, true))
      terminal::note(fmt::format("nobody listens at {} yet; still sending", options.udp));
  };
  while (!terminal::stop_requested() && !feed.is_finished()) {
    bool has_any = false;
    while (SteadyClock::now() < next && feed.next()) {
      has_any = true;
      lines.add(feed.has_times() ? feed.at() : text::realtime_ns(), feed.values());
    }
    if (SteadyClock::now() >= next) {
      flush();
      next = std::max(next + interval, SteadyClock::now());
    } else if (!has_any) {
      feed.wait_for(std::min(kLongestWait, std::chrono::ceil<std::chrono::milliseconds>(next - SteadyClock::now())));
    }
  }
  flush();
  terminal::note(fmt::format("read {}{}, sent {}", text::counted(feed.point_count(), "value"), feed.lost_text(),
                             text::counted(sender.sent_count(), "datagram")));
  return feed.conclude();
}

terminal::ExitCode draw_file(const PlotOptions& options) {
  constexpr std::size_t kBins = 2048;  // twice so many as the picture has columns
  const std::filesystem::path path = options.file;
  if (path.extension() != ".svg") {
    throw Error(Code::invalid_argument,
                {.name = options.file,
                 .doing = "draw into",
                 .expected = "a file that ends in .svg",
                 .found = path.extension().empty() ? "none of that kind" : path.extension().string(),
                 .remedy = "other programs turn an SVG into what else is wanted"});
  }
  PlotFeed feed(options.asked, From::oldest, terminal_attendant());
  if (!feed.has_begun()) return terminal::ExitCode::ok;
  plot::Bins bins(feed.series().size(), 1, kBins);
  while (feed.has_more_there() && !terminal::stop_requested() && feed.next()) bins.add(feed.at(), feed.values());
  if (bins.is_empty()) {
    feed.tell_none(fmt::format("; '{}' is not written", text::printable(options.file)));
    return feed.conclude();
  }
  const std::string picture =
      plot::run_gnuplot(plot::gnuplot_script(options.asked.name, feed.series(), bins, {.is_time = feed.has_times()}));
  recording::RecordingFile file(
      options.file, options.force ? recording::Existing::is_replaced : recording::Existing::is_refused, true);
  file.text() += picture;
  file.end_row();
  file.close();
  terminal::note(fmt::format("drew {} of {}{}", text::counted(feed.series().size(), "field"),
                             text::counted(feed.point_count(), "value"), feed.lost_text()));
  return feed.conclude();
}

terminal::ExitCode run_plot(const PlotOptions& options) {
  constexpr std::int64_t kUsualWindowNs = 10'000'000'000;
  terminal::catch_stop_signals();  // before ncurses would do it in its own way
  if (!options.waits)
    open_or_tell("wait for it with --wait", [&] { return RawView::open(options.asked.name); });
  else if (!await_arena(options.asked.name))
    return terminal::ExitCode::ok;
  if (!options.udp.empty()) return send(options);
  if (!options.file.empty()) return draw_file(options);
  PlotAsked asked = options.asked;
  if (const std::unique_ptr<terminal::Screen> screen = terminal::Screen::open())
    return plot_live(*screen, asked, asked.span.last_ns.value_or(kUsualWindowNs));
  return plot_once(asked);
}

}  // namespace

void add_plot(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<PlotOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "plot",
       .summary = "Draw the values of an arena: in the terminal, as SVG, or in PlotJuggler",
       .details =
           "In a terminal it is a live picture of the newest values, --last of them (default: 10s): q quits, up and\n"
           "down choose other fields, space pauses. Elsewhere, it draws once what is there. -o draws that into a\n"
           "file, with gnuplot.\n"
           "Points are placed by the schema's time field, else by the times of the values, else by their sequence\n"
           "numbers. Whatever the rate is, the least and the greatest value of each column are drawn: a single value\n"
           "that stands out is seen.\n"
           "--udp sends what comes as lines of the influx protocol, as the UDP server of PlotJuggler reads it (choose\n"
           "influx there): so many times a second of each field its least and greatest value, with their times in\n"
           "nanoseconds, in datagrams of at most 1400 bytes. Where the values have no times, it is that of sending.",
       .example = "  arena-shm plot ticks\n"
                  "  arena-shm plot ticks --fields px,qty --last 1m\n"
                  "  arena-shm plot ticks -o ticks.svg\n"
                  "  arena-shm plot imu --udp 127.0.0.1:9870 --hz 30"},
      options, run_plot);
  verb.add_option("NAME", options->asked.name, "Name of the arena").required().type_name("");
  terminal::Option udp = verb.add_option("--udp", options->udp, "Send to this address").type_name("HOST:PORT");
  verb.add_option("--hz", options->hz, "How many times a second, at most")
      .type_name("N")
      .check(terminal::count({.least = 1, .most = 1000}))
      .default_str("60")
      .needs(udp);
  terminal::Option file =
      verb.add_option("-o,--output", options->file, "Draw into this file: .svg").type_name("FILE").excludes(udp);
  verb.add_flag("--force", options->force, "Replace a file that exists").needs(file);
  verb.add_list(
          "--fields", [options](const std::vector<std::string>& names) { options->asked.fields = names; },
          "Draw these fields only, like px,qty or pos[0]")
      .type_name("NAMES")
      .delimiter(',');
  add_span_options(verb, options->asked.span, nullptr, true);
  add_wait_option(verb, options->waits);
  verb.add_option("--as", options->asked.as, "Decode records as these fields, like 'u64 ts, f64 px'")
      .type_name("FIELDS");
}

}  // namespace arena_shm::tool
