// The forms in which a run is put out.
#pragma once

#include <string>
#include <vector>

#include "bench/harness/results.hpp"
#include "bench/report/goals.hpp"
#include "bench/report/machine.hpp"

namespace arena_shm::bench {

struct Run {
  Machine machine;
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<Row> rows;
  std::vector<Outcome> goals;
};

/// For the eye. Sentences are broken where `columns` end; figures need 80.
std::string machine_text(const Machine& machine, std::size_t columns);
std::string rows_text(const std::string& title, const std::vector<Row>& rows, std::size_t columns);
/// Empty if there are none.
std::string goals_text(const std::vector<Outcome>& goals, std::size_t columns);

/// For programs: one JSON object.
std::string to_json(const Run& run);

/// Is there a gnuplot, may the file be written, and does the picture show any of the `workloads`? To be asked before
/// time is spent on measuring. Errors: std::runtime_error, if not.
void require_plot(const std::string& svg_path, const std::vector<std::string>& workloads);

/// A picture, drawn by gnuplot. Errors: std::runtime_error, if nothing of it was measured, or gnuplot fails.
void plot(const Run& run, const std::string& svg_path);

}  // namespace arena_shm::bench
