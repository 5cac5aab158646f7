#include "recording/arrow/messages.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "core/text_numbers.hpp"

namespace arena_shm::recording::arrow {

namespace {

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

std::optional<std::string> note_in(const Notes& notes, std::string_view key) {
  const auto found = std::ranges::find(notes, key, &Notes::value_type::first);
  return found == notes.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint64_t> number_in(const Notes& notes, std::string_view key) {
  return core::leading_number(note_in(notes, key).value_or(""));
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

// The encoder begins the metadata with the nodes of the columns, which thereby are at its end, and lays the buffers one
// behind the other.
bool is_as_written(const WholeMessage& whole) {
  const fb::Message& message = whole.message();
  const fb::DictionaryBatch* dictionary = message.header_as_dictionary_batch();
  const fb::RecordBatch* batch = dictionary != nullptr ? dictionary->data() : message.header_as_record_batch();
  if (batch == nullptr || batch->nodes() == nullptr || batch->buffers() == nullptr) return false;
  const auto* end = reinterpret_cast<const std::byte*>(batch->nodes()->Data()) +
                    std::size_t{batch->nodes()->size()} * sizeof(fb::FieldNode);
  if (aligned(static_cast<std::uint64_t>(end - whole.metadata.data())) != whole.metadata.size()) return false;
  std::uint64_t at = 0;
  for (const fb::Buffer* buffer : *batch->buffers()) {
    const auto bytes = static_cast<std::uint64_t>(buffer->length());
    if (static_cast<std::uint64_t>(buffer->offset()) != at || bytes > whole.body_bytes) return false;
    at += aligned(bytes);
    if (at > whole.body_bytes) return false;
  }
  return at == whole.body_bytes;
}

void MessageReader::go_to(std::uint64_t position) noexcept {
  at_ = position;
  end_ = End::none;
  cut_rows_.reset();
}

void MessageReader::give_up(std::uint64_t position) noexcept {
  go_to(position);
  end_ = End::damaged;
}

bool MessageReader::is_at_message() const {
  std::array<char, 4> marker{};
  const std::size_t got = file_.read(at_, std::as_writable_bytes(std::span(marker)));
  return kContinuation.starts_with(std::string_view(marker.data(), got));
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
  whole.at = at_;
  at_ = whole.body_at + aligned(whole.body_bytes);
  return whole;
}

}  // namespace arena_shm::recording::arrow
