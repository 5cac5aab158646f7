#include "recording/mcap/file_index.hpp"

#include <algorithm>

#include "recording/mcap/channels.hpp"
#include "recording/mcap/records.hpp"

namespace arena_shm::recording::mcap {

namespace {

constexpr std::size_t kEntryBytes = 16;
constexpr std::size_t kRecordsBytes = 1024;  // of a chunk's index and the summary, besides lists

// Channels are numbered from 1.
constexpr std::size_t place_of_channel(std::uint16_t channel) { return channel - std::size_t{1}; }

// Groups of records in the summary, and where each begins.
class SummaryGroups {
 public:
  explicit SummaryGroups(std::uint64_t position) : position_(position) {}

  void add(Opcode opcode, std::string_view records) {
    if (records.empty()) return;
    std::string offset;
    put(offset, static_cast<std::uint8_t>(opcode));
    put(offset, position_ + text.size());
    put(offset, static_cast<std::uint64_t>(records.size()));
    put_record(offsets, Opcode::summary_offset, offset);
    text += records;
  }

  std::string text;
  std::string offsets;

 private:
  std::uint64_t position_;
};

}  // namespace

void TimeSpan::add(const TimeSpan& other) {
  first = std::min(first, other.first);
  last = std::max(last, other.last);
}

void TimeSpan::put_in(std::string& out) const {
  put(out, first > last ? std::uint64_t{0} : first);
  put(out, last);
}

void FileIndex::add(std::uint16_t channel, std::uint64_t time, std::uint64_t offset) {
  entries_[place_of_channel(channel)].emplace_back(time, offset);
  chunk_span_.add({.first = time, .last = time});
}

void FileIndex::end_chunk(std::string& out, const ChunkPlace& chunk) {
  const std::size_t begin = out.size();
  std::string places;
  for (const std::uint16_t channel : {kRowChannel, kEventChannel}) {
    auto& entries = entries_[place_of_channel(channel)];
    if (entries.empty()) continue;
    put(places, channel);
    put(places, chunk.position + chunk.bytes + (out.size() - begin));
    std::string index;
    put(index, channel);
    put(index, static_cast<std::uint32_t>(entries.size() * kEntryBytes));
    for (const auto& [time, offset] : entries) {
      put(index, time);
      put(index, offset);
    }
    put_record(out, Opcode::message_index, index);
    counts_[place_of_channel(channel)] += entries.size();
    entries.clear();
  }
  std::string content;
  chunk_span_.put_in(content);
  put(content, chunk.position);
  put(content, chunk.bytes);
  put_text(content, places);
  put(content, static_cast<std::uint64_t>(out.size() - begin));
  put_text(content, "");  // not compressed
  put(content, chunk.records_bytes);
  put(content, chunk.records_bytes);
  put_record(chunk_indices_, Opcode::chunk_index, content);
  ++chunk_count_;
  span_.add(std::exchange(chunk_span_, {}));
}

void FileIndex::put_summary(std::string& out, std::uint64_t position, std::string_view channels) const {
  SummaryGroups groups(position);
  groups.add(Opcode::schema, records_of(channels, Opcode::schema));
  groups.add(Opcode::channel, records_of(channels, Opcode::channel));
  groups.add(Opcode::statistics, statistics());
  groups.add(Opcode::chunk_index, chunk_indices_);
  std::string summary = groups.text + groups.offsets;
  put(summary, static_cast<std::uint8_t>(Opcode::footer));
  put(summary, kFooterBytes);
  put(summary, position);
  put(summary, position + groups.text.size());
  put(summary, checksum(summary));
  out += summary;
}

std::uint64_t FileIndex::most_bytes_with(std::uint64_t messages) const {
  return kEntryBytes * (entries_[0].size() + entries_[1].size() + messages) + chunk_indices_.size() + kRecordsBytes;
}

std::string FileIndex::statistics() const {
  std::string counts;
  for (const std::uint16_t channel : {kRowChannel, kEventChannel}) {
    put(counts, channel);
    put(counts, counts_[place_of_channel(channel)]);
  }
  std::string content;
  put(content, counts_[0] + counts_[1]);
  put(content, std::uint16_t{2});  // schemas
  put(content, std::uint32_t{2});  // channels
  put(content, std::uint32_t{0});  // attachments
  put(content, std::uint32_t{0});  // metadata
  put(content, chunk_count_);
  span_.put_in(content);
  put_text(content, counts);
  std::string record;
  put_record(record, Opcode::statistics, content);
  return record;
}

}  // namespace arena_shm::recording::mcap
