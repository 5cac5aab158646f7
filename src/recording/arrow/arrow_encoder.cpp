// Rows as an Arrow IPC stream: a schema, batches of rows, and at the end an empty batch that says how many there were.
//
// Each batch says by itself how many rows are in front of it, of which arena they are, and what was lost: a stream that
// is cut between two batches is taken for a whole one by those who know only Arrow.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "recording/arrow/arrow_notes.hpp"
#include "recording/arrow/batch_writer.hpp"
#include "recording/block_encoder.hpp"
#include "schema/record_formatter.hpp"
#include "schema/value_time.hpp"

namespace arena_shm::recording {

namespace {

using arrow::BatchRows;
using arrow::BatchWriter;

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;  // of rows

// A record without a schema is a field of bytes.
schema::Schema stream_row(const RecordShape& record) {
  schema::Schema row;
  if (record.schema) {
    row = record.row_schema();
    row.time_field = record.schema->time_field;
  } else {
    schema::Field& field = row.fields.emplace_back();
    field.name = "record";
    field.kind = schema::Kind::text;
    field.element_bytes = record.size_bytes;
    row.size_bytes = record.size_bytes;
    if (record.has_time) row = schema::with_value_time(row);
  }
  return schema::behind_column(row, schema::kSeqColumn, schema::Kind::unsigned_integer);
}

class ArrowEncoder final : public BlockEncoder {
 public:
  explicit ArrowEncoder(const RecordShape& record)
      : record_(record), batches_(stream_row(record)), epoch_(record.origin.epoch) {
    std::string empty;
    batches_.append_batch(empty, {}, notes({{std::string(arrow::kEndNote), std::string(arrow::kLongestNumber)}}));
    empty_bytes_ = empty.size() + arrow::kLongestNumber.size() * 4;
  }

  void begin(std::string& out) override {
    record_.origin.epoch = epoch_;
    rows_before_ = 0;
    lost_values_ = 0;
    batches_.append_schema(out, notes_of(record_));
  }

  void add(std::uint64_t seq, std::span<const std::byte> row, std::span<const Gap> lost) override {
    for (const Gap& gap : lost) add_lost(gap);
    if (!untold_.empty()) gap_texts_.emplace_back(count_, std::exchange(untold_, {}));
    const auto seq_bytes = std::as_bytes(std::span(&seq, 1));
    rows_.insert(rows_.end(), seq_bytes.begin(), seq_bytes.end());
    rows_.insert(rows_.end(), row.begin(), row.end());
    ++count_;
  }

  void add_lost(const Gap& gap) override {
    gaps_.push_back({.row = rows_before_ + count_, .gap = gap});
    lost_values_ += gap.count();
    untold_ += (untold_.empty() ? "" : "; ") + schema::describe(gap);
  }

  void restart(const std::string& epoch) override { epoch_ = epoch; }

  std::uint64_t row_count() const noexcept override { return count_; }
  bool is_full() const noexcept override { return rows_.size() >= kBatchBytes; }

  std::uint64_t most_bytes_with(std::span<const std::byte> row, std::span<const Gap> lost) override {
    constexpr std::uint64_t kGapBytes = 256;  // as a note and as a text, all numbers with all digits
    constexpr std::uint64_t kEndBytes = 8;
    row_.resize(schema::kColumnBytes + row.size());
    std::copy(row.begin(), row.end(), row_.begin() + schema::kColumnBytes);
    return batches_.dictionary_bytes_with(row_) + batches_.body_bytes(count_ + 1) + 2 * empty_bytes_ +
           kGapBytes * (gaps_.size() + lost.size() + 1) + untold_.size() + kEndBytes;
  }

  void end_block(std::string& out) override {
    if (count_ == 0 && gaps_.empty()) return;
    batches_.append_batch(out, {.bytes = rows_, .count = count_, .gap_texts = gap_texts_}, notes({}));
    rows_before_ += count_;
    count_ = 0;
    rows_.clear();
    gaps_.clear();
    gap_texts_.clear();
  }

  void finish(std::string& out) override {
    end_block(out);
    batches_.append_batch(out, {},
                          notes({{std::string(arrow::kEndNote), std::to_string(rows_before_)},
                                 {std::string(arrow::kLostNote), std::to_string(lost_values_)}}));
    arrow::append_end(out);
    untold_.clear();
  }

 private:
  Notes notes(Notes more) const {
    Notes all{{std::string(arrow::kFirstRowNote), std::to_string(rows_before_)}, {std::string(kEpochNote), epoch_}};
    if (!gaps_.empty()) all.emplace_back(arrow::kGapsNote, to_json(gaps_));
    std::ranges::move(more, std::back_inserter(all));
    return all;
  }

  RecordShape record_;
  BatchWriter batches_;
  std::string epoch_;
  std::uint64_t empty_bytes_ = 0;
  std::uint64_t rows_before_ = 0;  // of the file, in front of this block
  std::uint64_t lost_values_ = 0;
  std::uint64_t count_ = 0;
  std::vector<std::byte> rows_;
  std::vector<std::byte> row_;
  std::vector<PlacedGap> gaps_;
  std::vector<std::pair<std::uint64_t, std::string>> gap_texts_;
  std::string untold_;  // for the next row
};

}  // namespace

std::unique_ptr<BlockEncoder> arrow_encoder(const RecordShape& record) {
  return std::make_unique<ArrowEncoder>(record);
}

}  // namespace arena_shm::recording
