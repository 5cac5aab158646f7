#include "tool/views/stat_lines.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "text/influx_text.hpp"
#include "text/quantities.hpp"
#include "text/utf8.hpp"
#include "tool/views/consumer_table.hpp"
#include "tool/views/inspection.hpp"

namespace arena_shm::tool {

namespace {

using std::chrono::nanoseconds;
using text::TextTable;

// How long ago something has changed, as far as the samples tell.
std::string changed(const Watched& arena) {
  if (!arena.before) return "-";
  const nanoseconds unchanged = arena.now.at - arena.changed;
  if (unchanged.count() == 0) return fmt::format("<{}", text::short_duration(arena.now.at - arena.before->at));
  return fmt::format("{}{}", arena.ever_changed ? "" : ">", text::short_duration(unchanged));
}

class TableLines final : public StatLines {
 public:
  explicit TableLines(bool filtered) : filtered_(filtered) {}

  void append(std::string& out, const std::vector<Watched>& arenas) override {
    constexpr std::size_t kLinesOfPage = 24;
    if (!lossless_ && any_is_lossless(arenas)) {
      lossless_ = true;
      table_ = stat_table(terminal::line_width(), true, filtered_);
      has_heading_ = false;
    }
    std::vector<std::vector<std::string>> lines;
    std::vector<bool> is_blocked;
    for (const Watched& arena : arenas) {
      if (!arena.readable) continue;
      table_.widen(lines.emplace_back(stat_cells(arena, lossless_, filtered_)));
      is_blocked.push_back(arena.now.blocker.has_value());
    }
    // Others are shown than those that the heading was for.
    if (const std::size_t left_out = table_.left_out_count(); left_out != left_out_) {
      has_heading_ = false;
      left_out_ = left_out;
    }
    if (!has_heading_ || (::isatty(STDOUT_FILENO) == 1 && since_heading_ + lines.size() >= kLinesOfPage)) {
      std::string heading;
      table_.append_heading(heading);
      out += terminal::strong(heading);
      has_heading_ = true;
      since_heading_ = 0;
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::string line;
      table_.append(line, lines[i]);
      out += is_blocked[i] ? terminal::alarming(std::move(line)) : line;
    }
    since_heading_ += lines.size();
  }

 private:
  bool filtered_;
  bool lossless_ = false;  // some arena is, or was
  text::TextTable table_ = stat_table(terminal::line_width(), false, filtered_);
  bool has_heading_ = false;
  std::size_t left_out_ = 0;
  std::size_t since_heading_ = 0;
};

struct Field {
  std::string_view name;
  std::variant<std::monostate, std::uint64_t, double, std::string> value;  // nothing: it cannot be told
};

std::vector<Field> fields(const Watched& arena) {
  const auto rates = rates_of(arena);
  const auto count = [](nanoseconds duration) { return static_cast<std::uint64_t>(duration.count()); };
  Field interval{.name = "interval_ns", .value = {}};
  Field values{.name = "values_per_s", .value = {}};
  Field bytes{.name = "bytes_per_s", .value = {}};
  Field lap{.name = "lap_s", .value = {}};
  if (rates) {
    interval.value = count(rates->elapsed);
    values.value = rates->values_per_second;
    bytes.value = rates->bytes_per_second;
    if (rates->lap_seconds) lap.value = *rates->lap_seconds;
  }
  Field unchanged{.name = "unchanged_ns", .value = {}};
  if (arena.before) unchanged.value = count(arena.now.at - arena.changed);
  Field newest{.name = "newest_age_ns", .value = {}};
  if (arena.now.newest_age_ns) newest.value = static_cast<std::uint64_t>(*arena.now.newest_age_ns);
  Field blocked_by{.name = "blocked_by", .value = {}};
  Field blocked{.name = "blocked_ns", .value = {}};
  if (const auto& blocker = arena.now.blocker) {
    blocked_by.value = blocker->full_name();
    if (blocker->waited_ns) blocked.value = static_cast<std::uint64_t>(*blocker->waited_ns);
  }
  std::vector<Field> all{interval,
                         {"head", arena.now.heads.end()},
                         {"written", arena.now.counters.values},
                         {"skipped", arena.now.counters.skipped},
                         {"holes_max", arena.now.holes_max()},
                         values,
                         bytes,
                         lap,
                         unchanged,
                         {"handed_out", arena.now.heads.count()},
                         newest,
                         blocked_by,
                         blocked};
  if (arena.matches) {
    Field matches{.name = "matches_per_s", .value = {}};
    if (arena.matches->per_second) matches.value = *arena.matches->per_second;
    all.push_back(matches);
  }
  return all;
}

terminal::JsonObject object_of(const Watched& arena) {
  terminal::JsonObject object;
  object["time_ns"] = arena.now.realtime_ns;
  object["arena"] = arena.name;
  for (const Field& field : fields(arena)) {
    terminal::JsonObject& value = object[std::string(field.name)];
    if (const auto* number = std::get_if<std::uint64_t>(&field.value)) value = *number;
    if (const auto* number = std::get_if<double>(&field.value)) value = *number;
    if (const auto* name = std::get_if<std::string>(&field.value)) value = *name;
  }
  return object;
}

class StatObjects final : public StatLines {
 public:
  explicit StatObjects(terminal::ObjectFormat format) : lines_(format) {}

  void append(std::string& out, const std::vector<Watched>& arenas) override {
    for (const Watched& arena : arenas) {
      if (arena.readable) lines_.append(out, object_of(arena));
    }
  }

 private:
  terminal::ObjectLines lines_;
};

std::string influx_value(const Field& field) {
  if (const auto* number = std::get_if<std::uint64_t>(&field.value)) return fmt::format("{}i", *number);
  if (const auto* number = std::get_if<double>(&field.value)) return fmt::format("{}", *number);
  std::string text = "\"";
  for (const char c : text::printable(std::get<std::string>(field.value))) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

class InfluxLines final : public StatLines {
 public:
  void append(std::string& out, const std::vector<Watched>& arenas) override {
    for (const Watched& arena : arenas) {
      if (!arena.readable) continue;
      out += "arena_shm,arena=";
      text::append_influx_name(out, arena.name, ",= ");
      char separator = ' ';
      for (const Field& field : fields(arena)) {
        const auto* number = std::get_if<std::uint64_t>(&field.value);
        // Integers there are signed; a count beyond is one that somebody has written over.
        if (number != nullptr && *number > std::numeric_limits<std::int64_t>::max()) continue;
        if (std::holds_alternative<std::monostate>(field.value)) continue;
        out += fmt::format("{}{}={}", std::exchange(separator, ','), field.name, influx_value(field));
      }
      out += fmt::format(" {}\n", arena.now.realtime_ns);
    }
  }
};

}  // namespace

bool any_is_lossless(const std::vector<Watched>& arenas) noexcept {
  return std::any_of(arenas.begin(), arenas.end(),
                     [](const Watched& arena) { return arena.readable && arena.is_lossless(); });
}

constexpr std::ptrdiff_t kMatchColumn = 3;  // behind the rate

text::TextTable stat_table(std::size_t width, bool lossless, bool filtered) {
  using enum text::TextTable::Align;
  std::vector<TextTable::Column> columns{{"NAME", left, 16},     {"WRITTEN", right},       {"RATE/s", right},
                                         {"MB/s", right, 0, 3},  {"LAP", right, 0, 2},     {"SKIPPED", right, 0, 5},
                                         {"HOLES", right, 0, 4}, {"CHANGED", right, 0, 1}, {"NEWEST", right, 0, 6}};
  std::vector<std::string> usual{"", "1234567890", "999.9M", "1234.56", "999ms", "", "123..456", "", ""};
  if (filtered) {
    columns.insert(columns.begin() + kMatchColumn, {"MATCH/s", right});
    usual.insert(usual.begin() + kMatchColumn, "999.9M");
  }
  if (lossless) {
    columns.push_back({"BLOCKED BY", left, 10});
    usual.emplace_back();
  }
  TextTable table(std::move(columns), width);
  table.widen(usual);
  return table;
}

std::vector<std::string> stat_cells(const Watched& arena, bool lossless, bool filtered) {
  const auto rates = rates_of(arena);
  const auto lap = rates ? rates->lap_seconds.value_or(0) * 1e9 : 0.0;
  const bool has_lap = lap > 0 && lap < static_cast<double>(nanoseconds::max().count());
  std::vector<std::string> cells{text::printable(arena.name),
                                 fmt::format("{}", arena.now.counters.values),
                                 rates ? text::short_count(rates->values_per_second) : "-",
                                 rates ? fmt::format("{:.2f}", rates->bytes_per_second / 1e6) : "-",
                                 has_lap ? text::short_duration(nanoseconds(static_cast<std::int64_t>(lap))) : "-",
                                 fmt::format("{}", arena.now.counters.skipped),
                                 holes_text(arena.now.counters.skipped, arena.now.holes_max()),
                                 changed(arena),
                                 age_text(arena.now.newest_age_ns)};
  if (filtered) {
    const bool is_known = arena.matches && arena.matches->per_second;
    cells.insert(cells.begin() + kMatchColumn, is_known ? text::short_count(*arena.matches->per_second) : "-");
  }
  if (lossless) cells.push_back(blocker_text(arena.now.blocker));
  return cells;
}

std::unique_ptr<StatLines> stat_lines(const std::string& format, bool quote_int64, bool filtered) {
  using terminal::LineFormat;
  const auto objects = [&](LineFormat lines) {
    return std::make_unique<StatObjects>(terminal::ObjectFormat{.lines = lines, .quote_int64 = quote_int64});
  };
  if (format == "ndjson" || format == "json") return objects(LineFormat::ndjson);
  if (format == "csv") return objects(LineFormat::csv);
  if (format == "influx") return std::make_unique<InfluxLines>();
  return std::make_unique<TableLines>(filtered);
}

}  // namespace arena_shm::tool
