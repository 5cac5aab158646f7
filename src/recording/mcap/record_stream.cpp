#include "recording/mcap/record_stream.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "arena_shm/error.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording::mcap {

namespace {

constexpr std::size_t kChunkHeadBytes = 8 + 8 + 8 + 4 + 4 + 8;  // of one that is not compressed
constexpr char kFirstReserved = 0x10;                           // opcodes that are not there yet
constexpr char kLastReserved = 0x7f;
constexpr std::size_t kMostCompressionBytes = 32;  // "zstd"
constexpr std::uint64_t kMostSpent = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostReadings = 8;  // of the file

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
    if (prefix[0] == 0 || (prefix[0] >= kFirstReserved && prefix[0] <= kLastReserved)) return ends(End::damaged);
    if (got < prefix.size()) return ends(End::inside);
    const std::uint64_t length = length_in({prefix.data(), prefix.size()});
    const std::uint64_t size = file_.size_bytes();
    const std::uint64_t begin = at_ + kRecordPrefixBytes;
    const bool is_whole = length <= size - std::min(size, begin);
    const auto opcode = static_cast<Opcode>(prefix[0]);
    if (!is_whole && opcode != Opcode::chunk) return ends(End::inside);
    if (opcode == Opcode::message_index && !is_index_of(begin, length)) return ends(End::damaged);
    if (is_whole) at_ = begin + length;
    if (!is_whole) end_ = End::inside;
    if (opcode == Opcode::chunk) {
      open_chunk(begin, length);
      continue;
    }
    read_content(begin, wanted_bytes(opcode, begin, length));
    if (!content_.empty()) return Record{.opcode = opcode, .content = content_};
  }
}

// Its list says its size, too: a length that is damaged would lead over chunks.
bool RecordStream::is_index_of(std::uint64_t begin, std::uint64_t length) const {
  constexpr std::size_t kHeadBytes = 2 + 4;  // the channel, and the size of the list
  std::string head(kHeadBytes, '\0');
  if (file_.read(begin, std::as_writable_bytes(std::span(head))) != head.size()) return false;
  FieldReader fields(head);
  fields.take<std::uint16_t>();
  return fields.take<std::uint32_t>().value_or(0) + std::uint64_t{kHeadBytes} == length;
}

void RecordStream::read_content(std::uint64_t begin, std::uint64_t bytes) {
  content_.resize(bytes);
  content_.resize(file_.read(begin, std::as_writable_bytes(std::span(content_))));
}

// What nobody asks for may be larger than memory.
std::uint64_t RecordStream::wanted_bytes(Opcode opcode, std::uint64_t begin, std::uint64_t bytes) const {
  switch (opcode) {
    case Opcode::channel:
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

// What its head says of its size is read, and no more. If all of that is there the checksum decides, whatever the
// length says; of one that was cut off, the messages that are whole are as they were written.
void RecordStream::open_chunk(std::uint64_t begin, std::uint64_t length) {
  const std::uint64_t size_bytes = file_.size_bytes();
  const bool is_whole = end_ == End::none;
  chunk_.clear();
  chunk_at_ = 0;
  read_content(begin, std::min<std::uint64_t>(kChunkHeadBytes + kMostCompressionBytes, size_bytes - begin));
  FieldReader fields(content_);
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
  if (*compression == "lz4" || *compression == "zstd") refuse_compressed(*compression);
  const std::uint64_t head_bytes = content_.size() - fields.rest().size();
  const bool says_itself = compression->empty() && *size == *bytes;
  const bool is_there = *bytes <= size_bytes - std::min(size_bytes, begin + head_bytes);
  if (says_itself) read_content(begin + head_bytes, is_there ? *bytes : size_bytes - begin - head_bytes);
  const bool is_known = *crc != 0 && is_there && says_itself && *crc == checksum(content_);
  const bool is_of_length = length >= head_bytes && length - head_bytes == *bytes;
  if (!says_itself || (!is_known && (!is_of_length || (*crc != 0 && is_there)))) {
    ++damaged_chunks_;
    return;
  }
  chunk_.swap(content_);
  last_ = begin + head_bytes + chunk_.size();
  if (!is_of_length) go_to(last_);
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
  if (*crc == 0 || !spend(*bytes)) return false;
  read_content(begin + kChunkHeadBytes, *bytes);
  return content_.size() == *bytes && checksum(content_) == *crc;
}

bool RecordStream::spend(std::uint64_t bytes) noexcept {
  const std::uint64_t most = kMostSpent + kMostReadings * file_.size_bytes();
  spent_ += std::min(bytes, most - spent_);
  return spent_ < most;
}

bool RecordStream::search() {
  constexpr std::size_t kFirstBytes = std::size_t{1} << 14;  // the next one may be near
  constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
  constexpr std::size_t kHeadBytes = kRecordPrefixBytes + kChunkHeadBytes;
  std::string block(kFirstBytes, '\0');
  for (std::uint64_t begin = last_; spend(block.size());) {
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
    if (got < block.size()) break;
    begin += block.size() - kHeadBytes + 1;
    block.resize(kBlockBytes);
  }
  const auto summary = find_summary();
  if (summary) go_to(*summary);
  return summary.has_value();
}

// As the footer says, if that is there.
std::optional<std::uint64_t> RecordStream::find_summary() {
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
