#include "bench/harness/shared_block.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace arena_shm::bench {
namespace {

constexpr std::size_t kPage = 4096;

[[noreturn]] void refuse(const char* what) {
  throw std::system_error(errno, std::generic_category(), std::string("shared memory: ") + what);
}

}  // namespace

SharedBlock::SharedBlock(std::size_t bytes) : bytes_((bytes + kPage - 1) / kPage * kPage) {
  const int fd = ::open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) refuse("open");
  const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes_));
  void* address = MAP_FAILED;
  if (error == 0) address = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  ::close(fd);
  if (error != 0) errno = error;
  if (address == MAP_FAILED) refuse("mmap");
  data_ = static_cast<std::byte*>(address);
}

SharedBlock::~SharedBlock() { ::munmap(data_, bytes_); }

void SharedBlock::touch() const noexcept {
  for (std::size_t at = 0; at < bytes_; at += kPage) static_cast<void>(static_cast<volatile std::byte*>(data_)[at]);
}

}  // namespace arena_shm::bench
