// The two ways to get the file of a segment: making one, and opening one.
#pragma once

#include <string>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/system.hpp"

namespace arena_shm::core {

inline constexpr const char* kDirectory = "/dev/shm";

inline std::string path_of(const std::string& name) { return std::string(kDirectory) + "/" + name; }

/// A whole segment, every page of it reserved, that has no name until it is published: the name never shows one that is
/// half built, and a creator that fails or dies leaves nothing behind.
class Draft {
 public:
  /// Errors: Code::no_space, file_size_limit, permission_denied, unsupported, system.
  Draft(const std::string& name, const Header& header, const std::string& schema, unsigned mode);
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft();

  /// A descriptor of it for somebody else to keep.
  Descriptor duplicate() const;
  /// Gives it its name. Errors: Code::already_exists, ...
  void publish() const;

 private:
  void open();
  void discard() const noexcept;

  std::string name_;
  Descriptor file_;
  std::string temporary_;  // its name meanwhile, where files without one cannot be had
};

/// Opens a regular file of that name; never follows a link, never blocks.
/// Errors: Code::not_found, not_an_arena, permission_denied, unsupported (there is no such directory), system.
Descriptor open_file(const std::string& name, Access access);

/// Its permission bits. Errors: Code::system.
unsigned mode_of(int fd, const std::string& name);

/// Reads the header once and validates that copy. Errors: as validate_header.
Header read_header(int fd, const std::string& name);

/// Refuses a file whose pages have not been reserved: reading it could fill the memory.
/// Errors: Code::corrupt.
void check_reserved(int fd, const std::string& name, const Header& header);

/// Checks the options of an arena that is there: all of them, but the seats of an exclusive one, which has one whatever
/// was asked for. Errors: Code::incompatible_options.
void check_options(const std::string& name, const Options& wanted, const Info& found, unsigned found_mode);

/// Reads the schema of a validated header. Errors: Code::truncated, corrupt.
std::string read_schema(int fd, const std::string& name, const Header& header);

}  // namespace arena_shm::core
