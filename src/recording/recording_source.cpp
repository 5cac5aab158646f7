#include "recording/recording_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/error.hpp"
#include "inspect/facts.hpp"
#include "recording/npy.hpp"
#include "recording/record_view.hpp"
#include "recording/temporary_file.hpp"
#include "schema/fields_language.hpp"
#include "schema/schema_json.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

using inspect::Image;

class NpySource final : public RecordingSource {
 public:
  NpySource(Image file, const std::string& fields, Attendant& attendant, bool time_is_field)
      : RecordingSource(attendant), file_(std::move(file)) {
    layout_ = read_layout(time_is_field);
    record_ = layout_.record;
    Info info;
    info.name = file_.label();
    info.record.size_bytes = record_.size_bytes;
    if (record_.schema) info.record.schema = schema::to_json(*record_.schema);
    record_.schema = schema_for(info, fields, attendant_);
    align_bytes_ = record_.schema ? record_.schema->align_bytes : 1;
    count_rows();
  }

 protected:
  std::optional<std::uint64_t> take(std::span<std::byte> into) override {
    if (index_ == row_count_) return std::nullopt;
    if (at_ == block_.size() && !fill()) return std::nullopt;
    const std::byte* row = block_.data() + at_;
    std::uint64_t seq = index_;
    if (layout_.has_seq) std::memcpy(&seq, row, sizeof(seq));
    if (is_leftover({row, layout_.row_bytes})) return std::nullopt;
    has_zero_ = has_zero_ || (layout_.has_seq && seq == 0);
    ++index_;
    std::copy_n(row + (layout_.row_bytes - into.size()), into.size(), into.begin());
    at_ += layout_.row_bytes;
    return seq;
  }
  Since::Origin origin() const override { return origin_of(file_.label()); }

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxHeaderBytes = 4 * schema::kMaxSchemaTextBytes;  // Python's spelling is longer

  NpyLayout read_layout(bool time_is_field) const {
    std::array<std::byte, kNpyPrefixBytes> prefix{};
    file_.read(0, prefix);
    std::vector<std::byte> header(std::min(npy_header_bytes(prefix).value_or(0), kMaxHeaderBytes));
    if (header.size() < kNpyPrefixBytes || file_.read(0, header) != header.size()) {
      throw Error(Code::truncated, {.name = file_.label(),
                                    .doing = "read",
                                    .expected = fmt::format("a header of {} bytes", header.size()),
                                    .found = "a file of " + text::counted(file_.size_bytes(), "byte"),
                                    .remedy = "the file was cut off in its header and holds no values"});
    }
    return parse_npy_header(header, file_.label(), time_is_field);
  }

  // A recorder that was killed has left rows which its header does not tell of yet; those of others may be anything.
  void count_rows() {
    const std::uint64_t size = std::max<std::uint64_t>(file_.size_bytes(), layout_.data_offset_bytes);
    const std::uint64_t there = (size - layout_.data_offset_bytes) / layout_.row_bytes;
    const std::uint64_t written = written_rows(there);
    row_count_ = layout_.has_seq ? written : std::min(there, layout_.row_count);
    if (written < row_count_) {
      attendant_.note(fmt::format("'{}': the last {} were never written, or are zeros; taking them as zeros",
                                  file_.label(), text::counted(row_count_ - written, "record")));
    }
    if (row_count_ < there && layout_.has_seq) return note_leftover(row_count_);
    if (row_count_ == layout_.row_count) return;
    attendant_.note(fmt::format("'{}' was cut off: expected {}, as its header says, found {}; taking these",
                                file_.label(), text::counted(layout_.row_count, "record"), row_count_));
  }

  // No recorder leaves a hole: from there on nothing was ever written, whatever the header says, and what is
  // zero before it only fills up the last block. In an array without `_seq` such rows may be meant.
  std::uint64_t written_rows(std::uint64_t there) const {
    const std::uint64_t begin = layout_.data_offset_bytes;
    const std::uint64_t end = file_.end_of_data(begin);
    std::uint64_t rows = std::min(there, (end - begin + layout_.row_bytes - 1) / layout_.row_bytes);
    if (rows < there) {
      while (rows > 0 && is_zero_at(rows - 1)) --rows;
    }
    return rows;
  }

  // Beyond what the header tells of, a crash of the host may have left rows of zeros. The value with number 0 may look
  // like one; of a laned arena it need not be the first row, and numbers need not grow.
  bool is_leftover(std::span<const std::byte> row) {
    if (index_ < layout_.row_count || index_ == 0 || !layout_.has_seq || !is_zero(row)) return false;
    if (!has_zero_ && !is_followed_by_zero()) return false;
    note_leftover(index_);
    row_count_ = index_;
    return true;
  }

  void note_leftover(std::uint64_t from) const {
    attendant_.note(
        fmt::format("'{}' has invalid rows at its end, from row {} on; they are left out", file_.label(), from + 1));
  }

  static bool is_zero(std::span<const std::byte> row) {
    return std::ranges::all_of(row, [](std::byte byte) { return byte == std::byte{0}; });
  }

  bool is_zero_at(std::uint64_t index) const {
    std::vector<std::byte> row(layout_.row_bytes);
    row.resize(file_.read(offset_of(index), row));
    return !row.empty() && is_zero(row);
  }

  bool is_followed_by_zero() const { return index_ + 1 < row_count_ && is_zero_at(index_ + 1); }

  std::uint64_t offset_of(std::uint64_t index) const { return layout_.data_offset_bytes + index * layout_.row_bytes; }

  bool fill() {
    const std::uint64_t rows =
        std::min<std::uint64_t>(std::max<std::size_t>(kBlockBytes / layout_.row_bytes, 1), row_count_ - index_);
    block_.resize(rows * layout_.row_bytes);
    block_.resize(file_.read(offset_of(index_), block_) / layout_.row_bytes * layout_.row_bytes);
    at_ = 0;
    return !block_.empty();
  }

  Image file_;
  NpyLayout layout_;
  std::uint64_t row_count_ = 0;
  std::uint64_t index_ = 0;
  bool has_zero_ = false;  // the value with number 0 has come
  std::vector<std::byte> block_;
  std::size_t at_ = 0;
};

core::Descriptor open_input(const std::string& path, const std::string& label) {
  core::Descriptor file(path == "-" ? core::duplicate_above_standard(STDIN_FILENO)
                                    : core::open_above_standard(path.c_str(), O_RDONLY));
  if (!file) core::throw_errno(errno, core::Act::open_file, "open", label);
  return file;
}

// As much as tells what the format is; less at the end.
std::string read_begin(int fd, const std::string& label) {
  std::string begin(kNpyPrefixBytes, '\0');
  std::size_t count = 0;
  while (count < begin.size()) {
    const ssize_t got = ::read(fd, begin.data() + count, begin.size() - count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) core::throw_errno(errno, core::Act::read_file, "read from", label);
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  begin.resize(count);
  return begin;
}

bool is_arrow(std::string_view begin) { return begin.starts_with("\xff\xff\xff\xff"); }
bool is_mcap(std::string_view begin) { return begin.starts_with("\x89MCAP0\r\n"); }

// Is it to be read elsewhere than from one end to the other?
bool is_binary(const std::string& begin) {
  std::uint64_t magic = 0;
  std::memcpy(&magic, begin.data(), sizeof(magic));
  return begin.starts_with(kNpyMagic) || is_arrow(begin) || is_mcap(begin) || magic == core::kMagic ||
         magic == __builtin_bswap64(core::kMagic);
}

// Is one of these fields called as the time of a value is? What cannot be understood is refused elsewhere.
bool names_time(const std::string& fields) {
  try {
    return !fields.empty() && schema::parse_fields(fields).find(schema::kTimeColumn) != nullptr;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::optional<std::uint64_t> RecordingSource::next(std::span<std::byte> row) {
  const bool needs_time = (since_ && since_->needs_value_time()) || (selection_ && selection_->needs_time());
  const auto record = row.subspan(record_.time_bytes());
  while (const auto seq = take(row)) {
    const std::int64_t ns = needs_time ? time_ns(row) : 0;
    if (since_ && !since_->next_is_wanted(*seq, record, ns)) continue;
    if (!selection_ || selection_->takes(*seq, record, ns)) return seq;
  }
  return std::nullopt;
}

void RecordingSource::tell_newest(RecordingSource& same_file) {
  struct Newest {
    std::vector<std::byte> row;
    std::int64_t ns = 0;
  };
  Row row(same_file.record());
  const std::uint64_t lanes = std::max<std::uint64_t>({same_file.origin().lanes, same_file.record().origin.lanes, 1});
  std::map<std::uint64_t, Newest> newest;  // of each lane, as an arena's is asked for
  while (const auto seq = same_file.take(row.bytes())) {
    Newest& its = newest[*seq % lanes];
    its.row.assign(row.bytes().begin(), row.bytes().end());
    if (since_->needs_value_time()) its.ns = same_file.time_ns(row.bytes());
  }
  for (const auto& [lane, its] : newest)
    since_->tell_newest(std::span(its.row).subspan(same_file.record().time_bytes()), its.ns);
}

void RecordingSource::select(const std::optional<std::string>& where) {
  if (where) selection_.emplace(*where, origin().name, record_.schema, origin().has_times);
}

std::int64_t RecordingSource::time_ns(std::span<const std::byte> row) { return time_of_row(row); }

Since::Origin RecordingSource::origin_of(const std::string& file) const {
  return {.name = file, .lanes = 1, .has_times = record_.has_time, .is_recording = true};
}

std::unique_ptr<RecordingSource> npy_source(Image file, const std::string& fields, Attendant& attendant,
                                            bool time_is_field) {
  return std::make_unique<NpySource>(std::move(file), fields, attendant, time_is_field);
}

std::unique_ptr<RecordingSource> open_recording(const std::string& path, const std::string& fields,
                                                Attendant& attendant, TextReading reading) {
  const std::string label = path == "-" ? std::string(kStandardInput) : path;
  core::Descriptor file = open_input(path, label);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) core::throw_errno(errno, core::Act::look, "read", label);
  const bool is_stream = !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
  std::string begin = is_stream ? read_begin(file.get(), label) : "";
  if (begin.size() == kNpyPrefixBytes && is_binary(begin)) {
    core::Descriptor whole = temporary_file();
    if (::write(whole.get(), begin.data(), begin.size()) != static_cast<ssize_t>(begin.size()))
      core::throw_errno(ENOSPC, core::Act::write_file, "write to", "a temporary file");
    copy_all(file.get(), label, whole.get(), "a temporary file");
    file = std::move(whole);
  } else if (is_stream) {
    return text_source(std::move(file), label, std::move(begin), fields, attendant, std::move(reading));
  }
  core::Descriptor again(core::duplicate_above_standard(file.get()));
  if (!again) core::throw_errno(errno, core::Act::duplicate, "read", label);
  Image image = Image::of_descriptor(std::move(file), label);
  std::array<std::byte, kNpyPrefixBytes> prefix{};
  image.read(0, prefix);
  const bool time_is_field = names_time(fields.empty() ? reading.fields : fields);
  if (npy_header_bytes(prefix)) return npy_source(std::move(image), fields, attendant, time_is_field);
  const std::string_view magic(reinterpret_cast<const char*>(prefix.data()), prefix.size());
  if (is_arrow(magic)) return arrow_source(std::move(image), fields, attendant, time_is_field);
  if (is_mcap(magic)) return mcap_source(std::move(image), fields, attendant);
  if (inspect::has_magic(image)) return image_source(std::move(image), fields, attendant);
  return text_source(std::move(again), label, "", fields, attendant, std::move(reading));
}

}  // namespace arena_shm::recording
