// A picture of values, by gnuplot.
#pragma once

#include <string>
#include <vector>

#include "plot/bins.hpp"
#include "plot/series.hpp"

namespace arena_shm::plot {

/// What the axis along the bottom is.
struct Axis {
  bool is_time = true;  ///< in ns since 1970; else sequence numbers
};

/// The commands that draw each series above the next one, over a common axis.
std::string gnuplot_script(const std::string& title, const std::vector<Series>& series, const Bins& bins, Axis axis);

/// Runs gnuplot with these commands. Returns: the SVG that it prints.
/// Errors: Code::unsupported, if there is no gnuplot; system, if it fails.
std::string run_gnuplot(const std::string& script);

}  // namespace arena_shm::plot
