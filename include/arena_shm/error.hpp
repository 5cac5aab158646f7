// The one exception type of the library: what was being done, to which arena, what was expected, what was found, and
// what to do about it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace arena_shm {

/// What went wrong.
enum class Code {
  not_found,                ///< no arena of that name
  already_exists,           ///< the name is taken: of an arena, or of a consumer
  permission_denied,        ///< the file's mode, or the directory's, forbids it
  invalid_name,             ///< not usable as the name of a segment
  invalid_argument,         ///< an option or argument is out of its range
  not_an_arena,             ///< a file that is no arena: wrong magic, a directory, a FIFO, a link
  incompatible_version,     ///< written by another layout version
  incompatible_byte_order,  ///< written on a machine of another byte order
  incompatible_type,        ///< the record type differs: name, size, alignment or schema
  incompatible_options,     ///< open_or_create: the arena exists with other options
  truncated,                ///< the file is shorter than its header says
  corrupt,                  ///< a value in the segment cannot be right
  no_space,                 ///< the file system, or the memory limit, has no room for it
  file_size_limit,          ///< RLIMIT_FSIZE forbids a file of that size
  table_full,               ///< every seat belongs to a living writer, or consumer, or to a durable one
  obstructed,               ///< every free seat is read-locked by some process
  exhausted,                ///< the sequence numbers are used up (2^61 values)
  reentered,                ///< a writer was used from inside of itself, as from a signal handler
  forked,                   ///< a handle was used in a forked child of the process that opened it
  evicted,                  ///< a consumer held up the writers for longer than Options::patience, or was evicted
  timed_out,                ///< alloc_for: there was no room in time
  would_deadlock,           ///< a writer waits for a consumer of its own thread
  unsupported,              ///< the system lacks something that is needed
  system,                   ///< a system call failed for a reason that has no code of its own
};

/// @param code  one of the enumerators
/// Returns: "not_found", "table_full", ...: the enumerator's name.
std::string_view to_string(Code code) noexcept;

/// The parts of an Error. Parts that do not apply stay empty.
struct ErrorParts {
  std::string name{};      ///< the arena's name, or the file's path
  std::string doing{};     ///< "open", "create", ...: what failed
  std::string expected{};  ///< what would have been right
  std::string found{};     ///< what was there instead
  std::string remedy{};    ///< what the user can do
  int system_error = 0;    ///< errno, or 0
};

/// Thrown by everything that sets something up, and by operations on a segment that turns out to be corrupt.
/// `what()` is one line: "cannot open arena 'ticks': expected ..., found ...; remedy".
class Error : public std::runtime_error {
 public:
  /// @param code, parts  what went wrong, and all that what() says
  Error(Code code, ErrorParts parts);

  /// Returns: what went wrong.
  Code code() const noexcept { return code_; }
  /// Returns: ErrorParts::name.
  const std::string& name() const noexcept { return parts_.name; }
  /// Returns: ErrorParts::doing.
  const std::string& doing() const noexcept { return parts_.doing; }
  /// Returns: ErrorParts::expected.
  const std::string& expected() const noexcept { return parts_.expected; }
  /// Returns: ErrorParts::found.
  const std::string& found() const noexcept { return parts_.found; }
  /// Returns: ErrorParts::remedy.
  const std::string& remedy() const noexcept { return parts_.remedy; }
  /// Returns: ErrorParts::system_error.
  int system_error() const noexcept { return parts_.system_error; }

 private:
  Code code_;
  ErrorParts parts_;
};

}  // namespace arena_shm
