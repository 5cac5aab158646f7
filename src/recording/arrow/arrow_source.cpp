// Arrow IPC streams as recordings.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "arena_shm/error.hpp"
#include "core/text_numbers.hpp"
#include "recording/arrow/arrow_notes.hpp"
#include "recording/arrow/batch_reader.hpp"
#include "recording/record_view.hpp"
#include "recording/recording_source.hpp"
#include "schema/schema_json.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

using arrow::MessageReader;

std::optional<std::string> batch_note(const Notes& notes, std::string_view key) {
  const auto found = std::ranges::find(notes, key, &Notes::value_type::first);
  return found == notes.end() ? std::nullopt : std::optional(found->second);
}

class ArrowSource final : public RecordingSource {
 public:
  ArrowSource(inspect::Image file, const std::string& fields, Attendant& attendant, bool time_is_field)
      : RecordingSource(attendant), file_(std::move(file)), messages_(file_), batch_(layout_, file_.label()) {
    const auto first = messages_.next();
    const arrow::fb::Schema* schema = first ? first->message().header_as_schema() : nullptr;
    if (schema == nullptr) refuse_begin();
    arrow::read_layout(layout_, *schema, file_.label(), time_is_field);
    record_ = layout_.record;
    Info info;
    info.name = file_.label();
    info.record.size_bytes = record_.size_bytes;
    if (record_.schema) info.record.schema = schema::to_json(*record_.schema);
    record_.schema = schema_for(info, fields, attendant_);
    align_bytes_ = record_.schema ? record_.schema->align_bytes : 1;
    epoch_ = record_.origin.epoch;
  }

 protected:
  std::optional<std::uint64_t> take(std::span<std::byte> row) override {
    do {
      while (index_ == batch_.row_count()) {
        report_gaps();
        if (!next_batch()) return std::nullopt;
      }
      report_gaps();
    } while (at_ == block_.size() && !fill());
    const auto from = block_.begin() + static_cast<std::ptrdiff_t>(at_);
    std::copy(from, from + static_cast<std::ptrdiff_t>(row.size()), row.begin());
    at_ += row.size();
    const std::uint64_t seq = layout_.has_seq ? batch_.seq(index_) : count_;
    ++index_;
    ++count_;
    return seq;
  }
  Since::Origin origin() const override { return origin_of(file_.label()); }

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

  [[noreturn]] void refuse_begin() const {
    const bool is_cut = messages_.end() == MessageReader::End::inside || messages_.end() == MessageReader::End::between;
    throw Error(is_cut ? Code::truncated : Code::corrupt,
                {.name = file_.label(),
                 .doing = "read",
                 .expected = "an Arrow stream, which begins with its schema",
                 .found = is_cut ? "a file of " + text::counted(file_.size_bytes(), "byte") : "something else",
                 .remedy = is_cut ? "the file was cut off in its schema and holds no values" : "check the path"});
  }

  // Returns: is there a row? A damaged one of ours is passed over.
  bool fill() {
    const std::size_t row_bytes = record_.row_bytes();
    const std::uint64_t most = reads_singly_ ? 1 : std::max<std::size_t>(kBlockBytes / row_bytes, 1);
    block_.resize(std::min<std::uint64_t>(most, batch_.row_count() - index_) * row_bytes);
    at_ = 0;
    try {
      batch_.read_rows(index_, block_, row_bytes);
      return true;
    } catch (const Error& error) {
      if (!layout_.is_ours) throw;
      if (!std::exchange(reads_singly_, true)) tell_damaged("a row of the batch", error);
    }
    const bool is_one = block_.size() == row_bytes;
    block_.clear();
    if (!is_one) return false;  // one by one, then
    ++index_;
    ++lost_;
    return false;
  }

  bool next_batch() {
    while (!has_ended_) {
      const auto whole = messages_.next();
      if (!whole) {
        if (goes_on_behind_damage()) continue;
        end();
        break;
      }
      std::vector<std::byte> body(whole->body_bytes);
      if (file_.read(whole->body_at, body) != body.size()) {  // cut off just now
        has_ended_ = true;
        break;
      }
      try {
        if (take_message(whole->message(), std::move(body))) return true;
      } catch (const Error& error) {
        // What a batch of ours says of its rows, the next one says, too; of others nobody knows whether it is damage.
        if (!layout_.is_ours) throw;
        batch_.leave();
        index_ = 0;
        tell_damaged("a batch", error);
      }
    }
    return false;
  }

  // Returns: is it a batch of rows?
  bool take_message(const arrow::fb::Message& message, std::vector<std::byte> body) {
    if (const auto* dictionary = message.header_as_dictionary_batch()) {
      batch_.take_dictionary(*dictionary, std::move(body));
      return false;
    }
    const auto* batch = message.header_as_record_batch();
    if (batch == nullptr) return false;
    index_ = 0;
    at_ = 0;
    block_.clear();
    reads_singly_ = false;
    batch_.take_batch(*batch, std::move(body));
    read_notes(arrow::notes_in(message.custom_metadata()));
    return true;
  }

  // A stream that ends as it should has nothing behind it that is ours.
  bool goes_on_behind_damage() {
    const bool is_end = is_whole_ || (messages_.end() == MessageReader::End::marked && !layout_.is_ours);
    const std::uint64_t from = messages_.position();
    if (is_end || messages_.end() == MessageReader::End::between || !messages_.search()) return false;
    is_damaged_ = true;
    const std::uint64_t next = messages_.position();
    attendant_.note(fmt::format("'{}' is damaged at byte {}: {} left out; going on at byte {}", file_.label(), from,
                                text::counted(next - std::min(next, from), "byte"), next));
    return true;
  }

  void tell_damaged(std::string_view what, const Error& error) {
    is_damaged_ = true;
    attendant_.note(fmt::format("'{}': {} in front of byte {} is damaged: expected {}, found {}; leaving it out",
                                file_.label(), what, messages_.position(), error.expected(), error.found()));
  }

  // What a batch says of itself.
  void read_notes(const Notes& notes) {
    if (!layout_.is_ours) return;
    const auto number = [&](std::string_view key) { return core::leading_number(batch_note(notes, key).value_or("")); };
    const std::uint64_t first = number(arrow::kFirstRowNote).value_or(next_row_);
    if (first > next_row_) {
      const std::uint64_t missing = first - next_row_;
      attendant_.note(
          fmt::format("'{}': {} missing in front of row {}", file_.label(), text::counted(missing, "row"), first));
      lost_ += missing;
    }
    next_row_ = first + batch_.row_count();
    for (const PlacedGap& placed : parse_gaps(batch_note(notes, arrow::kGapsNote).value_or("")))
      gaps_.push_back({.row = placed.row - std::min(placed.row, first), .gap = placed.gap});
    if (const auto epoch = batch_note(notes, kEpochNote); epoch && *epoch != epoch_) {
      epoch_ = *epoch;
      report_restart(epoch_);
    }
    is_whole_ = is_whole_ || number(arrow::kEndNote).has_value();
  }

  void report_gaps() {
    const std::uint64_t end = index_ == batch_.row_count() ? ~std::uint64_t{0} : index_;
    while (!gaps_.empty() && gaps_.front().row <= end) {
      report(gaps_.front().gap);
      gaps_.pop_front();
    }
  }

  void end() {
    has_ended_ = true;
    const bool is_marked = messages_.end() == MessageReader::End::marked;
    if (is_whole_ || (is_marked && !layout_.is_ours)) return;
    const std::uint64_t cut = messages_.cut_rows().value_or(0);
    lost_ += cut;
    const std::string taking = fmt::format("; taking the {} before that", text::counted(count_, "row"));
    const std::uint64_t left = file_.size_bytes() - std::min(file_.size_bytes(), messages_.position());
    const bool is_damage = messages_.end() == MessageReader::End::damaged || is_marked;
    is_damaged_ = is_damaged_ || is_damage;
    if (is_damage)
      attendant_.note(fmt::format("'{}' has something else at byte {}, and {} behind that could not be read{}",
                                  file_.label(), messages_.position(), text::counted(left, "byte"), taking));
    else if (messages_.end() == MessageReader::End::inside)
      attendant_.note(fmt::format("'{}' was cut off in a batch{}{}", file_.label(),
                                  cut > 0 ? " of " + text::counted(cut, "row") : "", taking));
    else
      attendant_.note(fmt::format("'{}' has no end: it is being written, or was cut off; taking the {} in it",
                                  file_.label(), text::counted(count_, "row")));
  }

  inspect::Image file_;
  MessageReader messages_;
  arrow::StreamLayout layout_;
  arrow::BatchReader batch_;
  std::uint64_t index_ = 0;     // in the batch
  std::uint64_t count_ = 0;     // of all
  std::uint64_t next_row_ = 0;  // as batches count them
  std::vector<std::byte> block_;
  std::size_t at_ = 0;
  bool reads_singly_ = false;   // there is damage in the batch
  std::deque<PlacedGap> gaps_;  // of the batch; rows in it
  std::string epoch_;
  bool is_whole_ = false;
  bool has_ended_ = false;
};

}  // namespace

std::unique_ptr<RecordingSource> arrow_source(inspect::Image file, const std::string& fields, Attendant& attendant,
                                              bool time_is_field) {
  return std::make_unique<ArrowSource>(std::move(file), fields, attendant, time_is_field);
}

}  // namespace arena_shm::recording
