#include "recording/mcap/record_stream.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "arena_shm/error.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording::mcap {

namespace {

std::uint64_t length_in(std::span<const char, kRecordPrefixBytes> prefix) {
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
    const std::uint64_t length = length_in(prefix);
    const std::uint64_t size = file_.size_bytes();
    const std::uint64_t begin = at_ + kRecordPrefixBytes;
    content_.resize(std::min(length, size - std::min(size, begin)));
    content_.resize(file_.read(begin, std::as_writable_bytes(std::span(content_))));
    const bool is_whole = content_.size() == length;
    const auto opcode = static_cast<Opcode>(prefix[0]);
    if (is_whole) at_ = begin + length;
    if (!is_whole) end_ = End::inside;
    if (opcode == Opcode::chunk)
      open_chunk(is_whole);
    else if (is_whole)
      return Record{.opcode = opcode, .content = content_};
  }
}

void RecordStream::refuse_compressed(std::string_view compression) const {
  throw Error(Code::incompatible_type, {.name = file_.label(),
                                        .doing = "read",
                                        .expected = "chunks that are not compressed",
                                        .found = "compression " + text::excerpt(std::string(compression)),
                                        .remedy = "write it without compression: mcap compress --compression none"});
}

// Of one that was cut off, the messages that are whole are as they were written.
void RecordStream::open_chunk(bool is_whole) {
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
  if (!compression->empty()) refuse_compressed(*compression);
  const std::string_view records = fields.rest().substr(0, *bytes);
  const bool is_damaged =
      *size != *bytes || (is_whole && records.size() != *bytes) || (is_whole && *crc != 0 && *crc != checksum(records));
  if (is_damaged)
    ++damaged_chunks_;
  else
    chunk_ = records;
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
