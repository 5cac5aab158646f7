#include "recording/recording_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "arena_shm/error.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

// The numbers of the files that are there: 0 is the path itself, others are STEM.NUMBER.EXTENSION.
std::vector<std::uint64_t> rotated_files(const fs::path& path) {
  const std::string begin = path.stem().string() + '.';
  const std::string end = path.extension().string();
  std::vector<std::uint64_t> found;
  std::error_code ignored;
  if (fs::exists(path, ignored)) found.push_back(0);
  const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(directory, ignored), last; entry != last; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.size() <= begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end)) continue;
    const std::string number = name.substr(begin.size(), name.size() - begin.size() - end.size());
    constexpr std::size_t kMostDigits = 18;  // that there is always a next one
    if (number.find_first_not_of("0123456789") != std::string::npos || number.front() == '0') continue;
    if (number.size() <= kMostDigits) found.push_back(std::stoull(number));
  }
  return found;
}

[[noreturn]] void refuse_to_go_on(const std::string& path) {
  throw Error(Code::invalid_argument, {.name = path,
                                       .doing = "go on with",
                                       .expected = "a file that rows can be appended to: .npy, .csv or .ndjson",
                                       .found = "a format that ends with an account of itself",
                                       .remedy = "choose such a file; 'export' makes .arrows or .mcap of it"});
}

}  // namespace

std::string file_size_text(std::uint64_t bytes) {
  std::string text = text::short_count(static_cast<double>(bytes));
  text.insert(text.size() - (std::isalpha(static_cast<unsigned char>(text.back())) != 0 ? 1 : 0), " ");
  return text + 'B';
}

RecordingWriter::RecordingWriter(FileOptions options, RecordShape record)
    : options_(std::move(options)), format_(file_format(options_)), record_(std::move(record)) {
  if (options_.goes_on && has_blocks(format_)) refuse_to_go_on(options_.path);
  if (format_ == FileFormat::arrows) {
    blocks_ = arrow_encoder(record_);
  } else if (format_ == FileFormat::mcap) {
    blocks_ = mcap_encoder(record_, options_.quote_int64);
  } else if (format_ != FileFormat::npy) {
    const auto format = format_ == FileFormat::csv ? schema::Format::csv : schema::Format::ndjson;
    const schema::Schema row = record_.row_schema();
    formatter_ = schema::make_formatter(format, &row, {.quote_int64 = options_.quote_int64});
  }
  if (options_.rotate) begin_rotation();
  file_ = options_.rotate ? open_next() : open();
}

void RecordingWriter::begin_rotation() {
  std::error_code ignored;
  if (options_.path == "-" || (fs::exists(options_.path, ignored) && !fs::is_regular_file(options_.path, ignored))) {
    throw Error(Code::invalid_argument, {.name = options_.path,
                                         .doing = "rotate into",
                                         .expected = "the name of a file",
                                         .found = "standard output, a pipe or a device",
                                         .remedy = "give the name of a file, or leave out --rotate"});
  }
  for (const std::uint64_t number : rotated_files(options_.path)) {
    if (options_.force) {
      fs::remove(path_of(number), ignored);
    } else {
      index_ = std::max(index_, number + 1);
    }
  }
}

std::string RecordingWriter::path_of(std::uint64_t index) const {
  if (index == 0) return options_.path;
  const fs::path path(options_.path);
  return (path.parent_path() / fmt::format("{}.{}{}", path.stem().string(), index, path.extension().string())).string();
}

// Somebody else may rotate into the same files: then the next number is free.
std::unique_ptr<RecordingFile> RecordingWriter::open_next() {
  constexpr int kTries = 1000;
  for (int i = 0;; ++i, ++index_) {
    try {
      return open();
    } catch (const Error& error) {
      if (error.code() != Code::already_exists || i == kTries) throw;
    }
  }
}

std::unique_ptr<RecordingFile> RecordingWriter::open() {
  const bool gathers = options_.ends && format_ == FileFormat::npy;
  const Existing existing = options_.goes_on ? Existing::is_continued
                            : options_.force ? Existing::is_replaced
                                             : Existing::is_refused;
  auto file = std::make_unique<RecordingFile>(path_of(index_), existing, gathers);
  if (format_ == FileFormat::npy && !file->has_head()) {
    throw Error(Code::invalid_argument, {.name = file->path(),
                                         .doing = "write .npy to",
                                         .expected = "a regular file, because the header is rewritten at the end",
                                         .found = "a pipe or a device",
                                         .remedy = "give the name of a file, or --format csv or ndjson; "
                                                   "'snapshot' can write .npy to a pipe, too"});
  }
  if (options_.goes_on && is_begun(*file)) return file;
  if (blocks_)
    blocks_->begin(file->text());
  else
    file->text() = recording().heading;
  try {
    file->flush();  // a disk that is full already is an error now
  } catch (const Error&) {
    file->remove();  // half a header is of no use
    throw;
  }
  return file;
}

Recording RecordingWriter::recording() const {
  Recording recording{.path = path_of(index_), .format = format_, .record = record_};
  if (format_ == FileFormat::npy)
    recording.heading = npy_header(record_, 0);
  else if (formatter_)
    formatter_->heading(recording.heading);
  return recording;
}

// Has it a heading? Else it is empty now.
bool RecordingWriter::is_begun(RecordingFile& file) {
  const Recording wanted = recording();
  if (!options_.force && heading_bytes(file.descriptor(), wanted) == wanted.heading.size()) {
    has_rows_ = file.saved_bytes() > wanted.heading.size();
    return true;
  }
  file.continue_at(0);
  return false;
}

std::vector<std::optional<std::uint64_t>> RecordingWriter::resume(std::uint64_t most, const Position& first,
                                                                  std::uint64_t head) {
  if (!has_rows_) return {};
  there_ = RowsThere(file_->descriptor(), recording(), most, first, head);
  cut_bytes_ = there_.file_bytes() - there_.end_bytes();
  file_->continue_at(there_.end_bytes());
  return there_.newest();
}

bool RecordingWriter::is_repeat(std::uint64_t seq, std::span<const std::byte> row) {
  if (there_.empty()) return false;
  row_.clear();
  encode(row_, seq, row);
  return there_.is_repeat(seq, row_);
}

// What a file may hold is known only by the block.
bool RecordingWriter::append_to_block(std::uint64_t seq, std::span<const std::byte> row, std::span<const Gap> lost) {
  const bool has_rows = file_->row_count() + blocks_->row_count() > 0;
  if (options_.max_bytes != std::numeric_limits<std::uint64_t>::max() && has_rows &&
      file_->size_bytes() + blocks_->most_bytes_with(row, lost) > options_.max_bytes) {
    if (!options_.rotate) return false;
    rotate();
  }
  blocks_->add(seq, row, lost);
  if (blocks_->is_full()) end_block();
  return true;
}

void RecordingWriter::end_block() {
  const std::uint64_t rows = blocks_->row_count();
  blocks_->end_block(file_->text());
  for (std::uint64_t i = 0; i < rows; ++i) file_->end_row();
  if (file_->text().size() >= kBlockBytes) file_->flush();
}

void RecordingWriter::append_lost(const Gap& gap) {
  if (blocks_) blocks_->add_lost(gap);
}

void RecordingWriter::restart(const std::string& epoch) {
  if (!blocks_) return;
  end_block();
  blocks_->restart(epoch);
}

bool RecordingWriter::append(std::uint64_t seq, std::span<const std::byte> row, std::span<const Gap> lost) {
  if (blocks_) return append_to_block(seq, row, lost);
  if (options_.max_bytes == std::numeric_limits<std::uint64_t>::max()) {
    encode(file_->text(), seq, row);
  } else {
    row_.clear();
    encode(row_, seq, row);
    if ((has_rows_ || file_->row_count() > 0) && file_->size_bytes() + row_.size() > options_.max_bytes) {
      if (!options_.rotate) return false;
      rotate();
    }
    file_->text() += row_;
  }
  file_->end_row();
  if (file_->text().size() >= kBlockBytes) flush();
  return true;
}

void RecordingWriter::encode(std::string& out, std::uint64_t seq, std::span<const std::byte> row) {
  if (format_ != FileFormat::npy) return formatter_->record(out, seq, row);
  out.append(reinterpret_cast<const char*>(&seq), sizeof(seq));
  out.append(reinterpret_cast<const char*>(row.data()), row.size());
}

void RecordingWriter::rotate() {
  finish();
  ++index_;
  const auto full = std::exchange(file_, open_next());
  saved_rows_ += full->saved_rows();
  saved_bytes_ += full->saved_bytes();
  ++file_count_;
  if (options_.keep_files > 0) remove_old();
}

// Those of an earlier run count, too.
void RecordingWriter::remove_old() {
  if (index_ < options_.keep_files) return;
  for (const std::uint64_t number : rotated_files(options_.path)) {
    std::error_code failure;
    if (number <= index_ - options_.keep_files && fs::remove(path_of(number), failure)) ++removed_files_;
  }
}

// The rows first, then their number: a header never promises what is not there.
void RecordingWriter::flush() {
  const auto tell_count = [this] {
    if (format_ == FileFormat::npy)
      file_->overwrite_head(npy_header(record_, there_.row_count() + file_->saved_rows()));
  };
  if (blocks_) end_block();
  try {
    file_->flush();
  } catch (const Error&) {
    tell_count();
    throw;
  }
  tell_count();
}

void RecordingWriter::finish() {
  flush();
  if (blocks_) blocks_->finish(file_->text());
  file_->close();
}

std::string RecordingWriter::size_text() const {
  std::string text = fmt::format("{}, {}", file_size_text(saved_bytes()), text::counted(file_count(), "file"));
  if (file_->ends_in_row()) text += ", the last row incomplete";
  if (removed_files_ > 0) text += fmt::format(", {} of them removed", removed_files_);
  if (formatter_ && !formatter_->altered_note().empty()) text += "; " + formatter_->altered_note();
  return text;
}

}  // namespace arena_shm::recording
