// Rows as an MCAP file: a message of JSON for each, in small chunks; what was lost, as messages of a channel of its
// own.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "recording/block_encoder.hpp"
#include "recording/mcap/channels.hpp"
#include "recording/mcap/log_time.hpp"
#include "recording/mcap/message_schema.hpp"
#include "recording/mcap/records.hpp"
#include "recording/row_notes.hpp"
#include "schema/record_formatter.hpp"

namespace arena_shm::recording {

namespace {

using mcap::kEventChannel;
using mcap::kRowChannel;
using mcap::Opcode;
using mcap::put;
using mcap::put_record;
using mcap::put_text;

constexpr std::size_t kChunkBytes = std::size_t{1} << 18;
constexpr std::size_t kIndexEntryBytes = 16;
constexpr std::size_t kChunkIndexBytes = 128;  // of two channels
constexpr std::size_t kEventBytes = 512;

struct TimeSpan {
  std::uint64_t first = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t last = 0;
  bool is_empty() const noexcept { return first > last; }
  void add(const TimeSpan& other) {
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
  void put_in(std::string& out) const {
    put(out, is_empty() ? std::uint64_t{0} : first);
    put(out, last);
  }
};

// One for each of both channels, whose numbers begin with 1.
template <class T>
using OfChannels = std::array<T, 2>;
constexpr std::size_t place_of_channel(std::uint16_t channel) { return channel - std::size_t{1}; }

class McapEncoder final : public BlockEncoder {
 public:
  McapEncoder(const RecordShape& record, bool quote_int64)
      : record_(record),
        epoch_(record.origin.epoch),
        row_(record.row_schema()),
        quote_int64_(quote_int64),
        time_(record) {
    formatter_ = schema::make_formatter(schema::Format::ndjson, &row_, {.quote_int64 = quote_int64});
  }

  void begin(std::string& out) override {
    record_.origin.epoch = epoch_;
    position_ = 0;
    checksum_ = 0;
    rows_ = 0;
    span_ = {};
    counts_ = {};
    chunk_indices_.clear();
    chunk_count_ = 0;
    const std::size_t at = out.size();
    out += mcap::kMcapMagic;
    std::string header;
    put_text(header, "");
    put_text(header, "arena-shm");
    put_record(out, Opcode::header, header);
    put_channels(out);
    account(out, at);
  }

  void add(std::uint64_t seq, std::span<const std::byte> row, std::span<const Gap> lost) override {
    now_ = time_.of(seq, row);
    for (const Gap& gap : lost) add_lost(gap);
    format(seq, row);
    put_message(kRowChannel, static_cast<std::uint32_t>(seq), line_);
    ++chunk_rows_;
  }

  void add_lost(const Gap& gap) override { put_event(mcap::gap_event({.row = rows_ + chunk_rows_, .gap = gap})); }

  void restart(const std::string& epoch) override {
    epoch_ = epoch;  // of a file that begins later
    put_event(mcap::restart_event(epoch));
  }

  std::uint64_t row_count() const noexcept override { return chunk_rows_; }
  bool is_full() const noexcept override { return chunk_.size() >= kChunkBytes; }

  std::uint64_t most_bytes_with(std::span<const std::byte> row, std::span<const Gap> lost) override {
    format(std::numeric_limits<std::uint64_t>::max(), row);
    std::string channels;
    put_channels(channels);
    const std::uint64_t messages = indices_[0].size() + indices_[1].size() + lost.size() + 1;
    return chunk_.size() + line_.size() + mcap::kRecordPrefixBytes + mcap::kMessageHeadBytes +
           kEventBytes * (lost.size() + 1) + kIndexEntryBytes * messages + chunk_indices_.size() + channels.size() +
           4 * kChunkIndexBytes + kEventBytes;
  }

  void end_block(std::string& out) override {
    if (chunk_.empty()) return;
    const std::size_t at = out.size();
    std::string head;
    chunk_span_.put_in(head);
    put(head, static_cast<std::uint64_t>(chunk_.size()));
    put(head, mcap::checksum(chunk_));
    put_text(head, "");  // not compressed
    put(head, static_cast<std::uint64_t>(chunk_.size()));
    put(out, static_cast<std::uint8_t>(Opcode::chunk));
    put(out, static_cast<std::uint64_t>(head.size() + chunk_.size()));
    out += head;
    out += chunk_;
    const std::uint64_t chunk_bytes = out.size() - at;
    put_indices(out, at, chunk_bytes);
    account(out, at);
    ++chunk_count_;
    span_.add(chunk_span_);
    rows_ += std::exchange(chunk_rows_, 0);
    chunk_.clear();
    chunk_span_ = {};
  }

  void finish(std::string& out) override {
    end_block(out);
    std::string data_end;
    put(data_end, checksum_);
    const std::size_t at = out.size();
    put_record(out, Opcode::data_end, data_end);
    put_summary(out, position_ + (out.size() - at));
    out += mcap::kMcapMagic;
  }

  std::string altered_note() const override { return formatter_->altered_note(); }

 private:
  void format(std::uint64_t seq, std::span<const std::byte> row) {
    line_.clear();
    formatter_->record(line_, seq, row);
    line_.pop_back();  // the end of the line
  }

  void put_message(std::uint16_t channel, std::uint32_t sequence, std::string_view data) {
    indices_[place_of_channel(channel)].emplace_back(now_, chunk_.size());
    put(chunk_, static_cast<std::uint8_t>(Opcode::message));
    put(chunk_, static_cast<std::uint64_t>(mcap::kMessageHeadBytes + data.size()));
    put(chunk_, channel);
    put(chunk_, sequence);
    put(chunk_, now_);  // when it was logged, and published
    put(chunk_, now_);
    chunk_ += data;
    chunk_span_.add({.first = now_, .last = now_});
  }

  void put_event(const std::string& event) { put_message(kEventChannel, event_number_++, event); }

  void put_channels(std::string& out) const {
    const std::string topic = record_.origin.arena.empty() ? "arena" : record_.origin.arena;
    const std::string type = record_.origin.type.empty() ? topic : record_.origin.type;
    Notes notes = notes_of(record_);
    notes.emplace_back("log_time", time_.description());
    mcap::put_channel(out, {.id = kRowChannel,
                            .topic = topic,
                            .type = type,
                            .schema = mcap::row_schema_json(row_, type, quote_int64_),
                            .notes = notes});
    mcap::put_channel(out, {.id = kEventChannel,
                            .topic = topic + "/events",
                            .type = "arena_shm.event",
                            .schema = mcap::event_schema_json(),
                            .notes = {{std::string(mcap::kEventsNote), "1"}}});
  }

  // Behind a chunk, where its messages are; and for the end, where that is said.
  void put_indices(std::string& out, std::size_t at, std::uint64_t chunk_bytes) {
    const std::size_t begin = out.size();
    std::string places;
    for (const std::uint16_t channel : {kRowChannel, kEventChannel}) {
      auto& entries = indices_[place_of_channel(channel)];
      if (entries.empty()) continue;
      put(places, channel);
      put(places, position_ + (out.size() - at));
      std::string index;
      put(index, channel);
      put(index, static_cast<std::uint32_t>(entries.size() * kIndexEntryBytes));
      for (const auto& [time, offset] : entries) {
        put(index, time);
        put(index, offset);
      }
      put_record(out, Opcode::message_index, index);
      counts_[place_of_channel(channel)] += entries.size();
      entries.clear();
    }
    std::string chunk_index;
    chunk_span_.put_in(chunk_index);
    put(chunk_index, position_);
    put(chunk_index, chunk_bytes);
    put_text(chunk_index, places);
    put(chunk_index, static_cast<std::uint64_t>(out.size() - begin));
    put_text(chunk_index, "");
    put(chunk_index, static_cast<std::uint64_t>(chunk_.size()));
    put(chunk_index, static_cast<std::uint64_t>(chunk_.size()));
    put_record(chunk_indices_, Opcode::chunk_index, chunk_index);
  }

  void put_summary(std::string& out, std::uint64_t position) const {
    std::string summary;
    std::string offsets;
    const auto put_group = [&](Opcode opcode, const std::string& records) {
      if (records.empty()) return;
      std::string offset;
      put(offset, static_cast<std::uint8_t>(opcode));
      put(offset, position + summary.size());
      put(offset, static_cast<std::uint64_t>(records.size()));
      put_record(offsets, Opcode::summary_offset, offset);
      summary += records;
    };
    std::string channels;
    put_channels(channels);
    put_group(Opcode::schema, mcap::records_of(channels, Opcode::schema));
    put_group(Opcode::channel, mcap::records_of(channels, Opcode::channel));
    put_group(Opcode::statistics, statistics());
    put_group(Opcode::chunk_index, chunk_indices_);
    const std::uint64_t offset_start = position + summary.size();
    summary += offsets;
    put(summary, static_cast<std::uint8_t>(Opcode::footer));
    put(summary, std::uint64_t{8 + 8 + 4});
    put(summary, position);
    put(summary, offset_start);
    put(summary, mcap::checksum(summary));
    out += summary;
  }

  std::string statistics() const {
    std::string counts;
    for (const std::uint16_t channel : {kRowChannel, kEventChannel}) {
      put(counts, channel);
      put(counts, counts_[place_of_channel(channel)]);
    }
    std::string content;
    put(content, counts_[0] + counts_[1]);
    put(content, std::uint16_t{2});  // schemas
    put(content, std::uint32_t{2});  // channels
    put(content, std::uint32_t{0});  // attachments
    put(content, std::uint32_t{0});  // metadata
    put(content, chunk_count_);
    span_.put_in(content);
    put_text(content, counts);
    std::string record;
    put_record(record, Opcode::statistics, content);
    return record;
  }

  void account(const std::string& out, std::size_t from) {
    const std::string_view added = std::string_view(out).substr(from);
    position_ += added.size();
    checksum_ = mcap::checksum(added, checksum_);
  }

  RecordShape record_;
  std::string epoch_;
  schema::Schema row_;
  bool quote_int64_;
  mcap::LogTime time_;
  std::unique_ptr<schema::RecordFormatter> formatter_;
  std::string line_;
  std::uint64_t now_ = 0;
  std::uint32_t event_number_ = 0;

  // The chunk.
  std::string chunk_;
  TimeSpan chunk_span_;
  std::uint64_t chunk_rows_ = 0;
  OfChannels<std::vector<std::pair<std::uint64_t, std::uint64_t>>> indices_;  // time, and place in the chunk

  // The file.
  std::uint64_t position_ = 0;
  std::uint32_t checksum_ = 0;
  std::uint64_t rows_ = 0;
  TimeSpan span_;
  OfChannels<std::uint64_t> counts_{};
  std::string chunk_indices_;
  std::uint32_t chunk_count_ = 0;
};

}  // namespace

std::unique_ptr<BlockEncoder> mcap_encoder(const RecordShape& record, bool quote_int64) {
  return std::make_unique<McapEncoder>(record, quote_int64);
}

}  // namespace arena_shm::recording
