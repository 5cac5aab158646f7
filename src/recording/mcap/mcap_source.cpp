// MCAP files as recordings: the messages of one channel, which are JSON.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "arena_shm/error.hpp"
#include "recording/mcap/channels.hpp"
#include "recording/mcap/exact_row.hpp"
#include "recording/mcap/message_schema.hpp"
#include "recording/mcap/record_stream.hpp"
#include "recording/recording_source.hpp"
#include "schema/fields_language.hpp"
#include "schema/record_input.hpp"
#include "schema/value_time.hpp"
#include "text/quantities.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording {

namespace {

using mcap::Opcode;
using mcap::RecordStream;

// What is not understood is as if it were not there.
std::optional<NotedShape> shape_in(const Notes& notes) {
  try {
    return parse_notes(notes);
  } catch (const Error&) {
    return std::nullopt;
  }
}

class McapSource final : public RecordingSource {
 public:
  McapSource(inspect::Image file, const std::string& fields, Attendant& attendant)
      : RecordingSource(attendant), file_(std::move(file)), records_(file_) {
    find_channel(!fields.empty());
    if (!fields.empty()) set_fields(fields);
    align_bytes_ = record_.schema->align_bytes;
    schema::Schema row = record_.row_schema();
    if (is_ours_) row = schema::behind_column(row, schema::kSeqColumn, schema::Kind::unsigned_integer);
    row_.resize(row.size_bytes);
    records_.want_messages_of(
        [this](std::uint16_t channel) { return channel == channel_ || channel == event_channel_; });
    input_ = schema::ndjson_input(row, [this] { return std::exchange(line_, std::nullopt); });
  }

 protected:
  std::optional<std::uint64_t> take(std::span<std::byte> row) override {
    while ((line_ = next_line())) {
      if (is_ours_) {
        if (const auto seq = mcap::exact_row_in(line_->text, row)) return seq;
      }
      const auto status = input_->next(row_);
      if (status == schema::InputStatus::end) continue;  // an empty one
      if (status == schema::InputStatus::refused) {
        ++refused_;
        attendant_.note("refused " + to_string(input_->refusal()));
        continue;
      }
      std::uint64_t seq = index_++;
      if (is_ours_) std::memcpy(&seq, row_.data(), sizeof(seq));
      std::copy_n(row_.end() - static_cast<std::ptrdiff_t>(row.size()), row.size(), row.begin());
      return seq;
    }
    return std::nullopt;
  }
  Since::Origin origin() const override { return origin_of(file_.label()); }

 private:
  // Up to the first channel that is wanted: ours, or, with fields that are given, any of JSON.
  void find_channel(bool any) {
    while (const auto record = records_.next()) {
      if (record->opcode != Opcode::channel) continue;
      const auto channel = mcap::parse_channel(record->content);
      if (!channel) continue;
      topics_[channel->id] = channel->topic;
      if (channel->encoding != "json") continue;
      const auto noted = shape_in(channel->notes);
      is_ours_ = noted && noted->record.schema;
      if (!is_ours_ && !any) continue;
      if (is_ours_) {
        record_ = noted->record;
        record_.has_time = noted->has_time.value_or(false);
      }
      channel_ = channel->id;
      return;
    }
    throw Error(Code::incompatible_type,
                {.name = file_.label(),
                 .doing = "read",
                 .expected = any ? "a channel of JSON messages" : "a channel that arena-shm has written",
                 .found = records_.end() == RecordStream::End::marked ? "none" : "none before the file ends",
                 .remedy = any ? "choose another file" : "give the fields: --fields 'u64 ts, f64 px'"});
  }

  void set_fields(const std::string& fields) {
    schema::Schema schema = schema::parse_fields(fields);
    if (is_ours_ && schema.size_bytes != record_.size_bytes) {
      throw Error(Code::incompatible_type, {.name = file_.label(),
                                            .doing = "decode the records of",
                                            .expected = "fields of " + text::counted(record_.size_bytes, "byte"),
                                            .found = text::counted(schema.size_bytes, "byte"),
                                            .remedy = "leave out --fields: the file says them"});
    }
    record_.size_bytes = schema.size_bytes;
    record_.has_time = record_.has_time && schema.find(schema::kTimeColumn) == nullptr;
    record_.schema = std::move(schema);
  }

  std::optional<schema::Line> next_line() {
    while (!has_ended_) {
      const auto record = records_.next();
      if (!record && goes_on_behind_damage()) continue;
      if (!record) break;
      if (record->opcode == Opcode::channel) take_channel(record->content);
      if (record->opcode == Opcode::statistics) check_count(record->content);
      if (record->opcode != Opcode::message) continue;
      mcap::FieldReader fields(record->content);
      const auto channel = fields.take<std::uint16_t>();
      if (!fields.take_bytes(mcap::kMessageHeadBytes - sizeof(std::uint16_t))) continue;
      if (channel == event_channel_)
        take_event(fields.rest());
      else if (channel == channel_)
        return schema::Line{.text = std::string(fields.rest()), .number = ++messages_};
      else if (channel)
        ++left_out_[*channel];
    }
    if (!std::exchange(has_ended_, true)) tell_end();
    return std::nullopt;
  }

  bool goes_on_behind_damage() {
    const bool is_damage = records_.end() == RecordStream::End::inside || records_.end() == RecordStream::End::damaged;
    const std::uint64_t from = records_.position();
    if (!is_damage || !records_.search()) return false;
    is_damaged_ = true;
    const std::uint64_t next = records_.position();
    constexpr std::uint64_t kMostTold = 20;
    if (++told_ > kMostTold) return true;
    const std::string left_out = next > from ? ": " + text::counted(next - from, "byte") + " left out" : "";
    attendant_.note(fmt::format("'{}' is damaged {} byte {}{}; going on at byte {}{}", file_.label(),
                                next > from ? "at" : "in front of", from, left_out, next,
                                told_ == kMostTold ? "; more like this is not told" : ""));
    return true;
  }

  void take_channel(std::string_view content) {
    const auto channel = mcap::parse_channel(content);
    if (!channel) return;
    topics_[channel->id] = channel->topic;
    const bool is_of_events =
        std::ranges::any_of(channel->notes, [](const auto& note) { return note.first == mcap::kEventsNote; });
    if (is_of_events && is_ours_) event_channel_ = channel->id;
  }

  void take_event(std::string_view message) {
    const mcap::Event event = mcap::parse_event(message);
    if (event.gap) report(*event.gap);
    if (event.epoch) report_restart(*event.epoch);
  }

  // How many messages there ought to be, as the summary says.
  void check_count(std::string_view content) {
    constexpr std::size_t kBeforeCounts = 8 + 2 + 4 + 4 + 4 + 4 + 8 + 8;
    mcap::FieldReader fields(content);
    if (!fields.take_bytes(kBeforeCounts)) return;
    mcap::FieldReader counts(fields.take_text().value_or(""));
    while (const auto channel = counts.take<std::uint16_t>()) {
      const auto count = counts.take<std::uint64_t>();
      knows_count_ = knows_count_ || (count && *channel == channel_);
      if (!count || *channel != channel_ || *count <= messages_) continue;
      missing_ = *count - messages_;
    }
  }

  // An arena has one kind of records.
  void tell_left_out() const {
    constexpr std::size_t kMostNames = 5;
    if (left_out_.empty()) return;
    std::uint64_t count = 0;
    std::vector<std::string> names;
    for (const auto& [id, messages] : left_out_) {
      count += messages;
      const auto topic = topics_.find(id);
      if (names.size() < kMostNames)
        names.push_back(topic == topics_.end() ? fmt::format("{}", id) : text::excerpt(topic->second));
    }
    const auto mine = topics_.find(channel_);
    attendant_.note(fmt::format("'{}': taking the channel {} only; {} of {} left out: {}{}", file_.label(),
                                text::excerpt(mine == topics_.end() ? "" : mine->second),
                                text::counted(count, "message"), text::counted(left_out_.size(), "other channel"),
                                fmt::join(names, ", "), left_out_.size() > kMostNames ? ", ..." : ""));
  }

  void tell_end() {
    tell_left_out();
    const std::string taking = fmt::format("; taking the {} in it", text::counted(messages_, "message"));
    const std::uint64_t damaged = records_.damaged_chunks();
    if (damaged > 0) missing_ = std::max(missing_, damaged);
    if (missing_ > 0)
      attendant_.note(
          fmt::format("'{}': {} missing or damaged{}", file_.label(), text::counted(missing_, "message"), taking));
    lost_ += missing_;
    switch (records_.end()) {
      case RecordStream::End::none:
      case RecordStream::End::marked: return;
      case RecordStream::End::between:
        return attendant_.note(
            fmt::format("'{}' has no end: it is being written, or was cut off{}", file_.label(), taking));
      case RecordStream::End::inside:
        is_damaged_ = is_damaged_ || !knows_count_;
        return attendant_.note(fmt::format("'{}' was cut off{}", file_.label(), taking));
      case RecordStream::End::damaged: break;
    }
    is_damaged_ = true;
    attendant_.note(fmt::format("'{}' has something else at byte {}, and {} behind that could not be read{}",
                                file_.label(), records_.position(),
                                text::counted(file_.size_bytes() - records_.position(), "byte"), taking));
  }

  inspect::Image file_;
  RecordStream records_;
  bool is_ours_ = false;
  std::uint16_t channel_ = 0;
  std::optional<std::uint16_t> event_channel_;
  std::map<std::uint16_t, std::string> topics_;
  std::map<std::uint16_t, std::uint64_t> left_out_;  // messages of other channels
  std::unique_ptr<schema::RecordInput> input_;
  std::optional<schema::Line> line_;  // for it
  std::vector<std::byte> row_;
  std::uint64_t index_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t missing_ = 0;
  bool knows_count_ = false;  // of messages that there ought to be
  std::uint64_t told_ = 0;    // of damage
  bool has_ended_ = false;
};

}  // namespace

std::unique_ptr<RecordingSource> mcap_source(inspect::Image file, const std::string& fields, Attendant& attendant) {
  return std::make_unique<McapSource>(std::move(file), fields, attendant);
}

}  // namespace arena_shm::recording
