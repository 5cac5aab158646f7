#include "recording/arrow/messages.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace arena_shm::recording::arrow {

namespace {

constexpr std::size_t kPrefixBytes = 8;                              // marker and length
constexpr std::uint32_t kMaxMetadataBytes = std::uint32_t{1} << 28;  // a schema's text and thousands of columns
constexpr flatbuffers::uoffset_t kMaxDepth = 128;                    // of tables in tables
constexpr std::uint64_t kMostTables = 4'000'000;
constexpr std::uint64_t kTableBytes = 8;  // at least: its own head, and the offset that leads to it
constexpr std::uint64_t kMostSharing = 4;

// The texts of a message, as often as they are there for who reads it. Offsets may lead to the same text a thousand
// times: no sound writer does that, and what is made of it would have no bound.
class TextBytes {
 public:
  void add(const flatbuffers::Vector<flatbuffers::Offset<fb::KeyValue>>* notes) {
    if (notes == nullptr) return;
    for (const fb::KeyValue* one : *notes) bytes_ += size_of(one->key()) + size_of(one->value());
  }
  // `above`: of the names in front of it, which each column's path has.
  void add(const flatbuffers::Vector<flatbuffers::Offset<fb::Field>>* fields, std::uint64_t above) {
    if (fields == nullptr) return;
    for (const fb::Field* field : *fields) {
      const std::uint64_t path = above + size_of(field->name());
      bytes_ += path;
      add(field->custom_metadata());
      add(field->children(), path);
    }
  }
  std::uint64_t count() const noexcept { return bytes_; }

 private:
  static std::uint64_t size_of(const flatbuffers::String* text) { return text == nullptr ? 0 : text->size(); }

  std::uint64_t bytes_ = 0;
};

// No larger than the message, but for a factor, is what it says.
bool is_sound(const std::vector<std::byte>& metadata) {
  const auto most_tables = static_cast<flatbuffers::uoffset_t>(std::min(metadata.size() / kTableBytes, kMostTables));
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(metadata.data()), metadata.size(), kMaxDepth,
                                 most_tables);
  if (!verifier.VerifyBuffer<fb::Message>(nullptr)) return false;
  const auto& message = *flatbuffers::GetRoot<fb::Message>(metadata.data());
  TextBytes texts;
  texts.add(message.custom_metadata());
  if (const fb::Schema* schema = message.header_as_schema()) {
    texts.add(schema->custom_metadata());
    texts.add(schema->fields(), 0);
  }
  return texts.count() <= kMostSharing * metadata.size();
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

bool MessageReader::search() {
  constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 28;  // of what only looks like metadata
  const MessageReader before = *this;
  std::uint64_t looked_at = 0;
  std::string block(kBlockBytes, '\0');
  for (std::uint64_t begin = last_ ? *last_ + 1 : at_ + 1;; begin += kBlockBytes - kPrefixBytes + 1) {
    const std::size_t got = file_.read(begin, std::as_writable_bytes(std::span(block)));
    const std::string_view there(block.data(), got);
    for (std::size_t i = there.find(kContinuation); i < got && i + kPrefixBytes <= got;
         i = there.find(kContinuation, i + 1)) {
      std::uint32_t bytes = 0;
      std::memcpy(&bytes, there.data() + i + kContinuation.size(), sizeof(bytes));
      if (bytes == 0 || bytes > kMaxMetadataBytes) continue;
      looked_at += bytes;
      if (looked_at > kMostBytes) break;
      go_to(begin + i);
      const bool is_there = next().has_value();
      go_to(begin + i);
      if (is_there) return true;
    }
    if (got < kBlockBytes || looked_at > kMostBytes) break;
  }
  at_ = before.at_;
  last_ = before.last_;
  end_ = before.end_;
  cut_rows_ = before.cut_rows_;
  return false;
}

void MessageReader::go_to(std::uint64_t position) noexcept {
  at_ = position;
  end_ = End::none;
  cut_rows_.reset();
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
  last_ = at_;
  at_ = whole.body_at + aligned(whole.body_bytes);
  return whole;
}

}  // namespace arena_shm::recording::arrow
