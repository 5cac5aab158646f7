#include "recording/arrow/messages.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace arena_shm::recording::arrow {

namespace {

constexpr std::size_t kPrefixBytes = 8;                              // marker and length
constexpr std::uint32_t kMaxMetadataBytes = std::uint32_t{1} << 28;  // a schema's text and thousands of columns
constexpr flatbuffers::uoffset_t kMaxDepth = 128;                    // of tables in tables
constexpr flatbuffers::uoffset_t kMaxTables = 4'000'000;

bool is_sound(const std::vector<std::byte>& metadata) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(metadata.data()), metadata.size(), kMaxDepth,
                                 kMaxTables);
  return verifier.VerifyBuffer<fb::Message>(nullptr);
}

}  // namespace

NoteOffsets add_notes(flatbuffers::FlatBufferBuilder& builder, const Notes& notes) {
  std::vector<flatbuffers::Offset<fb::KeyValue>> all;
  for (const auto& [key, value] : notes) {
    const auto key_offset = builder.CreateString(key);
    all.push_back(fb::CreateKeyValue(builder, key_offset, builder.CreateString(value)));
  }
  return builder.CreateVector(all);
}

Notes notes_in(const flatbuffers::Vector<flatbuffers::Offset<fb::KeyValue>>* notes) {
  Notes all;
  if (notes == nullptr) return all;
  for (const fb::KeyValue* one : *notes) {
    if (one->key() != nullptr && one->value() != nullptr) all.emplace_back(one->key()->str(), one->value()->str());
  }
  return all;
}

void append_message(std::string& out, flatbuffers::FlatBufferBuilder& builder, fb::Header type,
                    flatbuffers::Offset<void> header, std::uint64_t body_bytes, const Notes& notes) {
  const NoteOffsets note_offsets = notes.empty() ? NoteOffsets{} : add_notes(builder, notes);
  builder.Finish(
      fb::CreateMessage(builder, fb::Version::v5, type, header, static_cast<std::int64_t>(body_bytes), note_offsets));
  const auto bytes = static_cast<std::uint32_t>(aligned(builder.GetSize()));
  out += kContinuation;
  out.append(reinterpret_cast<const char*>(&bytes), sizeof(bytes));
  out.append(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  out.append(bytes - builder.GetSize(), '\0');
}

void append_end(std::string& out) {
  out += kContinuation;
  out.append(sizeof(std::uint32_t), '\0');
}

std::optional<WholeMessage> MessageReader::next() {
  if (end_ != End::none) return std::nullopt;
  std::array<std::uint32_t, 2> prefix{};
  const std::size_t got = file_.read(at_, std::as_writable_bytes(std::span(prefix)));
  if (got == 0) return ends(End::between);
  const auto [marker, bytes] = prefix;
  if (got >= sizeof(marker) && marker != ~std::uint32_t{0}) return ends(End::damaged);
  if (got < kPrefixBytes) return ends(End::inside);
  if (bytes == 0) return ends(End::marked);
  if (bytes > kMaxMetadataBytes) return ends(End::damaged);
  WholeMessage whole;
  const std::uint64_t size = file_.size_bytes();
  if (size - std::min(size, at_ + kPrefixBytes) < bytes) return ends(End::inside);
  whole.metadata.resize(bytes);
  if (file_.read(at_ + kPrefixBytes, whole.metadata) != bytes) return ends(End::inside);
  if (!is_sound(whole.metadata)) return ends(End::damaged);
  const fb::Message& message = whole.message();
  if (message.header() == nullptr || message.body_length() < 0) return ends(End::damaged);
  whole.body_at = at_ + kPrefixBytes + bytes;
  whole.body_bytes = static_cast<std::uint64_t>(message.body_length());
  if (whole.body_bytes > size - std::min(size, whole.body_at)) {
    if (const fb::RecordBatch* batch = message.header_as_record_batch())
      cut_rows_ = static_cast<std::uint64_t>(std::max<std::int64_t>(batch->length(), 0));
    return ends(End::inside);
  }
  at_ = whole.body_at + aligned(whole.body_bytes);
  return whole;
}

}  // namespace arena_shm::recording::arrow
