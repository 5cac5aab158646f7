// Rows as blocks of many, of formats that describe themselves: a reader sees a whole block, or none of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "arena_shm/options.hpp"
#include "recording/row.hpp"

namespace arena_shm::recording {

/// Appends to a text what a file consists of; knows how much that has been. Thread safety: none.
class BlockEncoder {
 public:
  virtual ~BlockEncoder() = default;

  /// What a file begins with. To be called first, for each file.
  virtual void begin(std::string& out) = 0;
  /// Takes a row into the block, as the record's shape has it, and what was lost in front of it.
  virtual void add(std::uint64_t seq, std::span<const std::byte> row, std::span<const Gap> lost) = 0;
  /// The same of what was lost, if nothing has come behind it yet.
  virtual void add_lost(const Gap& gap) = 0;
  /// The rows that follow are of another arena of the same name. Requires: an empty block.
  virtual void restart(const std::string& epoch) = 0;

  /// Of the block.
  virtual std::uint64_t row_count() const noexcept = 0;
  /// Is it time to end it?
  virtual bool is_full() const noexcept = 0;
  /// No more would be appended if the block took this row, too, and the file ended behind it.
  virtual std::uint64_t most_bytes_with(std::span<const std::byte> row, std::span<const Gap> lost) = 0;

  /// Ends the block, if there is anything in it.
  virtual void end_block(std::string& out) = 0;
  /// Ends the block and the file.
  virtual void finish(std::string& out) = 0;
};

/// Arrow's IPC stream: arrow/.
std::unique_ptr<BlockEncoder> arrow_encoder(const RecordShape& record);
/// MCAP: mcap/. Requires: a schema.
std::unique_ptr<BlockEncoder> mcap_encoder(const RecordShape& record, bool quote_int64);

}  // namespace arena_shm::recording
