// Standard input, or a file, line by line.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "recording/attendant.hpp"
#include "schema/record_input.hpp"

namespace arena_shm::recording {

/// Comes to an end also when a stop is requested. A line comes as soon as it is there. Lines end with '\n'; with '\r',
/// too, if the first one does. A byte-order mark in front of all is no part of the first.
/// Thread safety: none.
class LineReader {
 public:
  /// Lines longer than `max_line_bytes` are cut, and say so. Requires: the descriptor stays open. `begin` is what has
  /// been read from it already.
  LineReader(std::size_t max_line_bytes, const Attendant& attendant, int fd = STDIN_FILENO, std::string begin = {})
      : max_line_bytes_(max_line_bytes), attendant_(attendant), fd_(fd), buffer_(std::move(begin)) {}

  /// From the next line on.
  void set_max_line_bytes(std::size_t bytes) noexcept { max_line_bytes_ = bytes; }
  /// The next line without its end; nothing at the end. Errors: Code::system.
  std::optional<schema::Line> next();
  /// The same line once more at the next call.
  void put_back(schema::Line line) { put_back_ = std::move(line); }

 private:
  bool fill();
  void look_at_begin();

  std::size_t max_line_bytes_;
  const Attendant& attendant_;
  int fd_;
  std::string buffer_;
  std::size_t at_ = 0;  // what is before has been used
  bool ended_ = false;
  std::uint64_t number_ = 0;
  bool has_begun_ = false;
  const char* ends_ = "\n";  // any of these ends a line
  std::optional<schema::Line> put_back_;
};

/// Standard input, piece by piece. Thread safety: none.
class PieceReader {
 public:
  explicit PieceReader(const Attendant& attendant) : attendant_(attendant) {}

  /// Reads until the span is full, the input ends or a stop is requested: then fewer bytes. What is there already is
  /// read in blocks, but nobody waits for the rest of a block. Returns: how many. Errors: Code::system.
  std::size_t read(std::span<std::byte> target);

 private:
  static constexpr std::size_t kBlockBytes = 1 << 16;

  const Attendant& attendant_;
  std::vector<std::byte> block_ = std::vector<std::byte>(kBlockBytes);
  std::span<const std::byte> rest_;  // of the block: has not been given yet
};

}  // namespace arena_shm::recording
