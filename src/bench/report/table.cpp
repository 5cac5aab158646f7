#include <fmt/format.h>

#include <cmath>

#include "bench/channels/names.hpp"
#include "bench/report/report.hpp"
#include "text/text_table.hpp"

namespace arena_shm::bench {
namespace {

using text::TextTable;
using Align = text::TextTable::Align;

/// Two or three digits that count.
std::string number(double value) {
  const double size = std::abs(value);
  if (size > 0 && size < 0.1) return fmt::format("{:.2g}", value);
  const int digits = size < 10 ? 2 : size < 100 ? 1 : 0;
  return fmt::format("{:.{}f}", value, digits);
}

/// Lines of figures in common columns, with sentences between them.
class Page {
 public:
  Page(std::vector<TextTable::Column> columns, std::size_t width) : table_(std::move(columns)), width_(width) {}

  void add(std::vector<std::string> cells) {
    table_.widen(cells);
    lines_.push_back({.cells = std::move(cells)});
  }
  void add_text(std::size_t indent, std::string text) { lines_.push_back({.text = std::move(text), .indent = indent}); }

  std::string draw() const {
    std::string out;
    table_.append_heading(out);
    for (const Line& line : lines_) {
      if (!line.cells.empty()) {
        table_.append(out, line.cells);
      } else {
        out.append(line.indent, ' ');
        text::append_wrapped(out, line.text, width_, line.indent);
      }
    }
    return out;
  }

 private:
  struct Line {
    std::vector<std::string> cells{};  // if there are none, it is a text
    std::string text{};
    std::size_t indent = 0;
  };

  TextTable table_;
  std::size_t width_;
  std::vector<Line> lines_;
};

/// The median, marked or with room for a mark, and the quartiles: of two columns.
std::string median_cell(const Spread& spread, bool disturbed) {
  return (spread.count == 0 ? "-" : number(spread.median)) + (disturbed ? '*' : ' ');
}

std::string quartiles_cell(const Spread& spread) {
  return spread.count < 2 ? "" : fmt::format("[{} {}]", number(spread.q1), number(spread.q3));
}

/// What is to be said of a row that is faster than what does less; else "".
std::string surprise(const Row& row, const Ratio& ratio) {
  if (!does_less(ratio.against) || does_less(row.name) || ratio.disturbed || ratio.spread.count == 0) return "";
  const bool more_is_better = row.unit.ends_with("/s");
  const bool is_faster = more_is_better ? ratio.spread.median >= 1.005 : ratio.spread.median < 0.995;
  if (!is_faster) return "";
  const bool is_certain = more_is_better ? ratio.spread.q1 > 1 : ratio.spread.q3 < 1;
  if (!is_certain) return "hardly faster, although the other one does less";
  return is_floor(ratio.against) ? "faster, although the other one does less: on this machine that is no floor"
                                 : "faster, although the other one does less";
}

void add_ratio(Page& page, const Row& row, const Ratio& ratio) {
  page.add(
      {"    against " + ratio.against, median_cell(ratio.spread, ratio.disturbed), "x", quartiles_cell(ratio.spread)});
  const auto note = [&](const std::string& text) { page.add_text(6, text); };
  if (ratio.unlike_pairs > 0) note(fmt::format("pairs left out because the CPUs had moved: {}", ratio.unlike_pairs));
  if (const std::string text = surprise(row, ratio); !text.empty()) note(text);
}

/// "p90 130", "lost 14.7 %"
std::string detail_text(const std::string& name, double value) {
  for (const std::string_view unit : {" %", " M/s"}) {
    if (name.ends_with(unit))
      return fmt::format("{} {}{}", name.substr(0, name.size() - unit.size()), number(value), unit);
  }
  return name + ' ' + number(value);
}

std::string notes_text(const Row& row) {
  std::string text = row.remark;
  const auto add = [&](const std::string& note) { text += (text.empty() ? "" : ", ") + note; };
  for (const auto& [name, value] : row.details) add(detail_text(name, value));
  if (row.set_aside > 0) add(fmt::format("disturbed slices left out: {}", row.set_aside));
  return text;
}

/// Returns whether a figure of it is marked.
bool add_row(Page& page, const Row& row) {
  page.add({"  " + row.name, median_cell(row.value, row.disturbed), row.unit, quartiles_cell(row.value)});
  if (const std::string notes = notes_text(row); !notes.empty()) page.add_text(4, notes);
  bool disturbed = row.disturbed;
  for (const Ratio& ratio : row.ratios) {
    add_ratio(page, row, ratio);
    disturbed = disturbed || ratio.disturbed;
  }
  return disturbed;
}

void add_legend(Page& page) {
  page.add_text(0, "");
  page.add_text(0, "* disturbed: other programs ran meanwhile, or the CPUs moved; this tells little");
}

}  // namespace

std::string machine_text(const Machine& machine, std::size_t columns) {
  constexpr std::size_t kIndent = 12;
  std::string out;
  const auto add = [&](const std::string& name, const std::string& value) {
    out += fmt::format("{:<{}}", name, kIndent);
    text::append_wrapped(out, value, columns, kIndent);
  };
  for (const auto& [name, value] : machine.facts) add(name, value);
  for (const std::string& warning : machine.warnings) add("WARNING", warning);
  return out;
}

std::string rows_text(const std::string& title, const std::vector<Row>& rows, std::size_t columns) {
  Page page({{"what"}, {"median ", Align::right}, {""}, {"quartiles"}}, columns);
  const std::string* group = nullptr;
  bool disturbed = false;
  for (const Row& row : rows) {
    if (group == nullptr || *group != row.group) {
      page.add_text(0, "");
      page.add_text(0, row.group);
      group = &row.group;
    }
    disturbed = add_row(page, row) || disturbed;
  }
  if (disturbed) add_legend(page);
  return fmt::format("\n== {}\n\n{}", title, page.draw());
}

std::string goals_text(const std::vector<Outcome>& goals, std::size_t columns) {
  if (goals.empty()) return "";
  Page page({{"what"}, {"ratio ", Align::right}, {"first goal"}, {"ambition"}}, columns);
  std::string heading;
  bool disturbed = false;
  page.add_text(0, "");
  for (const Outcome& outcome : goals) {
    const Goal& goal = outcome.goal;
    const auto stage = [&](const std::optional<double>& limit) {
      if (!limit) return std::string();
      const std::string verdict = outcome.ratio.count == 0 ? "" : ' ' + outcome.verdict(limit);
      return fmt::format("{} {:.2f}{}", goal.at_least ? ">=" : "<=", *limit, verdict);
    };
    const std::string next = fmt::format("{}: {}, {}", goal.workload, goal.group, goal.name);
    if (next != heading) page.add_text(0, next);
    heading = next;
    page.add({"  against " + goal.against, median_cell(outcome.ratio, outcome.disturbed), stage(goal.first),
              stage(goal.ambition)});
    disturbed = disturbed || outcome.disturbed;
  }
  if (disturbed) add_legend(page);
  return "\n== Goals, for the medians of ratios\n\n" + page.draw();
}

}  // namespace arena_shm::bench
