#include "serve/watch_text.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "schema/value_text.hpp"
#include "serve/json.hpp"
#include "text/time_text.hpp"

namespace arena_shm::serve {

namespace {

constexpr std::chrono::milliseconds kBetweenRows{250};  // nobody reads faster
constexpr double kUsualSeconds = 10;
constexpr double kUsualValues = 65536;
constexpr std::size_t kMostElements = 8;  // of an array in a table
constexpr std::size_t kMostCellBytes = 256;
constexpr std::size_t kMostCells = 64;
constexpr std::size_t kMostShownBytes = 64;  // of a record without a schema

std::string_view kind_name(const schema::Field& field) {
  switch (field.kind) {
    case schema::Kind::floating: return "floating";
    case schema::Kind::boolean: return "boolean";
    case schema::Kind::text: return "text";
    default: return field.enumerators.empty() ? "integer" : "enum";
  }
}

void append_cell(std::string& out, const schema::Field& field, std::span<const std::byte> record) {
  std::string cell;
  const std::size_t count = field.element_count();
  if (field.is_array()) cell += '[';
  for (std::size_t i = 0; i < std::min(count, kMostElements); ++i) {
    if (i > 0) cell += ", ";
    schema::append_value(cell, field, field.element(record, i), schema::Style::plain);
  }
  if (count > kMostElements) append(cell, ", and {} more", count - kMostElements);
  if (field.is_array()) cell += ']';
  if (cell.size() > kMostCellBytes) {
    cell.resize(text::whole_bytes(cell, kMostCellBytes));
    cell += " and more";
  }
  text::append_json_string(out, cell);
}

void append_bytes(std::string& out, std::span<const std::byte> record) {
  std::string cell;
  for (const std::byte byte : record.first(std::min(record.size(), kMostShownBytes)))
    append(cell, "{}{:02x}", cell.empty() ? "" : " ", static_cast<unsigned>(byte));
  if (record.size() > kMostShownBytes) append(cell, " and {} bytes more", record.size() - kMostShownBytes);
  text::append_json_string(out, cell);
}

void append_fields(std::string& out, const RingLayout& layout) {
  out += "\"fields\":[";
  bool is_first = true;
  for (const Series& series : layout.series()) {
    out += std::exchange(is_first, false) ? "{" : ",{";
    append_text(out, "name", series.name);
    append_text(out, "unit", series.field->unit);
    append_text(out, "type", series.field->type_name());
    append_text(out, "kind", kind_name(*series.field));
    out += "\"names\":{";
    for (std::size_t i = 0; i < series.field->enumerators.size(); ++i) {
      const schema::Enumerator& one = series.field->enumerators[i];
      if (series.number.is_signed())
        append(out, R"({}"{}":)", i > 0 ? "," : "", static_cast<std::int64_t>(one.value));
      else
        append(out, R"({}"{}":)", i > 0 ? "," : "", one.value);
      text::append_json_string(out, one.name);
    }
    out += "}}";
  }
  out += "],\"columns\":[";
  if (!layout.schema()) {
    out += "\"bytes\"";
  } else {
    for (std::size_t i = 0; i < std::min(layout.schema()->fields.size(), kMostCells); ++i) {
      if (i > 0) out += ',';
      text::append_json_string(out, layout.schema()->fields[i].name);
    }
  }
  out += "],";
}

}  // namespace

void WatchText::change(Sight sight) {
  const bool is_another = sight.interest->where != sight_.interest->where ||
                          sight.interest->fields != sight_.interest->fields || sight.span != sight_.span ||
                          sight.columns != sight_.columns || (sight.live && !sight_.live);
  feed_->add(sight.interest);
  sight_ = std::move(sight);
  is_reset_ = is_reset_ || is_another;
  if (!is_another) return;
  problem_ = "?";
  rows_ = kUntold;
  distributions_ = kUntold;
}

std::string WatchText::next() {
  std::string news;
  feed_->with_state([&](const FeedState& state) {
    if (state.trouble != trouble_) append_text(news, "trouble", trouble_ = state.trouble);
    if (!state.layout) return;
    if (generation_ != state.generation) append_schema(news, state);
    append_marks(news, state);
    if (state.counts.read + state.counts.overwritten + state.counts.holes + state.counts.passed_over != read_) {
      read_ = state.counts.read + state.counts.overwritten + state.counts.holes + state.counts.passed_over;
      append(news, R"("counts":{{"read":"{}","overwritten":"{}","hole":"{}","passed over":"{}"}},)", state.counts.read,
             state.counts.overwritten, state.counts.holes, state.counts.passed_over);
    }
    LensEntry* entry = state.find(sight_.interest->where);
    if (entry == nullptr) return;
    const std::string problem = problem_of(state, *entry);
    if (problem != problem_) append_text(news, "problem", problem_ = problem);
    if (!entry->lens || !sight_.live) return;
    append_columns(news, state, *entry);
    append_rows(news, *state.layout, *entry->lens);
    append_distributions(news, *entry);
  });
  if (news.empty()) return {};
  std::string out = "{";
  append_text(out, "ring", feed_->name());
  out += news;
  out.back() = '}';
  return out;
}

// Of the filter, or of fields that are not drawn.
std::string WatchText::problem_of(const FeedState& state, const LensEntry& entry) const {
  if (!entry.lens || !entry.is_crowded) return entry.problem;
  std::string missing;
  for (const std::string& field : sight_.interest->fields) {
    const auto series = state.layout->find_series(field);
    if (series && !entry.lens->find(*series)) append(missing, "{}{}", missing.empty() ? "" : ", ", field);
  }
  if (missing.empty()) return entry.problem;
  return fmt::format("not drawn, for pages look at {} other fields with this filter: {}", Feed::kMostSeriesOfLens,
                     missing);
}

void WatchText::append_schema(std::string& out, const FeedState& state) {
  const RingLayout& layout = *state.layout;
  const Info& info = layout.info();
  generation_ = state.generation;
  lens_ = nullptr;
  is_reset_ = true;
  rows_ = kUntold;
  distributions_ = kUntold;
  append(out, R"("schema":{{"generation":{},"along":"{}","slots":"{}","lanes":{},"record_bytes":{},"created_ns":"{}",)",
         state.generation, layout.is_along_time() ? "time" : "seq", info.slots, info.lanes, info.record.size_bytes,
         info.created_ns);
  append_text(out, "epoch", fmt::format("{:02x}", fmt::join(info.epoch, "")));
  append_text(out, "type", info.record.name);
  append_text(out, "problem", layout.problem());
  append_fields(out, layout);
  out.back() = '}';
  out += ',';
}

void WatchText::append_marks(std::string& out, const FeedState& state) {
  if (state.marks.empty() || state.marks.back().number <= mark_) return;
  out += "\"marks\":[";
  for (const Mark& mark : state.marks) {
    if (mark.number <= mark_) continue;
    out += '{';
    append_text(out, "kind", mark.kind);
    append_text(out, "text", mark.text);
    if (mark.place) {
      append(out, "\"place\":\"{}\",", *mark.place);
      if (state.layout->is_along_time()) append_text(out, "time", text::time_text(*mark.place, text::kNsPerSecond));
    }
    out.back() = '}';
    out += ',';
  }
  out.back() = ']';
  out += ',';
  mark_ = state.marks.back().number;
}

void WatchText::append_columns(std::string& out, const FeedState& state, LensEntry& entry) {
  const RingLayout& layout = *state.layout;
  const Timeline& timeline = entry.lens->timeline();
  std::vector<std::size_t> series;
  std::vector<std::size_t> places;
  for (const std::string& field : sight_.interest->fields) {
    const auto found = layout.find_series(field);
    if (!found) continue;
    const auto place = entry.lens->find(*found);
    if (!place && entry.is_crowded) continue;              // problem_of() says so
    if (!place || !entry.lens->is_filled(*place)) return;  // soon
    series.push_back(*found);
    places.push_back(*place);
  }
  const bool is_time = layout.is_along_time();
  const double span = sight_.span > 0 ? sight_.span : is_time ? kUsualSeconds : kUsualValues;
  const auto length = static_cast<std::int64_t>(std::clamp(span * (is_time ? 1e9 : 1.0), 1.0, 9e18));
  const std::size_t level = timeline.level_for(length, sight_.columns);
  is_reset_ =
      is_reset_ || series != series_ || lens_ != entry.lens.get() || returns_ != timeline.returns() || level_ != level;
  if (!timeline.newest() && !is_reset_) return;
  const std::int64_t width = timeline.width(level);
  const std::int64_t newest = timeline.newest().value_or(state.origin);
  const std::int64_t from =
      Timeline::floor_div(std::max(newest, std::numeric_limits<std::int64_t>::min() + length) - length, width);
  ColumnArrays arrays(series.size());
  std::string place;
  timeline.visit(level, from, is_reset_ ? 0 : version_, [&](const Column& column, const Extremes* extremes) {
    place.clear();
    append(place, "{}", column.index - state.origin / width);
    arrays.add(place, column);
    for (std::size_t k = 0; k < series.size(); ++k)
      arrays.add(k, layout.series()[series[k]].number, extremes[places[k]]);
  });
  if (arrays.count() > 0 || is_reset_) {
    append(out, R"("columns":{{"reset":{},"along":"{}","origin":"{}","span":{},"width":)", is_reset_,
           is_time ? "time" : "seq", state.origin, span);
    is_time ? append_seconds(out, width) : append(out, "{}", width);
    out += ",\"end\":";
    is_time ? append_seconds(out, newest - state.origin) : append(out, "{}", newest - state.origin);
    out += ",\"fields\":[";
    for (std::size_t k = 0; k < series.size(); ++k) {
      if (k > 0) out += ',';
      text::append_json_string(out, layout.series()[series[k]].name);
    }
    out += "],";
    arrays.append_to(out);
    out += "},";
  }
  series_ = std::move(series);
  lens_ = entry.lens.get();
  returns_ = timeline.returns();
  level_ = level;
  version_ = timeline.version();
  is_reset_ = false;
  entry.lens->next_version();
}

void WatchText::append_rows(std::string& out, const RingLayout& layout, const Lens& lens) {
  const auto now = std::chrono::steady_clock::now();
  if (lens.count() == rows_ || now - rows_at_ < kBetweenRows) return;
  rows_ = lens.count();
  rows_at_ = now;
  append(out, R"("count":"{}","apart":"{}","rows":[)", lens.count(), lens.apart());
  for (const Value& row : lens.rows()) {
    append(out, "{{\"seq\":\"{}\",", row.seq);
    if (layout.is_along_time()) append_text(out, "time", text::time_text(row.place, text::kNsPerSecond));
    out += "\"cells\":[";
    if (!layout.schema()) {
      append_bytes(out, row.record);
    } else {
      for (std::size_t i = 0; i < std::min(layout.schema()->fields.size(), kMostCells); ++i) {
        if (i > 0) out += ',';
        append_cell(out, layout.schema()->fields[i], row.record);
      }
    }
    out += "]},";
  }
  if (out.back() == ',') out.pop_back();
  out += "],";
}

void WatchText::append_distributions(std::string& out, const LensEntry& entry) {
  if (!sight_.interest->distributions || entry.distributions_version == distributions_) return;
  distributions_ = entry.distributions_version;
  const RingLayout& layout = entry.lens->layout();
  out += "\"distributions\":{";
  for (const std::string& field : sight_.interest->fields) {
    const auto series = layout.find_series(field);
    if (!series) continue;
    const auto place = entry.lens->find(*series);
    if (!place || *place >= entry.distributions.size()) continue;
    text::append_json_string(out, field);
    out += ':';
    append_distribution(out, layout.series()[*series].number, entry.distributions[*place]);
    out += ',';
  }
  if (out.back() == ',') out.pop_back();
  out += "},";
}

}  // namespace arena_shm::serve
