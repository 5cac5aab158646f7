#include "recording/arrow/recovery.hpp"

#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "recording/arrow/arrow_notes.hpp"
#include "recording/arrow/messages.hpp"

namespace arena_shm::recording::arrow {

namespace {

constexpr std::size_t kCandidateBytes = kPrefixBytes + 4;  // and where the metadata's first table is
constexpr std::uint64_t kReadBytes = 4096;  // so many cost as much as reading one message costs besides its own
constexpr std::uint64_t kMostReadBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostReadings = 8;  // of the file

class Chains {
 public:
  Chains(const inspect::Image& file, const RestOfStream& wanted)
      : file_(file), wanted_(wanted), left_(kMostReadBytes + kMostReadings * file.size_bytes()) {}

  bool is_given_up() const noexcept { return left_ == 0; }
  bool lead_to_end(std::uint64_t begin) {
    MessageReader messages(file_);
    messages.go_to(begin);
    std::uint64_t next_row = wanted_.next_row;
    for (bool is_first = true; !is_given_up(); is_first = false) {
      const std::uint64_t at = messages.position();
      if (!seen_.insert(at).second) return false;
      const auto message = messages.next();
      if (!message) return !is_first && is_end(messages);
      const std::uint64_t cost = kReadBytes + message->metadata.size();
      left_ -= cost < left_ ? cost : left_;
      if (is_first && wanted_.is_as_written && !is_as_written(*message)) return false;
      if (message->message().header_as_dictionary_batch() != nullptr) continue;
      const fb::RecordBatch* batch = message->message().header_as_record_batch();
      if (batch == nullptr || batch->length() < 0) return false;
      const auto first = number_in(notes_in(message->message().custom_metadata()), kFirstRowNote);
      if (!first && is_first && wanted_.is_as_written) return false;
      if (!first) continue;
      const auto rows = static_cast<std::uint64_t>(batch->length());
      if (*first < next_row || *first > std::numeric_limits<std::uint64_t>::max() - rows) {
        if (!is_first) seen_.erase(at);  // what leads here is wrong, perhaps
        return false;
      }
      next_row = *first + rows;
    }
    return false;
  }

 private:
  bool is_end(const MessageReader& messages) const {
    const std::uint64_t size = file_.size_bytes();
    return messages.end() == MessageReader::End::between ||
           (messages.end() == MessageReader::End::marked && messages.position() + kPrefixBytes == size);
  }

  const inspect::Image& file_;
  const RestOfStream& wanted_;
  std::uint64_t left_;  // to be read
  std::unordered_set<std::uint64_t> seen_;
};

// Cheap; most of what only looks like a message is not one.
bool may_be_message(std::string_view head, std::uint64_t bytes_behind) {
  std::uint32_t bytes = 0;
  std::uint32_t first_table = 0;
  std::memcpy(&bytes, head.data() + kContinuation.size(), sizeof(bytes));
  std::memcpy(&first_table, head.data() + kPrefixBytes, sizeof(first_table));
  return bytes % kAlignBytes == 0 && bytes <= bytes_behind && first_table < bytes;
}

}  // namespace

std::optional<std::uint64_t> find_rest(const inspect::Image& file, const RestOfStream& wanted) {
  constexpr std::size_t kFirstBytes = std::size_t{1} << 14;  // it may be near
  constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
  const std::uint64_t size = file.size_bytes();
  Chains chains(file, wanted);
  std::string block(kFirstBytes, '\0');
  for (std::uint64_t begin = wanted.from;;) {
    const std::size_t got = file.read(begin, std::as_writable_bytes(std::span(block)));
    const std::string_view there(block.data(), got);
    for (std::size_t i = there.find(kContinuation); i < got && i + kCandidateBytes <= got;
         i = there.find(kContinuation, i + 1)) {
      const std::uint64_t metadata = begin + i + kPrefixBytes;
      if (metadata > size || !may_be_message(there.substr(i), size - metadata)) continue;
      if (chains.lead_to_end(begin + i)) return begin + i;
      if (chains.is_given_up()) return std::nullopt;
    }
    if (got < block.size()) return std::nullopt;
    begin += block.size() - kCandidateBytes + 1;
    block.resize(kBlockBytes);
  }
}

}  // namespace arena_shm::recording::arrow
