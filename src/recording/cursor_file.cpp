#include "recording/cursor_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <utility>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/stamp.hpp"
#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

CursorFile::CursorFile(std::string path, const Info& info) : path_(std::move(path)), lanes_(info.lanes) {
  for (const std::uint8_t byte : info.epoch) fmt::format_to(std::back_inserter(epoch_), "{:02x}", byte);
}

void CursorFile::refuse(std::string expected, std::string found) const {
  throw Error(Code::invalid_argument, {.name = path_,
                                       .doing = "read the cursor in",
                                       .expected = std::move(expected),
                                       .found = std::move(found),
                                       .remedy = "choose another file, or remove this one"});
}

void CursorFile::check(const std::vector<std::uint64_t>& next) const {
  if (next.size() != lanes_) {
    refuse(lanes_ == 1 ? "one sequence number, for the arena has no lanes"
                       : fmt::format("a sequence number for each of {}", text::counted(lanes_, "lane")),
           fmt::format("{} of them", next.size()));
  }
  for (std::size_t k = 0; k < lanes_; ++k) {
    if (next[k] / lanes_ > core::kSeqLimit / lanes_)
      refuse(fmt::format("sequence numbers of at most {}", core::kSeqLimit), fmt::format("{}", next[k]));
    if (next[k] % lanes_ != k) refuse(fmt::format("a sequence number of lane {}", k), fmt::format("{}", next[k]));
  }
}

std::optional<Position> CursorFile::load(Attendant& attendant) const {
  errno = 0;
  std::ifstream file(path_);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    core::throw_errno(errno, core::Act::open_file, "read the cursor in", path_);
  }
  std::string epoch;
  std::vector<std::uint64_t> next;
  file >> epoch;
  for (std::uint64_t seq = 0; next.size() <= core::kMaxSeats && file >> seq;) next.push_back(seq);
  const bool is_whole = file.eof() || next.size() > core::kMaxSeats;
  if (epoch.size() != epoch_.size() || next.empty() || !is_whole)
    refuse("one line with an arena's epoch and a sequence number", "other text");
  if (epoch == epoch_) {
    check(next);
    return Position(std::move(next));
  }
  attendant.note(fmt::format(
      "ignoring the cursor in '{}': it belongs to another arena, or to an earlier arena of this name", path_));
  return std::nullopt;
}

void CursorFile::store(const Position& next) {
  if (stored_ == next) return;
  const std::string draft = path_ + ".new";
  std::ofstream file(draft, std::ios::trunc);
  file << epoch_;
  for (const std::uint64_t seq : next.next()) file << ' ' << seq;
  file << '\n';
  file.close();
  if (!file || std::rename(draft.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    std::remove(draft.c_str());
    core::throw_errno(error, core::Act::make_file, "write the cursor to", path_);
  }
  stored_ = next;
}

}  // namespace arena_shm::recording
