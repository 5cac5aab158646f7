// The two ways to get the file of a segment: making one, and opening one.
#pragma once

#include <string>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/system.hpp"

namespace arena_shm::core {

inline constexpr const char* kDirectory = "/dev/shm";

/// Makes a whole segment without a name, every page of it reserved, then links the name: the name never shows a
/// segment that is half built, and a creator that dies leaves nothing behind.
/// Errors: Code::already_exists, no_space, file_size_limit, permission_denied, system.
Descriptor create_file(const std::string& name, const Header& header, const std::string& schema, unsigned mode);

/// Opens a regular file of that name; never follows a link, never blocks.
/// Errors: Code::not_found, not_an_arena, permission_denied, system.
Descriptor open_file(const std::string& name, Access access);

/// Reads the header once and validates that copy. Errors: as validate_header.
Header read_header(int fd, const std::string& name);

/// Reads the schema of a validated header. Errors: Code::truncated, corrupt.
std::string read_schema(int fd, const std::string& name, const Header& header);

}  // namespace arena_shm::core
