// The bytes of a segment, past the library: what a broken, hostile or merely older peer could have put there.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "arena_shm/core/header.hpp"
#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/stamp.hpp"

namespace arena_shm::test {

/// A mapping of a whole segment, writable. Trusts the header: the segment is one that the test has just made.
class SegmentFile {
 public:
  explicit SegmentFile(std::string_view segment) {
    const std::string name(segment);
    const int fd = ::open(("/dev/shm/" + name).c_str(), O_RDWR | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) throw std::runtime_error("no segment " + name);
    size_ = static_cast<std::size_t>(status.st_size);
    void* mapped = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (mapped == MAP_FAILED) throw std::runtime_error("cannot map segment " + name);
    bytes_ = static_cast<std::byte*>(mapped);
  }
  SegmentFile(const SegmentFile&) = delete;
  SegmentFile& operator=(const SegmentFile&) = delete;
  ~SegmentFile() { ::munmap(bytes_, size_); }

  std::byte* bytes() noexcept { return bytes_; }
  std::size_t size() const noexcept { return size_; }
  template <class T>
  T& at(std::uint64_t offset) noexcept {
    return *reinterpret_cast<T*>(bytes_ + offset);
  }

  core::Header& header() noexcept { return at<core::Header>(0); }
  core::Doorbell& doorbell() noexcept { return at<core::Doorbell>(header().doorbell.offset_bytes); }
  core::Control& control() noexcept { return at<core::Control>(header().control.offset_bytes); }
  std::atomic<std::uint64_t>& head() noexcept {
    return at<std::atomic<std::uint64_t>>(core::head_offset_bytes(header()));
  }
  core::Seat& seat(std::uint32_t i) noexcept {
    return at<core::Seat>(header().seats.offset_bytes + i * sizeof(core::Seat));
  }
  core::Consumer& consumer(std::uint32_t i, std::uint32_t lanes) noexcept {
    return at<core::Consumer>(header().consumers.offset_bytes + sizeof(core::ConsumersHead) +
                              i * core::consumer_bytes(lanes));
  }
  std::atomic<std::uint64_t>& stamp(std::uint64_t slot) noexcept {
    return at<std::atomic<std::uint64_t>>(header().slots.offset_bytes + slot * header().stride_bytes);
  }

  /// Makes the checksum right again after a change to the header.
  void seal() noexcept { header().checksum = core::header_checksum(header()); }

  /// As if `head` values had been published: moves the counter, and stamps the last lap. Nobody may be attached.
  void wind_to(std::uint64_t head) noexcept {
    const std::uint64_t slots = header().slot_count;
    for (std::uint64_t seq = head > slots ? head - slots : 0; seq < head; ++seq) stamp(seq % slots) = core::done(seq);
    this->head() = head;
  }

 private:
  std::byte* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace arena_shm::test
