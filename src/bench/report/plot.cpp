#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "bench/channels/names.hpp"
#include "bench/report/report.hpp"

namespace arena_shm::bench {
namespace {

struct Panel {
  std::string workload;
  std::string group;
  std::string title;
  std::string detail{};  ///< is shown in place of the value
};

const std::vector<Panel>& panels() {
  static const std::string large = size_and_slots(64, 65536);
  static const std::string threads = size_and_slots(64, 4096);
  static const std::vector<Panel> all{
      {"W1", large, "one alloc alone, " + large},
      {"W2", large, "one writer, one reader, " + large + ": delivered"},
      {"W3", "56 B, ping-pong", "one-way latency, 56 B, p50"},
      {"W4", "2 writers, " + large, "two writers, " + large},
      {"W11", threads, "threads that write, " + threads},
      {"W11", threads, "the longest append, " + threads, "worst append us"},
  };
  return all;
}

constexpr int kWidth = 900;   // all in pixels
constexpr int kMargin = 112;  // of a panel: its title, and the axis
constexpr int kBar = 22;

const char* color_of(const std::string& name) {
  if (does_less(name)) return "0x9a9a9a";
  if (name.ends_with(kLaned)) return "0x3a9d5d";
  for (const std::string& ours : {kExclusive, kShared, kGuarded}) {
    if (name.starts_with(ours) || name.ends_with(ours)) return "0x2c6fbb";
  }
  return "0xd89a4a";
}

/// A panel's part of the picture, and how high it is.
struct Drawing {
  std::string script;
  int height = 0;
};

/// Bars from top to bottom, with the quartiles as whiskers and the median as a number.
Drawing draw(const Panel& panel, const std::vector<Row>& rows, std::size_t index) {
  std::string data;
  std::string unit;
  int count = 0;
  for (const Row& row : rows) {
    if (row.workload != panel.workload || row.group != panel.group || row.value.count == 0) continue;
    Spread value = row.value;
    unit = row.unit;
    if (!panel.detail.empty()) {
      const auto found = row.details.find(panel.detail);
      if (found == row.details.end()) continue;
      value = {.median = found->second, .q1 = found->second, .q3 = found->second, .count = 1};
      unit = panel.detail;
    }
    data +=
        fmt::format("{} \"{}\" {} {} {} {}\n", count++, row.name, value.median, value.q1, value.q3, color_of(row.name));
  }
  if (count == 0) return {};
  return {
      fmt::format(
          "$panel{0} << EOD\n{1}EOD\n"
          "set title \"{2}\"\nset xlabel \"{3}\"\nset yrange [{4}.5:-0.5]\n"
          "plot $panel{0} using (0):1:(0):3:($1-0.35):($1+0.35):6:ytic(2) "
          "with boxxyerror fill solid linecolor rgb variable notitle, "
          "$panel{0} using 3:1:4:5 with xerrorbars pointtype -1 linecolor black notitle, "
          "$panel{0} using 5:1:(sprintf($3 < 1000 ? \"%.3g\" : \"%.0f\", $3)) with labels left offset 1,0 notitle\n",
          index, data, panel.title, unit, count - 1),
      kMargin + kBar * count};
}

/// As gnuplot reads it: between single quotes, nothing but these has a meaning.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "''" : std::string(1, c);
  return result + "'";
}

}  // namespace

void require_plot(const std::string& svg_path, const std::vector<std::string>& workloads) {
  const auto is_to_be_run = [&](const Panel& panel) {
    return std::find(workloads.begin(), workloads.end(), panel.workload) != workloads.end();
  };
  if (std::none_of(panels().begin(), panels().end(), is_to_be_run)) {
    throw std::runtime_error(fmt::format("--plot shows W1 to W4 and W11, found {}; add one of them to --only",
                                         workloads.empty() ? "none" : fmt::format("{}", fmt::join(workloads, ", "))));
  }
  if (std::system("command -v gnuplot >/dev/null") != 0) {
    throw std::runtime_error("--plot needs gnuplot, and there is none; install the package gnuplot-nox");
  }
  std::FILE* file = std::fopen(svg_path.c_str(), "ab");
  if (file == nullptr) throw std::system_error(errno, std::generic_category(), "cannot write " + svg_path);
  std::fclose(file);
}

void plot(const Run& run, const std::string& svg_path) {
  std::vector<Drawing> drawings;
  int height = 0;
  for (std::size_t i = 0; i < panels().size(); ++i) {
    drawings.push_back(draw(panels()[i], run.rows, i));
    height += drawings.back().height;
  }
  if (height == 0) throw std::runtime_error("nothing was measured that the picture shows");
  // A margin of characters, for the names have to begin at the same place in all panels.
  std::string script = fmt::format(
      "set terminal svg size {},{} font \"sans-serif,12\" background \"white\" noenhanced\nset output {}\n"
      "set multiplot\nset grid x\nset xrange [0:*]\nset offsets graph 0, graph 0.08, 0, 0\nset tics nomirror\n"
      "set lmargin 36\nset rmargin 3\n",
      kWidth, height, quoted(svg_path));
  int bottom = height;
  for (const Drawing& drawing : drawings) {
    if (drawing.height == 0) continue;
    bottom -= drawing.height;
    script += fmt::format("set origin 0,{}\nset size 1,{}\n{}", static_cast<double>(bottom) / height,
                          static_cast<double>(drawing.height) / height, drawing.script);
  }
  script += "unset multiplot\n";
  std::signal(SIGPIPE, SIG_IGN);  // a gnuplot that fails before it has read all says so by its exit code
  std::FILE* gnuplot = ::popen("gnuplot", "w");
  if (gnuplot == nullptr) throw std::runtime_error("cannot start gnuplot");
  std::fwrite(script.data(), 1, script.size(), gnuplot);
  const int status = ::pclose(gnuplot);
  if (status != 0) throw std::runtime_error("gnuplot could not draw " + svg_path);
}

}  // namespace arena_shm::bench
