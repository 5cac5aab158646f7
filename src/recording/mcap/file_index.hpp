// Where the messages of an MCAP file are: behind each chunk for that chunk, and in the summary for all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace arena_shm::recording::mcap {

/// From the earliest to the latest of some times.
struct TimeSpan {
  std::uint64_t first = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t last = 0;
  void add(const TimeSpan& other);
  /// Both as a record has them; 0 if there are none.
  void put_in(std::string& out) const;
};

/// A chunk that is written: where it begins in the file, how long its record is, and what is in it.
struct ChunkPlace {
  std::uint64_t position = 0;
  std::uint64_t bytes = 0;
  std::uint64_t records_bytes = 0;
};

/// Of a file with the two channels of channels.hpp. Thread safety: none.
class FileIndex {
 public:
  /// Takes note of a message at this place in the chunk.
  void add(std::uint16_t channel, std::uint64_t time, std::uint64_t offset);
  /// Of the messages in the chunk.
  const TimeSpan& span() const noexcept { return chunk_span_; }
  /// Appends the index of the chunk, which is what is in front of it. A new one begins.
  void end_chunk(std::string& out, const ChunkPlace& chunk);
  /// Appends the summary and the footer. `position`: where they begin; `channels`: the records of all.
  void put_summary(std::string& out, std::uint64_t position, std::string_view channels) const;
  /// No more would be appended if so many messages came, and the file ended behind them; the channels apart.
  std::uint64_t most_bytes_with(std::uint64_t messages) const;

 private:
  std::string statistics() const;

  TimeSpan chunk_span_;
  std::array<std::vector<std::pair<std::uint64_t, std::uint64_t>>, 2> entries_;  // of the chunk: time and place
  TimeSpan span_;
  std::array<std::uint64_t, 2> counts_{};
  std::string chunk_indices_;
  std::uint32_t chunk_count_ = 0;
};

}  // namespace arena_shm::recording::mcap
