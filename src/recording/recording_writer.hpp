// Rows into files: .npy, .csv, .ndjson, .arrows or .mcap; one file, or one after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "recording/block_encoder.hpp"
#include "recording/file_format.hpp"
#include "recording/file_options.hpp"
#include "recording/npy.hpp"
#include "recording/recording_file.hpp"
#include "recording/rows_there.hpp"
#include "schema/record_formatter.hpp"

namespace arena_shm::recording {

/// "1.6 GB": in powers of 1000, as disks are sold.
std::string file_size_text(std::uint64_t bytes);

/// Rotation: file.npy, then file.1.npy, file.2.npy, ...; each begins with the row behind the last one of the file
/// before. Files of an earlier run stay as they are, and the first one is numbered behind them; or they are replaced,
/// all of them. Thread safety: none.
class RecordingWriter {
 public:
  /// Errors: as RecordingFile; Code::invalid_argument.
  RecordingWriter(FileOptions options, RecordShape record);

  /// Are there rows of an earlier run?
  bool has_rows() const noexcept { return has_rows_; }
  /// Cuts off half a row, and goes on behind what is there. Rows of what may come again, the values from `first` on,
  /// are not written again: of the last `most` rows of .npy, or any of a text. Returns: of each lane the highest number
  /// of those rows. Requires: options.goes_on, and nothing appended yet. Errors: as RowsThere.
  std::vector<std::optional<std::uint64_t>> resume(std::uint64_t most, const Position& first, std::uint64_t head);
  /// Removes the file, if it has been made here.
  void discard() noexcept { file_->remove(); }

  /// Is this row there already? Errors: as RowsThere::is_repeat.
  bool is_repeat(std::uint64_t seq, std::span<const std::byte> row);
  /// `row`: as the record's shape has it. `lost`: in front of it, for formats that tell it. Returns: false if the file
  /// is full and there is to be no other. Errors: as RecordingFile::flush.
  bool append(std::uint64_t seq, std::span<const std::byte> row, std::span<const Gap> lost = {});
  /// The same of what was lost, if nothing has come behind it yet.
  void append_lost(const Gap& gap);
  /// What follows is of another arena of the same name.
  void restart(const std::string& epoch);
  /// Makes the file tell of every row so far. Errors: as RecordingFile::flush.
  void flush();
  /// Nothing may be appended afterwards. Errors: as RecordingFile::flush.
  void finish();

  /// What is in the files for certain, over all of them.
  std::uint64_t saved_rows() const noexcept { return saved_rows_ + file_->saved_rows(); }
  std::uint64_t saved_bytes() const noexcept { return saved_bytes_ + file_->saved_bytes(); }
  /// Bytes that resume has cut off.
  std::uint64_t cut_bytes() const noexcept { return cut_bytes_; }
  std::uint64_t file_count() const noexcept { return file_count_; }
  std::uint64_t removed_file_count() const noexcept { return removed_files_; }
  /// "1.6 GB, 2 files"
  std::string size_text() const;

 private:
  Recording recording() const;
  bool is_begun(RecordingFile& file);
  void begin_rotation();
  std::string path_of(std::uint64_t index) const;
  std::unique_ptr<RecordingFile> open();
  std::unique_ptr<RecordingFile> open_next();
  void remove_old();
  void rotate();
  void encode(std::string& out, std::uint64_t seq, std::span<const std::byte> row);
  bool append_to_block(std::uint64_t seq, std::span<const std::byte> row, std::span<const Gap> lost);
  void end_block();

  FileOptions options_;
  FileFormat format_;
  RecordShape record_;
  std::unique_ptr<schema::RecordFormatter> formatter_;  // of texts
  std::unique_ptr<BlockEncoder> blocks_;                // of formats that have blocks
  std::unique_ptr<RecordingFile> file_;
  std::string row_;
  std::uint64_t index_ = 0;
  std::uint64_t file_count_ = 1;
  std::uint64_t saved_rows_ = 0;  // in files that are closed
  std::uint64_t saved_bytes_ = 0;
  std::uint64_t removed_files_ = 0;
  RowsThere there_;  // of an earlier run, in the file that is continued
  bool has_rows_ = false;
  std::uint64_t cut_bytes_ = 0;
};

}  // namespace arena_shm::recording
