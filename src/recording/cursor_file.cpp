#include "recording/cursor_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <utility>

#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::recording {

CursorFile::CursorFile(std::string path, const std::array<std::uint8_t, 16>& epoch) : path_(std::move(path)) {
  for (const std::uint8_t byte : epoch) fmt::format_to(std::back_inserter(epoch_), "{:02x}", byte);
}

std::optional<std::uint64_t> CursorFile::load(Attendant& attendant) const {
  errno = 0;
  std::ifstream file(path_);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    core::throw_errno(errno, core::Act::open_file, "read the cursor in", path_);
  }
  std::string epoch;
  std::uint64_t seq = 0;
  if (!(file >> epoch >> seq) || epoch.size() != epoch_.size()) {
    throw Error(Code::invalid_argument, {.name = path_,
                                         .doing = "read the cursor in",
                                         .expected = "one line with an arena's epoch and a sequence number",
                                         .found = "other text",
                                         .remedy = "choose another file, or remove this one"});
  }
  if (epoch == epoch_) return seq;
  attendant.note(fmt::format(
      "ignoring the cursor in '{}': it belongs to another arena, or to an earlier arena of this name", path_));
  return std::nullopt;
}

void CursorFile::store(std::uint64_t seq) {
  if (stored_ == seq) return;
  const std::string draft = path_ + ".new";
  std::ofstream file(draft, std::ios::trunc);
  file << epoch_ << ' ' << seq << '\n';
  file.close();
  if (!file || std::rename(draft.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    std::remove(draft.c_str());
    core::throw_errno(error, core::Act::make_file, "write the cursor to", path_);
  }
  stored_ = seq;
}

}  // namespace arena_shm::recording
