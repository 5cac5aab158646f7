// The rows of a recording that is gone on with: where they end, and which of them may come once more.
//
// A recorder that is killed leaves rows behind that it has not released: its consumer gets their values again. A value
// is a repeat if the file has a row of its number; that row has to be the same, else the file is another arena's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "arena_shm/options.hpp"
#include "recording/file_format.hpp"
#include "recording/row.hpp"

namespace arena_shm::recording {

/// What is looked for. It is read as it is: nothing of it is trusted.
struct Recording {
  std::string path;
  FileFormat format = FileFormat::npy;
  RecordShape record{};
  std::string heading{};  ///< of a file without rows
};

/// How much of the file is its heading: all of `heading`, with any number of rows in it; or 0, if a crash has left no
/// more than a part of that. Errors: Code::incompatible_type, if it begins with anything else; system.
std::size_t heading_bytes(int file, const Recording& recording);

/// Thread safety: none.
class RowsThere {
 public:
  /// Nothing is there.
  RowsThere() = default;
  /// Reads them, behind the heading: of .npy the last `most` rows, of texts all. Those that are not before `first` may
  /// come again; none may be from `head` on. Errors: Code::incompatible_type, corrupt, system.
  RowsThere(int file, const Recording& recording, std::uint64_t most, const Position& first, std::uint64_t head);

  /// The end of the last row that is whole, and of the file.
  std::uint64_t end_bytes() const noexcept { return end_bytes_; }
  std::uint64_t file_bytes() const noexcept { return file_bytes_; }
  /// Of .npy.
  std::uint64_t row_count() const noexcept { return row_count_; }
  /// Of each lane, of the rows that were read, the highest number.
  const std::vector<std::optional<std::uint64_t>>& newest() const noexcept { return newest_; }

  /// May any row come again?
  bool empty() const noexcept { return repeats_.empty(); }
  /// Is this row, as it would be written, there already? Errors: Code::incompatible_type, if another one is.
  bool is_repeat(std::uint64_t seq, std::string_view row);

 private:
  std::size_t end_of_row(std::string_view text) const;
  void read(int file, const Position& first, std::uint64_t head);
  void add(std::string_view row, const Position& first, std::uint64_t head);

  Recording recording_{};
  std::uint64_t end_bytes_ = 0;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t row_count_ = 0;
  std::vector<std::optional<std::uint64_t>> newest_;
  std::unordered_map<std::uint64_t, std::uint64_t> repeats_;  // by number, the digest of the record
};

}  // namespace arena_shm::recording
