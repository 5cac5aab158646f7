// Where a follower has come to, kept in a file from one run to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"
#include "recording/attendant.hpp"

namespace arena_shm::recording {

/// One line, "EPOCH SEQ", with a sequence number for each lane: the next one that is wanted of it. The epoch is the
/// arena's, for an arena that was made anew begins at 0 again.
class CursorFile {
 public:
  CursorFile(std::string path, const Info& info);

  /// Nothing if there is no such file, or if it is of another arena, which is said.
  /// Errors: Code::system, invalid_argument if it holds something else, or does not fit the arena's lanes.
  std::optional<Position> load(Attendant& attendant) const;
  /// Replaces it as a whole, so that a reader or a crash never finds half of it. Errors: Code::system.
  void store(const Position& next);

 private:
  [[noreturn]] void refuse(std::string expected, std::string found) const;
  void check(const std::vector<std::uint64_t>& next) const;

  std::string path_;
  std::string epoch_;
  std::size_t lanes_;
  std::optional<Position> stored_;
};

}  // namespace arena_shm::recording
