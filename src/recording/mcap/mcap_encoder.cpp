// Rows as an MCAP file: a message of JSON for each, in small chunks; what was lost, as messages of a channel of its
// own.
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "recording/block_encoder.hpp"
#include "recording/mcap/channels.hpp"
#include "recording/mcap/exact_row.hpp"
#include "recording/mcap/file_index.hpp"
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
constexpr std::size_t kEventBytes = 512;

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
    index_ = {};
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
    return chunk_.size() + line_.size() + mcap::kRecordPrefixBytes + mcap::kMessageHeadBytes +
           kEventBytes * (lost.size() + 2) + channels.size() + index_.most_bytes_with(lost.size() + 1);
  }

  void end_block(std::string& out) override {
    if (chunk_.empty()) return;
    const std::size_t at = out.size();
    std::string head;
    index_.span().put_in(head);
    put(head, static_cast<std::uint64_t>(chunk_.size()));
    put(head, mcap::checksum(chunk_));
    put_text(head, "");  // not compressed
    put(head, static_cast<std::uint64_t>(chunk_.size()));
    put(out, static_cast<std::uint8_t>(Opcode::chunk));
    put(out, static_cast<std::uint64_t>(head.size() + chunk_.size()));
    out += head;
    out += chunk_;
    const std::uint64_t chunk_bytes = out.size() - at;
    index_.end_chunk(out, {.position = position_, .bytes = chunk_bytes, .records_bytes = chunk_.size()});
    account(out, at);
    rows_ += std::exchange(chunk_rows_, 0);
    chunk_.clear();
  }

  void finish(std::string& out) override {
    end_block(out);
    std::string data_end;
    put(data_end, checksum_);
    const std::size_t at = out.size();
    put_record(out, Opcode::data_end, data_end);
    std::string channels;
    put_channels(channels);
    index_.put_summary(out, position_ + (out.size() - at), channels);
    out += mcap::kMcapMagic;
  }

 private:
  void format(std::uint64_t seq, std::span<const std::byte> row) {
    line_.clear();
    formatter_->record(line_, seq, row);
    line_.pop_back();  // the end of the line
    if (mcap::needs_exact_row(row_, row)) mcap::add_exact_row(line_, row);
  }

  void put_message(std::uint16_t channel, std::uint32_t sequence, std::string_view data) {
    index_.add(channel, now_, chunk_.size());
    put(chunk_, static_cast<std::uint8_t>(Opcode::message));
    put(chunk_, static_cast<std::uint64_t>(mcap::kMessageHeadBytes + data.size()));
    put(chunk_, channel);
    put(chunk_, sequence);
    put(chunk_, now_);  // when it was logged, and published
    put(chunk_, now_);
    chunk_ += data;
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
  std::uint64_t chunk_rows_ = 0;

  // The file.
  std::uint64_t position_ = 0;
  std::uint32_t checksum_ = 0;
  std::uint64_t rows_ = 0;
  mcap::FileIndex index_;
};

}  // namespace

std::unique_ptr<BlockEncoder> mcap_encoder(const RecordShape& record, bool quote_int64) {
  return std::make_unique<McapEncoder>(record, quote_int64);
}

}  // namespace arena_shm::recording
