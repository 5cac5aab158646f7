// Where a follower has come to, kept in a file from one run to the next.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "recording/attendant.hpp"

namespace arena_shm::recording {

/// One line, "EPOCH SEQ": the epoch is the arena's, for an arena that was made anew begins at 0 again.
class CursorFile {
 public:
  CursorFile(std::string path, const std::array<std::uint8_t, 16>& epoch);

  /// Nothing if there is no such file, or if it is of another arena, which is said.
  /// Errors: Code::system, invalid_argument if it holds something else.
  std::optional<std::uint64_t> load(Attendant& attendant) const;
  /// Replaces it as a whole, so that a reader or a crash never finds half of it. Errors: Code::system.
  void store(std::uint64_t seq);

 private:
  std::string path_;
  std::string epoch_;
  std::optional<std::uint64_t> stored_;
};

}  // namespace arena_shm::recording
