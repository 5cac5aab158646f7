// One file that rows are appended to, in large writes of whole rows: a process that is killed leaves whole rows behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "arena_shm/core/system.hpp"

namespace arena_shm::recording {

/// What becomes of a file that is there.
enum class Existing : std::uint8_t { is_refused, is_replaced, is_continued };

/// Thread safety: none.
class RecordingFile {
 public:
  /// Creates it. Devices and pipes are written to as they are, and "-" is standard output; neither can be continued.
  /// One that is continued can be read, too, and nobody else continues it meanwhile; see continue_at.
  /// `gathers`: what is written there is gathered in a temporary file first, and written when it is closed, so that
  /// overwrite_head works.
  /// Errors: Code::already_exists, invalid_argument, obstructed, permission_denied, no_space, system.
  RecordingFile(std::string path, Existing existing, bool gathers = false);

  /// Cuts off what is behind these bytes; appends there. Requires: a file that is continued, and nothing appended yet.
  /// Errors: as flush.
  void continue_at(std::uint64_t bytes);

  /// Append here, then end_row().
  std::string& text() noexcept { return text_; }
  void end_row() { row_ends_.push_back(text_.size()); }

  /// Writes what is there. If that fails the file is cut behind its last whole row. If a stop is requested while nobody
  /// empties the pipe, what is left is dropped, and so is all that comes behind it.
  /// Errors: OutputClosed, Code::no_space, file_size_limit, system.
  void flush();
  /// Writes over what the file begins with. Errors: as flush.
  void overwrite_head(std::string_view head);
  /// Errors: as flush.
  void close();

  /// Removes what was made here. Whatever else there is stays.
  void remove() noexcept;

  const std::string& path() const noexcept { return path_; }
  int descriptor() const noexcept { return file_.get(); }
  /// Does overwrite_head work?
  bool has_head() const noexcept { return is_regular_ || target_; }
  std::uint64_t size_bytes() const noexcept { return saved_bytes_ + text_.size(); }
  std::uint64_t row_count() const noexcept { return saved_rows_ + row_ends_.size(); }
  /// Is the last row in the file not whole, because what was written of it could not be taken back?
  bool ends_in_row() const noexcept { return ends_in_row_; }
  /// What has been written.
  std::uint64_t saved_bytes() const noexcept { return saved_bytes_; }
  std::uint64_t saved_rows() const noexcept { return saved_rows_; }

 private:
  void open(Existing existing);
  void lock() const;
  void check_reader() const;
  [[noreturn]] void fail(int error) const;

  std::string path_;
  core::Descriptor file_;
  core::Descriptor target_;  // what file_ is gathered for
  bool is_regular_ = true;
  bool is_ours_ = false;
  bool ends_in_row_ = false;
  bool is_cut_off_ = false;
  std::string text_;
  std::vector<std::size_t> row_ends_;  // in text_
  std::uint64_t saved_bytes_ = 0;
  std::uint64_t saved_rows_ = 0;
};

}  // namespace arena_shm::recording
