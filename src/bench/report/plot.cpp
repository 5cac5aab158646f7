#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdio>
#include <stdexcept>

#include "bench/channels/names.hpp"
#include "bench/report/report.hpp"

namespace arena_shm::bench {
namespace {

struct Panel {
  std::string workload;
  std::string group;
  std::string title;
};

/// Bars from top to bottom, with the quartiles as whiskers.
std::string panel_script(const Panel& panel, const std::vector<Row>& rows, std::size_t index) {
  std::string data;
  std::string unit;
  int count = 0;
  for (const Row& row : rows) {
    if (row.workload != panel.workload || row.group != panel.group || row.value.count == 0) continue;
    data += fmt::format("{} \"{}\" {} {} {}\n", count++, row.name, row.value.median, row.value.q1, row.value.q3);
    unit = row.unit;
  }
  if (count == 0) return "";
  return fmt::format(
      "$panel{0} << EOD\n{1}EOD\n"
      "set title \"{2}\"\nset xlabel \"{3}\"\nset yrange [{4}.5:-0.5]\n"
      "plot $panel{0} using 3:1:(0):3:($1-0.35):($1+0.35):ytic(2) with boxxyerror fill solid 0.5 notitle, "
      "$panel{0} using 3:1:4:5 with xerrorbars pointtype -1 linecolor black notitle\n",
      index, data, panel.title, unit, count - 1);
}

}  // namespace

void plot(const Run& run, const std::string& svg_path) {
  const std::string large = size_and_slots(64, 65536);
  const std::vector<Panel> panels{
      {"W1", large, "one alloc alone, " + large},
      {"W2", large, "one writer, one reader, " + large + ": delivered"},
      {"W3", "56 B, ping-pong", "one-way latency, 56 B, p50"},
      {"W4", "2 writers, " + large, "two writers, " + large},
  };
  std::string body;
  int drawn = 0;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const std::string script = panel_script(panels[i], run.rows, i);
    if (script.empty()) continue;
    body += script;
    ++drawn;
  }
  if (drawn == 0) throw std::runtime_error("nothing was measured that the picture shows");
  const std::string script = fmt::format(
      "set terminal svg size 900,{} font \"sans-serif,12\" background \"white\"\nset output \"{}\"\n"
      "set multiplot layout {},1\nset logscale x\nset grid x\n{}unset multiplot\n",
      360 * drawn, svg_path, drawn, body);
  std::FILE* gnuplot = ::popen("gnuplot", "w");
  if (gnuplot == nullptr) throw std::runtime_error("cannot start gnuplot");
  std::fwrite(script.data(), 1, script.size(), gnuplot);
  const int status = ::pclose(gnuplot);
  if (status != 0) throw std::runtime_error("gnuplot failed; the package is gnuplot-nox");
}

}  // namespace arena_shm::bench
