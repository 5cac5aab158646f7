// Recordings and saved segments, record by record, whatever their format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "arena_shm/core/system.hpp"
#include "inspect/image.hpp"
#include "recording/attendant.hpp"
#include "recording/row.hpp"
#include "recording/selection.hpp"
#include "recording/since.hpp"
#include "recording/text_lines.hpp"
#include "schema/value_text.hpp"

namespace arena_shm::recording {

/// Thread safety: none.
class RecordingSource {
 public:
  explicit RecordingSource(Attendant& attendant) noexcept : attendant_(attendant) {}
  virtual ~RecordingSource() = default;

  /// Leaves out what Since does. To be called first. Errors: as Since.
  void begin_since(const TimeSpan& span) { since_.emplace(span, origin(), record_.schema); }
  /// Is the end of what is there to be known before the beginning? Then tell_newest, of the same file opened once more,
  /// has to come before next().
  bool asks_for_newest() const noexcept { return since_ && since_->asks_for_newest(); }
  /// Reads all of that file.
  void tell_newest(RecordingSource& same_file);
  /// Leaves out those for which it does not hold. To be called first. Errors: as Selection.
  void select(const std::optional<std::string>& where);

  /// Fills `row` with the next one: its time, if the recording has times, and its record. Returns its sequence number,
  /// counted from 0 if the file has none; nothing at the end. Lines that are no record are told to the attendant and
  /// passed over. Requires: row.size() == record().row_bytes(). Errors: Code::corrupt, if nothing can be understood.
  std::optional<std::uint64_t> next(std::span<std::byte> row);

  /// Called for values that are not in the recording because they were lost when it was made, before what follows them;
  /// and when the values behind are of another arena of that name, with its epoch. Formats that know of neither tell
  /// of none.
  void on_gap(std::function<void(const Gap&)> report) { report_gap_ = std::move(report); }
  void on_restart(std::function<void(const std::string& epoch)> report) { report_restart_ = std::move(report); }

  const RecordShape& record() const noexcept { return record_; }
  const std::optional<Selection>& selection() const noexcept { return selection_; }
  std::size_t align_bytes() const noexcept { return align_bytes_; }
  std::uint64_t refused_count() const noexcept { return refused_; }
  /// Values that ought to be in the file and are not, because it was cut off; known at the end.
  std::uint64_t lost_count() const noexcept { return lost_; }
  /// Was there damage, so that values are missing, be it known how many or not? Known at the end.
  bool is_damaged() const noexcept { return is_damaged_ || lost_ > 0; }

 protected:
  /// As next(), of all there are.
  virtual std::optional<std::uint64_t> take(std::span<std::byte> row) = 0;
  /// When the value of this row, which take() has given, was appended. Requires: origin().has_times.
  virtual std::int64_t time_ns(std::span<const std::byte> row);
  virtual Since::Origin origin() const = 0;
  /// Of a recording, which is one row of values.
  Since::Origin origin_of(const std::string& file) const;

  void report(const Gap& gap) const {
    if (report_gap_ && (!since_ || since_->has_begun(gap.first))) report_gap_(gap);
  }
  void report_restart(const std::string& epoch) const {
    if (report_restart_) report_restart_(epoch);
  }

  Attendant& attendant_;
  RecordShape record_;
  std::optional<Since> since_;
  std::optional<Selection> selection_;
  std::size_t align_bytes_ = 1;
  std::uint64_t refused_ = 0;
  std::uint64_t lost_ = 0;
  bool is_damaged_ = false;

 private:
  std::function<void(const Gap&)> report_gap_;
  std::function<void(const std::string&)> report_restart_;
};

/// As messages call it.
inline constexpr std::string_view kStandardInput = "standard input";

/// How texts are to be understood, which do not say it themselves.
struct TextReading {
  std::string fields{};       ///< in the fields language, or a schema as JSON, if no others are given
  schema::Missing missing{};  ///< what means NaN
  std::string time_field{};   ///< may hold times, besides the one that the fields name
  std::string time_unit{};    ///< of it; empty: as the fields say
  TextDialect dialect{};
};

/// By what the file begins with: .npy, .arrows, .mcap, a segment, NDJSON or CSV; "-" is standard input. Of a pipe a
/// text comes as it is written, anything else as a whole. Texts need `fields`, in the fields language; the other
/// formats take them in place of what they say themselves. Without, it is `reading` that says what is in a text.
/// `_time_ns` in front of the fields is the time of a value, unless one of these is called so. Errors: Code::not_found,
/// corrupt, truncated, incompatible_type, ...
std::unique_ptr<RecordingSource> open_recording(const std::string& path, const std::string& fields,
                                                Attendant& attendant, TextReading reading = {});

// One for each format; the file is known to be of it.
std::unique_ptr<RecordingSource> npy_source(inspect::Image file, const std::string& fields, Attendant& attendant,
                                            bool time_is_field);
std::unique_ptr<RecordingSource> arrow_source(inspect::Image file, const std::string& fields, Attendant& attendant,
                                              bool time_is_field);
std::unique_ptr<RecordingSource> mcap_source(inspect::Image file, const std::string& fields, Attendant& attendant);
std::unique_ptr<RecordingSource> image_source(inspect::Image file, const std::string& fields, Attendant& attendant);
// `begin`: what has been read from it already.
std::unique_ptr<RecordingSource> text_source(core::Descriptor file, std::string label, std::string begin,
                                             const std::string& fields, Attendant& attendant, TextReading reading);

}  // namespace arena_shm::recording
