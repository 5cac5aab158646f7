#include "recording/mcap/record_stream.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "arena_shm/error.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording::mcap {

namespace {

constexpr std::size_t kChunkHeadBytes = 8 + 8 + 8 + 4 + 4 + 8;   // of one that is not compressed
constexpr std::uint64_t kMostLookedAt = std::uint64_t{1} << 32;  // of what only looks like chunks

// Requires: a prefix.
std::uint64_t length_in(std::string_view prefix) {
  std::uint64_t length = 0;
  std::memcpy(&length, prefix.data() + 1, sizeof(length));
  return length;
}

}  // namespace

std::optional<Record> RecordStream::next() {
  for (;;) {
    if (const auto record = next_in_chunk()) return record;
    if (end_ != End::none) return std::nullopt;
    std::array<char, kRecordPrefixBytes> prefix{};
    const std::size_t got = file_.read(at_, std::as_writable_bytes(std::span(prefix)));
    if (got == 0) return ends(End::between);
    if (kMcapMagic.starts_with(std::string_view(prefix.data(), std::min(got, kMcapMagic.size()))))
      return ends(got >= kMcapMagic.size() ? End::marked : End::inside);
    if (prefix[0] == 0) return ends(End::damaged);
    if (got < prefix.size()) return ends(End::inside);
    const std::uint64_t length = length_in({prefix.data(), prefix.size()});
    const std::uint64_t size = file_.size_bytes();
    const std::uint64_t begin = at_ + kRecordPrefixBytes;
    const bool is_whole = length <= size - std::min(size, begin);
    const auto opcode = static_cast<Opcode>(prefix[0]);
    if (!is_whole && opcode != Opcode::chunk) return ends(End::inside);
    read_content(begin, wanted_bytes(opcode, begin, std::min(length, size - std::min(size, begin))));
    if (is_whole) at_ = begin + length;
    if (!is_whole) end_ = End::inside;
    if (opcode == Opcode::chunk)
      open_chunk(begin, length);
    else if (!content_.empty())
      return Record{.opcode = opcode, .content = content_};
  }
}

void RecordStream::read_content(std::uint64_t begin, std::uint64_t bytes) {
  content_.resize(bytes);
  content_.resize(file_.read(begin, std::as_writable_bytes(std::span(content_))));
}

// What nobody asks for may be larger than memory.
std::uint64_t RecordStream::wanted_bytes(Opcode opcode, std::uint64_t begin, std::uint64_t bytes) const {
  switch (opcode) {
    case Opcode::channel:
    case Opcode::chunk:
    case Opcode::statistics: return bytes;
    case Opcode::message: break;
    default: return 0;
  }
  std::uint16_t channel = 0;
  file_.read(begin, std::as_writable_bytes(std::span(&channel, 1)));
  return !wants_ || wants_(channel) ? bytes : std::min<std::uint64_t>(bytes, kMessageHeadBytes);
}

void RecordStream::refuse_compressed(std::string_view compression) const {
  throw Error(Code::incompatible_type, {.name = file_.label(),
                                        .doing = "read",
                                        .expected = "chunks that are not compressed",
                                        .found = "compression " + text::excerpt(std::string(compression)),
                                        .remedy = "write it without compression: mcap compress --compression none"});
}

// Of one that was cut off, the messages that are whole are as they were written. A length that is damaged is known by
// those inside.
void RecordStream::open_chunk(std::uint64_t begin, std::uint64_t length) {
  bool is_whole = content_.size() == length;
  FieldReader fields(content_);
  chunk_.clear();
  chunk_at_ = 0;
  fields.take<std::uint64_t>();  // the times
  fields.take<std::uint64_t>();
  const auto size = fields.take<std::uint64_t>();
  const auto crc = fields.take<std::uint32_t>();
  const auto compression = fields.take_text();
  const auto bytes = fields.take<std::uint64_t>();
  if (!bytes) {
    damaged_chunks_ += is_whole ? 1 : 0;
    return;
  }
  const bool is_name = std::ranges::all_of(*compression, [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (!compression->empty() && is_name) refuse_compressed(*compression);
  const std::string_view records = fields.rest().substr(0, *bytes);
  const std::uint64_t own_bytes = content_.size() - fields.rest().size() + records.size();
  if (own_bytes != length && records.size() == *bytes && *crc != 0 && *crc == checksum(records)) {
    is_whole = true;
    go_to(begin + own_bytes);
  }
  const bool is_damaged = !is_name || *size != *bytes || (is_whole && records.size() != *bytes) ||
                          (is_whole && *crc != 0 && *crc != checksum(records));
  if (is_damaged)
    ++damaged_chunks_;
  else
    chunk_ = records;
}

// Is what begins here the content of a chunk, which is as it was written?
bool RecordStream::is_chunk(std::string_view head, std::uint64_t begin, std::uint64_t length) {
  FieldReader fields(head);
  const auto first = fields.take<std::uint64_t>();
  const auto last = fields.take<std::uint64_t>();
  const auto size = fields.take<std::uint64_t>();
  const auto crc = fields.take<std::uint32_t>();
  const auto compression = fields.take<std::uint32_t>();
  const auto bytes = fields.take<std::uint64_t>();
  const std::uint64_t file_bytes = file_.size_bytes();
  if (!bytes || *first > *last || *size != *bytes || *compression != 0 || length < kChunkHeadBytes ||
      *bytes != length - kChunkHeadBytes || length > file_bytes - std::min(file_bytes, begin))
    return false;
  if (*crc == 0) return true;
  looked_at_ += *bytes;
  if (looked_at_ > kMostLookedAt) return false;
  read_content(begin + kChunkHeadBytes, *bytes);
  return content_.size() == *bytes && checksum(content_) == *crc;
}

bool RecordStream::search() {
  constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
  constexpr std::size_t kHeadBytes = kRecordPrefixBytes + kChunkHeadBytes;
  std::string block(kBlockBytes, '\0');
  looked_at_ = 0;
  for (std::uint64_t begin = at_ + 1;; begin += kBlockBytes - kHeadBytes + 1) {
    const std::size_t got = file_.read(begin, std::as_writable_bytes(std::span(block)));
    const std::string_view there(block.data(), got);
    constexpr char kChunk = static_cast<char>(Opcode::chunk);
    for (std::size_t i = there.find(kChunk); i < got && i + kHeadBytes <= got; i = there.find(kChunk, i + 1)) {
      const std::string_view head = there.substr(i, kHeadBytes);
      const std::uint64_t length = length_in(head.substr(0, kRecordPrefixBytes));
      if (!is_chunk(head.substr(kRecordPrefixBytes), begin + i + kRecordPrefixBytes, length)) continue;
      go_to(begin + i);
      return true;
    }
    if (got < kBlockBytes) break;
  }
  const auto summary = find_summary();
  if (summary) go_to(*summary);
  return summary.has_value();
}

// As the footer says, if that is there.
std::optional<std::uint64_t> RecordStream::find_summary() {
  constexpr std::size_t kFooterBytes = 8 + 8 + 4;
  constexpr std::size_t kEndBytes = kRecordPrefixBytes + kFooterBytes + kMcapMagic.size();
  const std::uint64_t size = file_.size_bytes();
  if (size < kEndBytes) return std::nullopt;
  read_content(size - kEndBytes, kEndBytes);
  FieldReader fields(content_);
  const auto opcode = fields.take<std::uint8_t>();
  const auto length = fields.take<std::uint64_t>();
  const auto begin = fields.take<std::uint64_t>();
  const bool is_footer = begin && *opcode == static_cast<std::uint8_t>(Opcode::footer) && *length == kFooterBytes &&
                         content_.ends_with(kMcapMagic);
  return is_footer && *begin > at_ && *begin < size - kEndBytes ? begin : std::nullopt;
}

void RecordStream::go_to(std::uint64_t position) noexcept {
  at_ = position;
  end_ = End::none;
}

std::optional<Record> RecordStream::next_in_chunk() {
  FieldReader fields(std::string_view(chunk_).substr(chunk_at_));
  const auto opcode = fields.take<std::uint8_t>();
  const auto length = fields.take<std::uint64_t>();
  const auto content = length ? fields.take_bytes(*length) : std::nullopt;
  if (!content) {
    chunk_at_ = chunk_.size();
    return std::nullopt;
  }
  chunk_at_ = chunk_.size() - fields.rest().size();
  return Record{.opcode = static_cast<Opcode>(*opcode), .content = *content};
}

}  // namespace arena_shm::recording::mcap
