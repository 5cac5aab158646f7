#include "inspect/image.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "arena_shm/core/segment.hpp"
#include "core/segment_files.hpp"

namespace arena_shm::inspect {

Image::Image(core::Descriptor file, std::string label, bool by_name)
    : file_(std::move(file)), label_(std::move(label)), by_name_(by_name) {
  struct stat status {};
  struct stat directory {};
  if (::fstat(file_.get(), &status) != 0) core::throw_errno(errno, core::Act::look, "inspect", label_);
  if (!S_ISREG(status.st_mode)) {
    throw Error(Code::not_an_arena, {.name = label_,
                                     .doing = "inspect",
                                     .expected = "a regular file that holds an arena",
                                     .found = "another kind of file",
                                     .remedy = "check the name"});
  }
  live_ = ::stat(core::kDirectory, &directory) == 0 && directory.st_dev == status.st_dev;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  mode_ = status.st_mode & 07777U;
  owner_ = status.st_uid;
}

Image Image::of_arena(std::string_view name) {
  std::string checked = core::checked_name(name);
  core::Descriptor file = core::open_file(checked, core::Access::read_only);
  return {std::move(file), std::move(checked), true};
}

Image Image::of_file(const std::string& path) {
  // O_NONBLOCK: a FIFO must not hang.
  core::Descriptor file(core::open_above_standard(path.c_str(), O_RDONLY | O_NONBLOCK));
  if (file) return {std::move(file), path, false};
  core::throw_errno(errno, core::Act::open_file, "open", path);
}

Image Image::of_descriptor(core::Descriptor file, std::string label) {
  return {std::move(file), std::move(label), false};
}

std::string Image::path() const { return by_name_ ? std::string(core::kDirectory) + '/' + label_ : label_; }

std::uint64_t Image::size_bytes() const {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) core::throw_errno(errno, core::Act::look, "inspect", label_);
  return static_cast<std::uint64_t>(status.st_size);
}

std::size_t Image::read(std::uint64_t offset, std::span<std::byte> target) const noexcept {
  std::size_t count = 0;
  while (count < target.size()) {
    const ssize_t got =
        ::pread(file_.get(), target.data() + count, target.size() - count, static_cast<off_t>(offset + count));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    count += static_cast<std::size_t>(got);
  }
  return count;
}

std::uint64_t Image::next_data(std::uint64_t offset) const noexcept {
  // Moves the position of the file's description, which nobody uses.
  const off_t data = ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_DATA);
  if (data >= 0) return static_cast<std::uint64_t>(data);
  return errno == ENXIO ? ~std::uint64_t{0} : offset;  // other errors: a file system that cannot tell
}

std::uint64_t Image::end_of_data(std::uint64_t from) const {
  struct Piece {
    std::uint64_t begin;
    std::uint64_t end;
  };
  std::vector<Piece> pieces{{from, from}};
  for (std::uint64_t begin = next_data(from); begin != ~std::uint64_t{0}; begin = next_data(pieces.back().end)) {
    const off_t end = ::lseek(file_.get(), static_cast<off_t>(begin), SEEK_HOLE);
    if (end <= static_cast<off_t>(begin)) return std::max(from, size_bytes());
    pieces.push_back({begin, static_cast<std::uint64_t>(end)});
  }
  // Who makes a file longer may write its last byte.
  while (pieces.size() > 1 && pieces.back().begin > pieces[pieces.size() - 2].end &&
         is_zero(pieces.back().begin, pieces.back().end))
    pieces.pop_back();
  return pieces.back().end;
}

bool Image::is_zero(std::uint64_t begin, std::uint64_t end) const {
  std::vector<std::byte> block(std::min<std::uint64_t>(end - begin, std::uint64_t{1} << 16));
  for (; begin < end; begin += block.size()) {
    block.resize(read(begin, std::span(block).first(std::min<std::uint64_t>(block.size(), end - begin))));
    if (std::ranges::any_of(block, [](std::byte byte) { return byte != std::byte{0}; })) return false;
    if (block.empty()) break;
  }
  return true;
}

}  // namespace arena_shm::inspect
