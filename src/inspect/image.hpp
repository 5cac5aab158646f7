// A segment's file as bytes, for those who only look: read with pread, never mapped, so that a file that is cut off
// meanwhile is a short read and not a SIGBUS. Nothing that is read here has been validated.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "arena_shm/core/system.hpp"

namespace arena_shm::inspect {

/// Thread safety: const members may be called from any thread.
class Image {
 public:
  /// The live segment of that name. Errors: Code::not_found, not_an_arena, permission_denied, invalid_name, system.
  static Image of_arena(std::string_view name);
  /// A saved segment. Errors: the same.
  static Image of_file(const std::string& path);
  /// One that is open already. Errors: Code::not_an_arena, system.
  static Image of_descriptor(core::Descriptor file, std::string label);

  /// The arena's name, or the path.
  const std::string& label() const noexcept { return label_; }
  std::string path() const;
  /// Is it in the directory of live segments? Else its leases mean nothing: those who held them had another file.
  bool is_live() const noexcept { return live_; }
  int fd() const noexcept { return file_.get(); }
  dev_t device() const noexcept { return device_; }
  ino_t inode() const noexcept { return inode_; }
  unsigned mode() const noexcept { return mode_; }
  uid_t owner() const noexcept { return owner_; }

  /// The size now; it may have changed since the file was opened.
  std::uint64_t size_bytes() const;

  /// Returns the number of bytes read: fewer than asked for at the end of the file, or where it cannot be read.
  std::size_t read(std::uint64_t offset, std::span<std::byte> target) const noexcept;

  /// The first byte from `offset` on that may be other than zero; all ones if there is none.
  std::uint64_t next_data(std::uint64_t offset) const noexcept;

  /// Where what was written ends, `from` at least: behind it there are holes, and zeros behind holes. The file's size
  /// if it ends otherwise, or if the file system cannot tell. Errors: Code::system.
  std::uint64_t end_of_data(std::uint64_t from) const;

  /// True if the whole value could be read.
  template <class T>
  bool load(std::uint64_t offset, T& value) const noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    return read(offset, std::as_writable_bytes(std::span(&value, 1))) == sizeof(T);
  }

 private:
  bool is_zero(std::uint64_t begin, std::uint64_t end) const;

  Image(core::Descriptor file, std::string label, bool by_name);

  core::Descriptor file_;
  std::string label_;
  bool by_name_;
  bool live_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  unsigned mode_ = 0;
  uid_t owner_ = 0;
};

}  // namespace arena_shm::inspect
