#include "recording/recording_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"
#include "core/output_closed.hpp"
#include "core/patient_write.hpp"

namespace arena_shm::recording {

RecordingFile::RecordingFile(std::string path, bool replace) : path_(std::move(path)) {
  constexpr int kMode = 0666;  // the umask applies
  file_ = core::Descriptor(core::open_above_standard(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL, kMode));
  if (file_) return;
  if (errno != EEXIST) core::throw_errno(errno, core::Act::make_file, "create", path_);
  struct stat status {};
  is_regular_ = ::stat(path_.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  if (is_regular_ && !replace) {
    throw Error(Code::already_exists, {.name = path_,
                                       .doing = "create",
                                       .expected = "no file of that name",
                                       .found = "one",
                                       .remedy = "name another, or replace it: --force"});
  }
  file_ = core::Descriptor(core::open_above_standard(path_.c_str(), O_WRONLY | (is_regular_ ? O_TRUNC : 0)));
  if (!file_) core::throw_errno(errno, core::Act::make_file, "create", path_);
}

void RecordingFile::flush() {
  const auto [written, error] = is_cut_off_ ? core::Written{} : core::write_patiently(file_.get(), text_);
  is_cut_off_ = is_cut_off_ || (error == 0 && written < text_.size());
  const auto whole = std::upper_bound(row_ends_.begin(), row_ends_.end(), written);
  saved_rows_ += static_cast<std::uint64_t>(whole - row_ends_.begin());
  saved_bytes_ += error == 0 ? written : whole == row_ends_.begin() ? 0 : *(whole - 1);
  text_.clear();
  row_ends_.clear();
  if (error == 0) return;
  ends_in_row_ = !is_regular_ || ::ftruncate(file_.get(), static_cast<off_t>(saved_bytes_)) != 0;
  fail(error);
}

void RecordingFile::overwrite_head(std::string_view head) {
  ssize_t got = 0;
  do {
    got = ::pwrite(file_.get(), head.data(), head.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(head.size())) fail(got < 0 ? errno : EIO);
}

void RecordingFile::close() {
  flush();
  // Network file systems tell only here that there was no room.
  if (::close(file_.release()) != 0 && errno != EINTR) fail(errno);
}

void RecordingFile::fail(int error) const {
  if (error == EPIPE) throw core::OutputClosed{};
  core::throw_errno(error, core::Act::write_file, "write to", path_);
}

}  // namespace arena_shm::recording
