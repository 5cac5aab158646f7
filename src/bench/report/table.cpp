#include <fmt/format.h>

#include <cmath>

#include "bench/report/report.hpp"
#include "text/text_table.hpp"

namespace arena_shm::bench {
namespace {

using text::TextTable;
using Align = text::TextTable::Align;

/// Three digits that count.
std::string number(double value) {
  const double size = std::abs(value);
  const int digits = size < 10 ? 2 : size < 100 ? 1 : 0;
  return fmt::format("{:.{}f}", value, digits);
}

std::string with_quartiles(const Spread& spread) {
  if (spread.count == 0) return "-";
  if (spread.count == 1) return number(spread.median);
  return fmt::format("{} [{} {}]", number(spread.median), number(spread.q1), number(spread.q3));
}

std::string ratios_text(const Row& row) {
  std::string text;
  for (const Ratio& ratio : row.ratios) {
    if (ratio.against == row.name) continue;
    if (!text.empty()) text += "; ";
    text += fmt::format("{} of {}", with_quartiles(ratio.spread), ratio.against);
    if (ratio.unlike_pairs > 0) text += fmt::format(" ({} unlike pairs)", ratio.unlike_pairs);
  }
  return text;
}

std::string notes_text(const Row& row) {
  std::string text = row.remark;
  const auto add = [&](const std::string& note) { text += (text.empty() ? "" : ", ") + note; };
  for (const auto& [name, value] : row.details) add(name + " " + number(value));
  if (row.set_aside > 0) add(fmt::format("{} slices set aside", row.set_aside));
  return text;
}

std::string draw(text::TextTable table, const std::vector<std::vector<std::string>>& lines) {
  for (const auto& cells : lines) table.widen(cells);
  std::string out;
  table.append_heading(out);
  for (const auto& cells : lines) table.append(out, cells);
  return out;
}

}  // namespace

std::string machine_text(const Machine& machine) {
  std::string out;
  for (const auto& [name, value] : machine.facts) out += fmt::format("{:<11} {}\n", name, value);
  for (const std::string& warning : machine.warnings) out += fmt::format("WARNING     {}\n", warning);
  return out;
}

std::string rows_text(const std::string& title, const std::vector<Row>& rows) {
  std::string out = fmt::format("\n== {}\n", title);
  for (std::size_t begin = 0; begin < rows.size();) {
    std::vector<std::vector<std::string>> lines;
    std::size_t end = begin;
    for (; end < rows.size() && rows[end].group == rows[begin].group; ++end) {
      const Row& row = rows[end];
      lines.push_back({row.name, with_quartiles(row.value), row.unit, ratios_text(row), notes_text(row)});
    }
    out += fmt::format("\n{}\n", rows[begin].group);
    out += draw(text::TextTable(
                    {{"  what"}, {"median [quartiles]", Align::right}, {"unit"}, {"ratio, pair by pair"}, {"notes"}}),
                [&] {
                  for (auto& line : lines) line.front().insert(0, "  ");
                  return lines;
                }());
    begin = end;
  }
  return out;
}

std::string goals_text(const std::vector<Outcome>& goals) {
  std::vector<std::vector<std::string>> lines;
  for (const Outcome& outcome : goals) {
    const Goal& goal = outcome.goal;
    const auto stage = [&](const std::optional<double>& limit) {
      if (!limit) return std::string();
      return fmt::format("{} {:.2f}: {}", goal.at_least ? ">=" : "<=", *limit, outcome.verdict(limit));
    };
    lines.push_back({goal.workload, goal.group, goal.name, goal.against, with_quartiles(outcome.ratio),
                     stage(goal.first), stage(goal.ambition)});
  }
  return "\n== Goals: ratios, median [quartiles]\n\n" +
         draw(text::TextTable(
                  {{"load"}, {"where"}, {"what"}, {"against"}, {"ratio", Align::right}, {"first goal"}, {"ambition"}}),
              lines);
}

}  // namespace arena_shm::bench
