#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "arena_shm/core/header.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "core/segment_files.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm::core {
namespace {

/// Reads until `count` bytes are there or the file ends; the number of bytes read.
std::size_t read_at(int fd, const std::string& name, void* target, std::size_t count, std::uint64_t offset) {
  auto* to = static_cast<char*>(target);
  std::size_t done_bytes = 0;
  while (done_bytes < count) {
    const ssize_t got = ::pread(fd, to + done_bytes, count - done_bytes, static_cast<off_t>(offset + done_bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(errno, Act::look, "open", name);
    if (got == 0) break;
    done_bytes += static_cast<std::size_t>(got);
  }
  return done_bytes;
}

const char* kind_of(mode_t mode) noexcept {
  switch (mode & S_IFMT) {
    case S_IFDIR: return "a directory";
    case S_IFIFO: return "a FIFO";
    case S_IFSOCK: return "a socket";
    case S_IFCHR:
    case S_IFBLK: return "a device";
    default: return "something else";
  }
}

[[noreturn]] void refuse_kind(const std::string& name, const char* found) {
  throw Error(Code::not_an_arena, {.name = name,
                                   .doing = "open",
                                   .expected = "a regular file that holds an arena",
                                   .found = found,
                                   .remedy = "check the name"});
}

const char* kind_of(Writers writers) noexcept {
  switch (writers) {
    case Writers::exclusive: return "an exclusive writer";
    case Writers::laned: return "laned writers";
    case Writers::shared: break;
  }
  return "shared writers";
}

const char* kind_of(Full full) noexcept { return full == Full::wait ? "a lossless arena" : "one that overwrites"; }

std::string patience_text(Duration patience) {
  return patience.count() <= 0 ? "no end of patience" : std::to_string(patience.count()) + " ns of patience";
}

const char* kind_of_values(bool timed) noexcept { return timed ? "values with times" : "values without times"; }

}  // namespace

Descriptor open_file(const std::string& name, Access access) {
  // Not with Boost's shared_memory_object: the shm_open underneath waits for the other end of a FIFO, and takes a
  // directory for a bad argument (glibc 2.36).
  const int flags = (access == Access::read_write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK;
  Descriptor file(open_above_standard(path_of(name).c_str(), flags));
  if (!file && errno == EISDIR) refuse_kind(name, "a directory");
  if (!file && errno == ENXIO) refuse_kind(name, "a socket");
  if (!file) throw_errno(errno, access == Access::read_write ? Act::open_to_write : Act::open_to_read, "open", name);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno(errno, Act::look, "open", name);
  if (!S_ISREG(status.st_mode)) refuse_kind(name, kind_of(status.st_mode));
  return file;
}

unsigned mode_of(int fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(errno, Act::look, "open", name);
  return status.st_mode & 07777U;
}

Header read_header(int fd, const std::string& name) {
  Header header{};
  const std::size_t bytes = read_at(fd, name, &header, sizeof(header), 0);
  ARENA_SHM_STOP_POINT(attach_header_read);
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(errno, Act::look, "open", name);
  validate_header(name, header, bytes, static_cast<std::uint64_t>(status.st_size));
  return header;
}

void check_reserved(int fd, const std::string& name, const Header& header) {
  struct stat status {};
  struct statfs system {};
  if (::fstat(fd, &status) != 0 || ::fstatfs(fd, &system) != 0) throw_errno(errno, Act::look, "open", name);
  constexpr std::uint64_t kBlockBytes = 512;  // of st_blocks, whatever the file system's own are
  const std::uint64_t reserved = static_cast<std::uint64_t>(status.st_blocks) * kBlockBytes;
  if (system.f_type != TMPFS_MAGIC || reserved >= header.segment_bytes) return;
  throw Error(Code::corrupt, {.name = name,
                              .doing = "open",
                              .expected = std::to_string(header.segment_bytes) + " reserved bytes",
                              .found = std::to_string(reserved),
                              .remedy = "holes were punched into the file; remove the arena and create it again"});
}

std::string read_schema(int fd, const std::string& name, const Header& header) {
  std::string text(header.schema.size_bytes, '\0');
  const std::size_t bytes = read_at(fd, name, text.data(), text.size(), header.schema.offset_bytes);
  const std::uint64_t hash = text.empty() ? 0 : fnv1a(text.data(), text.size());
  if (bytes == text.size() && hash == header.schema_hash) return text;
  throw Error(
      bytes == text.size() ? Code::corrupt : Code::truncated,
      {.name = name,
       .doing = "open",
       .expected = "a schema of " + counted(text.size(), "byte") + " with hash " + std::to_string(header.schema_hash),
       .found = counted(bytes, "byte") + " with hash " + std::to_string(hash),
       .remedy = "remove the arena and create it again"});
}

void check_options(const std::string& name, const Options& wanted, const Info& found, unsigned found_mode) {
  const auto refuse = [&](std::string expected, std::string got) {
    throw Error(Code::incompatible_options, {.name = name,
                                             .doing = "open",
                                             .expected = std::move(expected),
                                             .found = std::move(got),
                                             .remedy = "ask for the options that it has, or remove it first"});
  };
  const std::string of_lane = found.lanes > 1 ? " a lane" : "";
  if (wanted.slots != found.slots / found.lanes)
    refuse(counted(wanted.slots, "slot") + of_lane, counted(found.slots / found.lanes, "slot") + of_lane);
  if (wanted.writers != found.writers) refuse(kind_of(wanted.writers), kind_of(found.writers));
  if (wanted.writers != Writers::exclusive && wanted.seats != found.seats)
    refuse(counted(wanted.seats, "seat"), counted(found.seats, "seat"));
  if (wanted.time != (found.clock != Clock::none)) refuse(kind_of_values(wanted.time), kind_of_values(!wanted.time));
  if (wanted.full != found.full) refuse(kind_of(wanted.full), kind_of(found.full));
  if (wanted.full == Full::wait && wanted.consumers != found.consumers)
    refuse(std::to_string(wanted.consumers) + " consumers", std::to_string(found.consumers) + " consumers");
  if (wanted.full == Full::wait && patience_text(wanted.patience) != patience_text(found.patience))
    refuse(patience_text(wanted.patience), patience_text(found.patience));
  if (wanted.mode != found_mode) refuse("mode " + octal_text(wanted.mode), "mode " + octal_text(found_mode));
}

}  // namespace arena_shm::core
