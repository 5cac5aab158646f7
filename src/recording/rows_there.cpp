#include "recording/rows_there.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>
#include <utility>

#include "arena_shm/core/fnv1a.hpp"
#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"
#include "recording/npy.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording {

namespace {

constexpr std::size_t kBytesAtOnce = std::size_t{1} << 20;

[[noreturn]] void refuse(const std::string& path, Code code, std::string expected, std::string found) {
  throw Error(code, {.name = path,
                     .doing = "go on with",
                     .expected = std::move(expected),
                     .found = std::move(found),
                     .remedy = "choose another file, or replace this one with --force"});
}

// Appends what is there, up to so many bytes. Returns: false at the end of the file.
bool read_block(int file, const std::string& path, std::uint64_t at, std::size_t bytes, std::string& text) {
  const std::size_t before = text.size();
  text.resize(before + bytes);
  ssize_t got = 0;
  do {
    got = ::pread(file, text.data() + before, bytes, static_cast<off_t>(at));
  } while (got < 0 && errno == EINTR);
  if (got < 0) core::throw_errno(errno, core::Act::read_file, "read from", path);
  text.resize(before + static_cast<std::size_t>(got));
  return got > 0;
}

std::string beginning_of(int file, const std::string& path, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes && read_block(file, path, text.size(), bytes - text.size(), text)) {
  }
  return text;
}

// The heading as it would be of the number of rows that this one tells.
std::string heading_like(const std::string& found, const Recording& recording) {
  if (recording.format != FileFormat::npy || found.size() < kNpyPrefixBytes) return recording.heading;
  const auto bytes = std::as_bytes(std::span(found));
  if (npy_header_bytes(bytes.first<kNpyPrefixBytes>()) != found.size()) return recording.heading;
  return npy_header(recording.record, parse_npy_header(bytes, recording.path, false).row_count);
}

struct WrittenRow {
  std::uint64_t seq = 0;
  std::string_view record;  // without the columns beside it, and its end
};

// Behind the next comma.
std::string_view behind_cell(std::string_view text) {
  const std::size_t comma = text.find(',');
  return comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
}

std::optional<WrittenRow> parse(std::string_view row, FileFormat format, const RecordShape& record) {
  WrittenRow written;
  if (format == FileFormat::npy) {
    std::memcpy(&written.seq, row.data(), sizeof(written.seq));
    written.record = row.substr(sizeof(written.seq) + record.time_bytes());
    return written;
  }
  if (format == FileFormat::ndjson) {
    static const std::string key = fmt::format("{{\"{}\":", schema::kSeqColumn);
    if (!row.starts_with(key)) return std::nullopt;
    row.remove_prefix(key.size());
    if (row.starts_with('"')) row.remove_prefix(1);
  }
  const auto [end, error] = std::from_chars(row.data(), row.data() + row.size(), written.seq);
  if (error != std::errc{}) return std::nullopt;
  written.record = behind_cell(row);
  if (record.has_time) written.record = behind_cell(written.record);
  return written;
}

std::uint64_t digest_of(std::string_view record) { return core::fnv1a(record.data(), record.size()); }

}  // namespace

std::size_t heading_bytes(int file, const Recording& recording) {
  const std::string found = beginning_of(file, recording.path, recording.heading.size());
  if (found == heading_like(found, recording)) return found.size();
  if (recording.heading.starts_with(found)) return 0;
  refuse(recording.path, Code::incompatible_type,
         recording.format == FileFormat::npy ? "the header that these records have" : text::excerpt(recording.heading),
         text::excerpt(found));
}

RowsThere::RowsThere(int file, const Recording& recording, std::uint64_t most, const Position& first,
                     std::uint64_t head)
    : recording_(recording), newest_(first.next().size()) {
  struct stat status {};
  if (::fstat(file, &status) != 0) core::throw_errno(errno, core::Act::read_file, "read from", recording_.path);
  file_bytes_ = static_cast<std::uint64_t>(status.st_size);
  end_bytes_ = heading_bytes(file, recording_);
  if (end_bytes_ < recording_.heading.size()) return;
  if (recording_.format == FileFormat::npy) {
    const std::uint64_t row_bytes = schema::kColumnBytes + recording_.record.row_bytes();
    row_count_ = (file_bytes_ - end_bytes_) / row_bytes;
    end_bytes_ += (row_count_ - std::min(row_count_, most)) * row_bytes;
  }
  read(file, first, head);
}

void RowsThere::read(int file, const Position& first, std::uint64_t head) {
  std::string text;
  std::uint64_t at = end_bytes_;
  for (bool has_more = true; has_more;) {
    has_more = read_block(file, recording_.path, at, kBytesAtOnce, text);
    at = end_bytes_ + text.size();
    std::string_view rest = text;
    for (std::size_t end = end_of_row(rest); end != std::string_view::npos; end = end_of_row(rest)) {
      add(rest.substr(0, end), first, head);
      rest.remove_prefix(end);
    }
    end_bytes_ += text.size() - rest.size();
    text.erase(0, text.size() - rest.size());
  }
}

// A cell of .csv may have the end of a line between its quotes.
std::size_t RowsThere::end_of_row(std::string_view text) const {
  if (recording_.format == FileFormat::npy) {
    const std::size_t row_bytes = schema::kColumnBytes + recording_.record.row_bytes();
    return text.size() < row_bytes ? std::string_view::npos : row_bytes;
  }
  bool is_quoted = false;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return end;
    const std::string_view line = text.substr(at, end - at);
    if (recording_.format == FileFormat::csv && std::ranges::count(line, '"') % 2 != 0) is_quoted = !is_quoted;
    at = end + 1;
    if (!is_quoted) return at;
  }
}

void RowsThere::add(std::string_view row, const Position& first, std::uint64_t head) {
  const auto written = parse(row, recording_.format, recording_.record);
  if (!written)
    refuse(recording_.path, Code::corrupt, fmt::format("rows that begin with {}", schema::kSeqColumn),
           text::excerpt(std::string(row)));
  if (written->seq >= head)
    refuse(recording_.path, Code::incompatible_type,
           fmt::format("rows of this arena, which has handed out the numbers below {}", head),
           fmt::format("a row of {} {}: of another arena, or an earlier one of this name", schema::kSeqColumn,
                       written->seq));
  const std::size_t lane = written->seq % newest_.size();
  newest_[lane] = std::max(newest_[lane].value_or(0), written->seq);
  if (written->seq >= first.next()[lane]) repeats_[written->seq] = digest_of(written->record);
}

bool RowsThere::is_repeat(std::uint64_t seq, std::string_view row) {
  const auto there = repeats_.find(seq);
  if (there == repeats_.end()) return false;
  const auto written = parse(row, recording_.format, recording_.record);
  if (!written || digest_of(written->record) != there->second)
    refuse(recording_.path, Code::incompatible_type,
           fmt::format("the row of {} {} as it is now", schema::kSeqColumn, seq),
           "another one: it is of another arena, or was written with other options");
  repeats_.erase(there);
  return true;
}

}  // namespace arena_shm::recording
