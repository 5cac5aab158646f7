#include "recording/recording_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>
#include <utility>

#include "arena_shm/error.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

// Files that an earlier recording has left: STEM.NUMBER.EXTENSION.
std::vector<fs::path> rotated_files(const fs::path& path) {
  const std::string begin = path.stem().string() + '.';
  const std::string end = path.extension().string();
  std::vector<fs::path> found;
  std::error_code ignored;
  const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(directory, ignored), last; entry != last; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.size() <= begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end)) continue;
    const std::string number = name.substr(begin.size(), name.size() - begin.size() - end.size());
    if (number.find_first_not_of("0123456789") == std::string::npos) found.push_back(entry->path());
  }
  return found;
}

}  // namespace

std::string file_size_text(std::uint64_t bytes) {
  std::string text = text::short_count(static_cast<double>(bytes));
  text.insert(text.size() - (std::isalpha(static_cast<unsigned char>(text.back())) != 0 ? 1 : 0), " ");
  return text + 'B';
}

FileFormat file_format(const FileOptions& options) {
  const std::string extension = fs::path(options.path).extension().string();
  const std::string format = !options.format.empty() || extension.empty() ? options.format : extension.substr(1);
  if (format == "npy") return FileFormat::npy;
  if (format == "csv") return FileFormat::csv;
  if (format == "ndjson") return FileFormat::ndjson;
  throw Error(Code::invalid_argument, {.name = options.path,
                                       .doing = "choose the format of",
                                       .expected = "a file that ends in .npy, .csv or .ndjson",
                                       .found = extension.empty() ? "no extension" : "'" + extension + "'",
                                       .remedy = "name it so, or say --format npy, csv or ndjson"});
}

RecordingWriter::RecordingWriter(FileOptions options, RecordShape record)
    : options_(std::move(options)), format_(file_format(options_)), record_(std::move(record)) {
  if (format_ != FileFormat::npy) {
    const auto format = format_ == FileFormat::csv ? schema::Format::csv : schema::Format::ndjson;
    formatter_ = schema::make_formatter(format, &*record_.schema);
  }
  if (options_.rotate) refuse_leftovers();
  file_ = open(0);
}

void RecordingWriter::refuse_leftovers() const {
  for (const fs::path& path : rotated_files(options_.path)) {
    if (!options_.force) {
      throw Error(Code::already_exists, {.name = path.string(),
                                         .doing = "rotate into",
                                         .expected = "no files of an earlier recording",
                                         .found = "one",
                                         .remedy = "name another, or replace them all: --force"});
    }
    std::error_code ignored;
    fs::remove(path, ignored);
  }
}

std::string RecordingWriter::path_of(std::uint64_t index) const {
  if (index == 0) return options_.path;
  const fs::path path(options_.path);
  return (path.parent_path() / fmt::format("{}.{}{}", path.stem().string(), index, path.extension().string())).string();
}

std::unique_ptr<RecordingFile> RecordingWriter::open(std::uint64_t index) const {
  auto file = std::make_unique<RecordingFile>(path_of(index), options_.force);
  if (format_ == FileFormat::npy) {
    if (!file->is_regular()) {
      throw Error(Code::invalid_argument, {.name = file->path(),
                                           .doing = "write .npy to",
                                           .expected = "a regular file, whose header can be written again",
                                           .found = "a pipe or a device",
                                           .remedy = "choose --format csv or ndjson"});
    }
    file->text() = npy_header(record_, 0);
  } else {
    formatter_->heading(file->text());
  }
  try {
    file->flush();  // a disk that is full already is an error now
  } catch (const Error&) {
    std::error_code ignored;
    if (file->is_regular()) fs::remove(file->path(), ignored);  // half a header is of no use
    throw;
  }
  return file;
}

bool RecordingWriter::append(std::uint64_t seq, std::span<const std::byte> record) {
  if (options_.max_bytes == std::numeric_limits<std::uint64_t>::max()) {
    encode(file_->text(), seq, record);
  } else {
    row_.clear();
    encode(row_, seq, record);
    if (file_->row_count() > 0 && file_->size_bytes() + row_.size() > options_.max_bytes) {
      if (!options_.rotate) return false;
      rotate();
    }
    file_->text() += row_;
  }
  file_->end_row();
  if (file_->text().size() >= kBlockBytes) flush();
  return true;
}

void RecordingWriter::encode(std::string& out, std::uint64_t seq, std::span<const std::byte> record) {
  if (format_ != FileFormat::npy) return formatter_->record(out, seq, record);
  out.append(reinterpret_cast<const char*>(&seq), sizeof(seq));
  out.append(reinterpret_cast<const char*>(record.data()), record.size());
}

void RecordingWriter::rotate() {
  finish();
  const auto full = std::exchange(file_, open(index_ + 1));
  saved_rows_ += full->saved_rows();
  saved_bytes_ += full->saved_bytes();
  ++index_;
  if (options_.keep_files == 0 || index_ < options_.keep_files) return;
  std::error_code failure;
  if (fs::remove(path_of(index_ - options_.keep_files), failure)) ++removed_files_;
}

// The rows first, then their number: a header never promises what is not there.
void RecordingWriter::flush() {
  const auto tell_count = [this] {
    if (format_ == FileFormat::npy) file_->overwrite_head(npy_header(record_, file_->saved_rows()));
  };
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
  file_->close();
}

std::string RecordingWriter::size_text() const {
  std::string text = fmt::format("{}, {}", file_size_text(saved_bytes()), text::counted(file_count(), "file"));
  if (file_->ends_in_row()) text += ", the last row in it cut off";
  if (removed_files_ > 0) text += fmt::format(", {} of them removed", removed_files_);
  return text;
}

}  // namespace arena_shm::recording
