#include "recording/line_reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "arena_shm/core/system.hpp"

namespace arena_shm::recording {

namespace {

// 0 at the end, or when a stop is requested.
std::size_t read_some(int fd, std::span<std::byte> target, const Attendant& attendant) {
  for (;;) {
    if (attendant.stop_requested()) return 0;
    const ssize_t got = ::read(fd, target.data(), target.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR)
      core::throw_errno(errno, core::Act::read_file, "read from", fd == STDIN_FILENO ? "standard input" : "the file");
  }
}

}  // namespace

bool LineReader::fill() {
  std::array<std::byte, 1 << 16> block;
  const std::size_t got = read_some(fd_, block, attendant_);
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_.append(reinterpret_cast<const char*>(block.data()), got);
  return got > 0;
}

// A '\r' in quotes is a cell's.
void LineReader::look_at_begin() {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  while (buffer_.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(buffer_) && !ended_) ended_ = !fill();
  if (buffer_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  std::size_t end = buffer_.find_first_of("\r\n", at_);
  while (end >= buffer_.size() - 1 && buffer_.size() - at_ < max_line_bytes_ && !ended_) {
    if (end < buffer_.size() && buffer_[end] == '\n') return;
    ended_ = !fill();
    end = buffer_.find_first_of("\r\n", at_);
  }
  if (end >= buffer_.size() || buffer_[end] == '\n') return;
  const bool is_windows = end + 1 < buffer_.size() && buffer_[end + 1] == '\n';
  const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(at_);
  const bool in_quotes = std::count(begin, buffer_.begin() + static_cast<std::ptrdiff_t>(end), '"') % 2 != 0;
  if (!is_windows && !in_quotes) ends_ = "\r\n";
}

std::optional<schema::Line> LineReader::next() {
  if (put_back_) return std::exchange(put_back_, std::nullopt);
  if (!std::exchange(has_begun_, true)) look_at_begin();
  schema::Line line;
  line.number = ++number_;
  for (;;) {
    const std::size_t end = buffer_.find_first_of(ends_, at_);
    const std::size_t stop = std::min(end, buffer_.size());
    const std::size_t room = max_line_bytes_ - line.text.size();
    line.text.append(buffer_, at_, std::min(stop - at_, room));
    line.cut = line.cut || stop - at_ > room;
    if (end != std::string::npos) {
      at_ = end + 1;
      return line;
    }
    at_ = buffer_.size();
    ended_ = ended_ || !fill();
    if (!ended_) continue;
    if (attendant_.stop_requested() || (line.text.empty() && !line.cut)) return std::nullopt;
    line.unended = true;
    return line;
  }
}

std::size_t PieceReader::read(std::span<std::byte> target) {
  std::size_t count = 0;
  while (count < target.size()) {
    if (rest_.empty()) rest_ = std::span(block_).first(read_some(STDIN_FILENO, block_, attendant_));
    if (rest_.empty()) break;
    const std::size_t some = std::min(rest_.size(), target.size() - count);
    std::memcpy(target.data() + count, rest_.data(), some);
    rest_ = rest_.subspan(some);
    count += some;
  }
  return count;
}

}  // namespace arena_shm::recording
