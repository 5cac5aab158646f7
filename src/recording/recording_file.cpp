#include "recording/recording_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"
#include "core/output_closed.hpp"
#include "core/patient_write.hpp"
#include "core/take_back.hpp"
#include "recording/temporary_file.hpp"

namespace arena_shm::recording {

RecordingFile::RecordingFile(std::string path, Existing existing, bool gathers) : path_(std::move(path)) {
  if (path_ == "-") {
    path_ = "standard output";
    file_ = core::Descriptor(core::duplicate_above_standard(STDOUT_FILENO));
    is_regular_ = false;  // it may be one, and have something in it
    if (!file_) core::throw_errno(errno, core::Act::duplicate, "write to", path_);
  } else {
    open(existing);
  }
  if (existing == Existing::is_continued) lock();
  if (is_regular_ || !gathers) return;
  target_ = std::exchange(file_, temporary_file());
}

void RecordingFile::open(Existing existing) {
  constexpr int kMode = 0666;  // the umask applies
  const int access = existing == Existing::is_continued ? O_RDWR : O_WRONLY;
  file_ = core::Descriptor(core::open_above_standard(path_.c_str(), access | O_CREAT | O_EXCL, kMode));
  is_ours_ = static_cast<bool>(file_);
  if (is_ours_) return;
  if (errno != EEXIST) core::throw_errno(errno, core::Act::make_file, "create", path_);
  struct stat status {};
  is_regular_ = ::stat(path_.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  if (is_regular_ && existing == Existing::is_refused) {
    throw Error(Code::already_exists, {.name = path_,
                                       .doing = "create",
                                       .expected = "no file of that name",
                                       .found = "a file",
                                       .remedy = "choose another name, or replace the file with --force"});
  }
  const int truncate = is_regular_ && existing == Existing::is_replaced ? O_TRUNC : 0;
  file_ = core::Descriptor(core::open_above_standard(path_.c_str(), (is_regular_ ? access : O_WRONLY) | truncate));
  if (!file_) core::throw_errno(errno, core::Act::make_file, "create", path_);
  if (is_regular_ && existing == Existing::is_continued)
    saved_bytes_ = static_cast<std::uint64_t>(std::max<off_t>(::lseek(file_.get(), 0, SEEK_END), 0));
}

// As long as it is open. File systems that know no locks do without.
void RecordingFile::lock() const {
  if (!is_regular_) {
    throw Error(Code::invalid_argument, {.name = path_,
                                         .doing = "go on with",
                                         .expected = "a regular file, which can be appended to after a restart",
                                         .found = "standard output, a pipe or a device",
                                         .remedy = "give the name of a file; or use 'tail' with --consumer"});
  }
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  throw Error(Code::obstructed, {.name = path_,
                                 .doing = "go on with",
                                 .expected = "a file that nobody else records into",
                                 .found = "another process that has it locked",
                                 .remedy = "end that one, or choose another file"});
}

void RecordingFile::continue_at(std::uint64_t bytes) {
  const auto end = static_cast<off_t>(bytes);
  if (::ftruncate(file_.get(), end) != 0 || ::lseek(file_.get(), end, SEEK_SET) != end) fail(errno);
  saved_bytes_ = bytes;
}

void RecordingFile::flush() {
  if (text_.empty() && !is_regular_) return check_reader();
  const auto [written, error] = is_cut_off_ ? core::PatientWrite{} : core::write_patiently(file_.get(), text_);
  is_cut_off_ = is_cut_off_ || (error == 0 && written < text_.size());
  const auto whole = std::upper_bound(row_ends_.begin(), row_ends_.end(), written);
  saved_rows_ += static_cast<std::uint64_t>(whole - row_ends_.begin());
  const std::size_t kept = error == 0 ? written : whole == row_ends_.begin() ? 0 : *(whole - 1);
  saved_bytes_ += kept;
  text_.clear();
  row_ends_.clear();
  if (error == 0) return;
  ends_in_row_ = !core::take_back(file_.get(), written - kept);
  fail(error);
}

void RecordingFile::overwrite_head(std::string_view head) {
  ssize_t got = 0;
  do {
    got = ::pwrite(file_.get(), head.data(), head.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(head.size())) fail(got < 0 ? errno : EIO);
}

// Has whoever reads a pipe gone away? Found out without writing.
void RecordingFile::check_reader() const {
  pollfd out{.fd = target_ ? target_.get() : file_.get(), .events = 0, .revents = 0};
  if (::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0) throw core::OutputClosed{};
}

void RecordingFile::remove() noexcept {
  if (is_ours_) ::unlink(path_.c_str());
}

void RecordingFile::close() {
  flush();
  if (target_) {
    if (::lseek(file_.get(), 0, SEEK_SET) != 0) fail(errno);
    copy_all(file_.get(), "a temporary file", target_.get(), path_);
    file_ = std::move(target_);
  }
  // Network file systems tell only here that there was no room.
  if (::close(file_.release()) != 0 && errno != EINTR) fail(errno);
}

void RecordingFile::fail(int error) const {
  if (error == EPIPE) throw core::OutputClosed{};
  core::throw_errno(error, core::Act::write_file, "write to", path_);
}

}  // namespace arena_shm::recording
