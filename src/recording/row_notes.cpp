#include "recording/row_notes.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/text_numbers.hpp"
#include "schema/schema_json.hpp"

namespace arena_shm::recording {

namespace {

using nlohmann::json;

constexpr std::string_view kNotesVersion = "1";
constexpr std::size_t kMaxRecordBytes = std::size_t{1} << 31;  // as of a slot

const std::string* find_note(const Notes& notes, std::string_view key) {
  const auto found = std::ranges::find(notes, key, &Notes::value_type::first);
  return found == notes.end() ? nullptr : &found->second;
}

std::string note_or(const Notes& notes, std::string_view key, std::string otherwise) {
  const std::string* found = find_note(notes, key);
  return found == nullptr ? otherwise : *found;
}

std::optional<Loss> loss_of(const std::string& cause) {
  for (const Loss loss : {Loss::overwritten, Loss::hole, Loss::passed_over}) {
    if (cause == to_string(loss)) return loss;
  }
  return std::nullopt;
}

std::optional<PlacedGap> placed_gap(const json& object) {
  PlacedGap placed;
  const std::array<std::pair<const char*, std::uint64_t*>, 4> numbers{
      {{"row", &placed.row}, {"first", &placed.gap.first}, {"last", &placed.gap.last}, {"step", &placed.gap.step}}};
  if (!object.is_object()) return std::nullopt;
  for (const auto& [key, number] : numbers) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
    *number = found->get<std::uint64_t>();
  }
  const auto cause = object.find("cause");
  const auto loss = cause != object.end() && cause->is_string() ? loss_of(cause->get<std::string>()) : std::nullopt;
  if (!loss || placed.gap.step == 0 || placed.gap.last < placed.gap.first) return std::nullopt;
  placed.gap.cause = *loss;
  return placed;
}

}  // namespace

Notes notes_of(const RecordShape& record) {
  const auto text = [](std::string_view key) { return std::string(key); };
  Notes notes{{text(kVersionNote), std::string(kNotesVersion)},
              {text(kArenaNote), record.origin.arena},
              {text(kTypeNote), record.origin.type},
              {text(kEpochNote), record.origin.epoch},
              {text(kLanesNote), std::to_string(record.origin.lanes)},
              {text(kRecordBytesNote), std::to_string(record.size_bytes)},
              {text(kHasTimeNote), record.has_time ? "1" : "0"}};
  if (!record.schema) return notes;
  notes.emplace_back(kTimeFieldNote, record.schema->time_field);
  notes.emplace_back(kSchemaNote, schema::to_json(*record.schema));
  return notes;
}

std::optional<NotedShape> parse_notes(const Notes& notes) {
  const std::string* version = find_note(notes, kVersionNote);
  if (version == nullptr || *version != kNotesVersion) return std::nullopt;
  NotedShape noted;
  noted.record.size_bytes = core::leading_number(note_or(notes, kRecordBytesNote, "")).value_or(0);
  if (noted.record.size_bytes == 0 || noted.record.size_bytes > kMaxRecordBytes) return std::nullopt;
  noted.record.origin = {
      .arena = note_or(notes, kArenaNote, ""),
      .type = note_or(notes, kTypeNote, ""),
      .epoch = note_or(notes, kEpochNote, ""),
      .lanes = static_cast<std::uint32_t>(core::leading_number(note_or(notes, kLanesNote, "")).value_or(1))};
  noted.has_time = note_or(notes, kHasTimeNote, "0") == "1";
  if (const std::string* schema = find_note(notes, kSchemaNote))
    noted.record.schema = schema::parse_json(*schema, noted.record.size_bytes);
  return noted;
}

std::string to_json(const std::vector<PlacedGap>& gaps) {
  json all = json::array();
  for (const auto& [row, gap] : gaps) {
    all.push_back({{"row", row},
                   {"first", gap.first},
                   {"last", gap.last},
                   {"step", gap.step},
                   {"count", gap.count()},
                   {"cause", to_string(gap.cause)}});
  }
  return all.dump();
}

std::vector<PlacedGap> parse_gaps(std::string_view text) {
  std::vector<PlacedGap> gaps;
  constexpr int kDepth = 2;
  const auto bound_depth = [](int depth, json::parse_event_t, json&) { return depth <= kDepth; };
  const json all = json::parse(text, bound_depth, false);
  if (!all.is_array()) return gaps;
  for (const json& one : all) {
    if (const auto placed = placed_gap(one)) gaps.push_back(*placed);
  }
  return gaps;
}

}  // namespace arena_shm::recording
