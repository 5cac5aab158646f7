// Arrow IPC streams as recordings.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "arena_shm/error.hpp"
#include "recording/arrow/arrow_notes.hpp"
#include "recording/arrow/batch_reader.hpp"
#include "recording/arrow/recovery.hpp"
#include "recording/record_view.hpp"
#include "recording/recording_source.hpp"
#include "schema/schema_json.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

using arrow::MessageReader;

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
    is_as_written_ = layout_.is_ours && begins_as_written();
    batch_.begin(is_as_written_);
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

  // Others that read a stream of ours and write another keep what its schema says, and drop what batches say.
  bool begins_as_written() const {
    MessageReader ahead = messages_;
    while (const auto whole = ahead.next()) {
      if (whole->message().header_as_record_batch() == nullptr) continue;
      return arrow::number_in(arrow::notes_in(whole->message().custom_metadata()), arrow::kFirstRowNote).has_value();
    }
    return true;
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
      if (!std::exchange(reads_singly_, true)) tell_damaged("a row of the batch", error.expected(), error.found());
    }
    const bool is_one = block_.size() == row_bytes;
    block_.clear();
    if (!is_one) return false;  // one by one, then
    ++index_;
    return false;
  }

  bool next_batch() {
    while (!has_ended_) {
      const auto whole = messages_.next();
      if (!whole) {
        const bool is_end =
            is_whole_ || has_searched_ || (messages_.end() == MessageReader::End::marked && !layout_.is_ours);
        if (!is_end && messages_.end() != MessageReader::End::between && goes_on(messages_.position())) continue;
        end();
        break;
      }
      // Its values would be those of other places.
      const bool is_certain = is_as_written_ ? is_as_written(*whole) : knows_rest_ || messages_.is_at_message();
      if (!is_certain) {
        batch_.distrust_additions();
        if (knows_rest_)
          tell_damaged("a batch", "lengths that agree", "others");
        else if (!goes_on(whole->at))
          messages_.give_up(whole->at);  // nor is it known where the next one begins
        continue;
      }
      std::vector<std::byte> body(whole->body_bytes);
      if (file_.read(whole->body_at, body) != body.size()) {  // cut off just now
        end();
        break;
      }
      try {
        if (take_message(whole->message(), std::move(body))) return true;
      } catch (const Error& error) {
        // What a batch of ours says of its rows, the next one says, too; of others nobody knows whether it is damage.
        if (!layout_.is_ours) throw;
        batch_.leave();
        batch_.distrust_additions();
        index_ = 0;
        tell_damaged("a batch", error.expected(), error.found());
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
    if (batch_.lacks_values()) tell_damaged("a dictionary", "all values of the rows", "fewer");
    read_notes(arrow::notes_in(message.custom_metadata()));
    return true;
  }

  // Where it goes on, one message leads to the next until the end: there is no second time.
  bool goes_on(std::uint64_t from) {
    if (std::exchange(has_searched_, true)) return false;
    const auto next = arrow::find_rest(
        file_, {.from = from + 1, .next_row = layout_.is_ours ? next_row_ : 0, .is_as_written = is_as_written_});
    if (!next) return false;
    knows_rest_ = true;
    is_damaged_ = true;
    attendant_.note(fmt::format("'{}' is damaged at byte {}: {} left out; going on at byte {}", file_.label(), from,
                                text::counted(*next - from, "byte"), *next));
    batch_.distrust_additions();
    messages_.go_to(*next);
    return true;
  }

  void tell_damaged(std::string_view what, std::string_view expected, std::string_view found) {
    tell(fmt::format("{} in front of byte {} is damaged: expected {}, found {}; leaving it out", what,
                     messages_.position(), expected, found));
  }

  // A file may have damage in each of its batches.
  void tell(const std::string& damage) {
    constexpr std::uint64_t kMostTold = 20;
    is_damaged_ = true;
    if (++told_ <= kMostTold) attendant_.note(fmt::format("'{}': {}", file_.label(), damage));
    if (told_ == kMostTold) attendant_.note(fmt::format("'{}': more like this is not told", file_.label()));
  }

  // What a batch says of itself.
  void read_notes(const Notes& notes) {
    if (!layout_.is_ours) return;
    constexpr std::uint64_t kMostRows = std::uint64_t{1} << 60;
    const std::uint64_t said = arrow::number_in(notes, arrow::kFirstRowNote).value_or(next_row_);
    const std::uint64_t first = said > kMostRows ? next_row_ : said;
    if (first > next_row_)
      tell(fmt::format("{} missing in front of row {}", text::counted(first - next_row_, "row"), first));
    next_row_ = first + batch_.row_count();
    for (const PlacedGap& placed : parse_gaps(arrow::note_in(notes, arrow::kGapsNote).value_or("")))
      gaps_.push_back({.row = placed.row - std::min(placed.row, first), .gap = placed.gap});
    if (const auto epoch = arrow::note_in(notes, kEpochNote); epoch && *epoch != epoch_) {
      epoch_ = *epoch;
      report_restart(epoch_);
    }
    is_whole_ = is_whole_ || arrow::number_in(notes, arrow::kEndNote).has_value();
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
    if (layout_.is_ours) lost_ = next_row_ - std::min(next_row_, count_);
    const bool is_marked = messages_.end() == MessageReader::End::marked;
    if (is_whole_ || (is_marked && !layout_.is_ours)) return;
    const std::uint64_t cut = messages_.cut_rows().value_or(0);
    lost_ += cut;
    const std::string taking = fmt::format("; taking the {} before that", text::counted(count_, "row"));
    const std::uint64_t left = file_.size_bytes() - std::min(file_.size_bytes(), messages_.position());
    const bool is_damage = messages_.end() == MessageReader::End::damaged || is_marked;
    // In a batch that is not whole are rows, if it does not say otherwise.
    const bool lacks_rows = messages_.end() == MessageReader::End::inside && messages_.cut_rows() != 0;
    is_damaged_ = is_damaged_ || is_damage || lacks_rows;
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
  bool is_as_written_ = false;  // by our encoder
  bool is_whole_ = false;
  bool has_searched_ = false;
  bool knows_rest_ = false;  // there was damage; all messages behind it lead to the end
  std::uint64_t told_ = 0;   // of damage
  bool has_ended_ = false;
};

}  // namespace

std::unique_ptr<RecordingSource> arrow_source(inspect::Image file, const std::string& fields, Attendant& attendant,
                                              bool time_is_field) {
  return std::make_unique<ArrowSource>(std::move(file), fields, attendant, time_is_field);
}

}  // namespace arena_shm::recording
