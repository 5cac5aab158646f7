// The messages of an Arrow stream: each a marker, the length of its metadata, the metadata, and a body of buffers.
#pragma once

#include <arrow_generated.h>
#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/image.hpp"
#include "recording/row_notes.hpp"

namespace arena_shm::recording::arrow {

inline constexpr std::size_t kAlignBytes = 8;  // of messages and buffers
constexpr std::uint64_t aligned(std::uint64_t bytes) noexcept {
  return (bytes + kAlignBytes - 1) / kAlignBytes * kAlignBytes;
}

/// What every message begins with.
inline constexpr std::string_view kContinuation = "\xff\xff\xff\xff";
inline constexpr std::size_t kPrefixBytes = 8;  ///< that, and the length of the metadata

using NoteOffsets = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::KeyValue>>>;
NoteOffsets add_notes(flatbuffers::FlatBufferBuilder& builder, const Notes& notes);
Notes notes_in(const flatbuffers::Vector<flatbuffers::Offset<fb::KeyValue>>* notes);
/// Nothing, if there is none of this name; or none that is a number.
std::optional<std::string> note_in(const Notes& notes, std::string_view key);
std::optional<std::uint64_t> number_in(const Notes& notes, std::string_view key);

/// Appends a message up to its body.
void append_message(std::string& out, flatbuffers::FlatBufferBuilder& builder, fb::Header type,
                    flatbuffers::Offset<void> header, std::uint64_t body_bytes, const Notes& notes);
/// Appends the end of a stream.
void append_end(std::string& out);

/// A message that is whole.
struct WholeMessage {
  std::uint64_t at = 0;  ///< in the file
  std::vector<std::byte> metadata;
  std::uint64_t body_at = 0;  ///< in the file
  std::uint64_t body_bytes = 0;

  const fb::Message& message() const { return *flatbuffers::GetRoot<fb::Message>(metadata.data()); }
};

/// Do its lengths and places agree with one another, as those of our batches and dictionaries do? Where one was altered
/// the values would be others.
bool is_as_written(const WholeMessage& message);

/// Reads messages, one after the other, from a file that is not trusted. Thread safety: none.
class MessageReader {
 public:
  enum class End : std::uint8_t {
    none,     ///< there are more
    marked,   ///< the stream says so
    between,  ///< behind a whole message
    inside,   ///< in the middle of one
    damaged,  ///< what is there is no message
  };

  /// Requires: the file stays there.
  explicit MessageReader(const inspect::Image& file) noexcept : file_(file) {}

  std::optional<WholeMessage> next();
  /// Goes on there.
  void go_to(std::uint64_t position) noexcept;
  /// What is there is no message.
  void give_up(std::uint64_t position) noexcept;
  /// Does another message begin at position(), or does the file end there?
  bool is_at_message() const;
  /// Why there is no next one.
  End end() const noexcept { return end_; }
  /// Behind the last whole one.
  std::uint64_t position() const noexcept { return at_; }
  /// Of a batch whose metadata is whole, but not its body.
  std::optional<std::uint64_t> cut_rows() const noexcept { return cut_rows_; }

 private:
  std::nullopt_t ends(End end) noexcept {
    end_ = end;
    return std::nullopt;
  }

  const inspect::Image& file_;
  std::uint64_t at_ = 0;
  End end_ = End::none;
  std::optional<std::uint64_t> cut_rows_;
};

}  // namespace arena_shm::recording::arrow
