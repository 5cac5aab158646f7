// The records of an MCAP file one after the other, those in chunks among them; of one that was cut off, what is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "inspect/image.hpp"
#include "recording/mcap/records.hpp"

namespace arena_shm::recording::mcap {

struct Record {
  Opcode opcode;
  std::string_view content;  ///< until the next one
};

/// From a file that is not trusted. Thread safety: none.
class RecordStream {
 public:
  enum class End : std::uint8_t {
    none,     ///< there are more
    marked,   ///< the file says so: behind its summary
    between,  ///< behind a whole record
    inside,   ///< in the middle of one
    damaged,  ///< what is there is no record
  };

  /// Requires: the file stays there, and begins with the magic.
  explicit RecordStream(const inspect::Image& file) : file_(file), at_(kMcapMagic.size()), last_(at_) {}

  /// Of messages of other channels only the heads are read; of records that are neither messages nor channels nor
  /// statistics nothing is told. Without this, all channels are wanted.
  void want_messages_of(std::function<bool(std::uint16_t channel)> wants) { wants_ = std::move(wants); }
  /// Errors: Code::incompatible_type, if a chunk is compressed.
  std::optional<Record> next();
  /// Behind damage, goes on with the next chunk that is as it was written, as its checksum says, else with the summary.
  /// Returns: is there one of them? If not, all is as it was. Requires: end() != none. Cost: reads up to all of the
  /// file; all searches together, some times as much at most, then there is none.
  bool search();
  /// Why there is no next one.
  End end() const noexcept { return end_; }
  std::uint64_t position() const noexcept { return at_; }
  /// Chunks that were left out, because they are not as they were written.
  std::uint64_t damaged_chunks() const noexcept { return damaged_chunks_; }

 private:
  std::nullopt_t ends(End end) noexcept {
    end_ = end;
    return std::nullopt;
  }
  std::optional<Record> next_in_chunk();
  void read_content(std::uint64_t begin, std::uint64_t bytes);
  std::uint64_t wanted_bytes(Opcode opcode, std::uint64_t begin, std::uint64_t bytes) const;
  void open_chunk(std::uint64_t begin, std::uint64_t length);
  bool is_chunk(std::string_view head, std::uint64_t begin, std::uint64_t length);
  bool is_index_of(std::uint64_t begin, std::uint64_t length) const;
  bool spend(std::uint64_t bytes) noexcept;
  std::optional<std::uint64_t> find_summary();
  void go_to(std::uint64_t position) noexcept;
  void refuse_compressed(std::string_view compression) const;

  const inspect::Image& file_;
  std::uint64_t at_;
  std::function<bool(std::uint16_t)> wants_;
  std::string content_;
  std::string chunk_;
  std::size_t chunk_at_ = 0;
  std::uint64_t damaged_chunks_ = 0;
  std::uint64_t last_;       // behind the last chunk that was taken: lengths of what follows may be wrong
  std::uint64_t spent_ = 0;  // bytes that searches have read
  End end_ = End::none;
};

}  // namespace arena_shm::recording::mcap
