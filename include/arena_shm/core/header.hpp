// Making and validating the header. Nothing from a segment is used before it has passed through here.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// Refuses what no segment can be made with. Errors: Code::invalid_argument.
void check_arguments(std::string_view name, const RecordType& record, const Options& options);

/// The header of a new segment: all regions laid out, all numbers checked, checksum set.
/// Errors: Code::invalid_argument.
Header make_header(std::string_view name, const RecordType& record, const Options& options);

/// Checks a private copy of a header against the size of its file; `bytes` of it could be read.
/// Errors: Code::not_an_arena, incompatible_version, incompatible_byte_order, truncated, corrupt.
void validate_header(const std::string& name, const Header& header, std::uint64_t bytes, std::uint64_t file_bytes);

/// Checks that an arena's record is the one that a program expects. Empty names and schemas agree with all.
/// Errors: Code::incompatible_type, both sides named.
void check_record(const std::string& name, const RecordType& expected, const RecordType& found);

/// The running kernel's id; zeros where /proc does not tell.
std::array<std::uint8_t, 16> boot_id() noexcept;

/// The checksum that belongs into `header.checksum`.
std::uint64_t header_checksum(Header header) noexcept;

/// The facts of a validated header; the schema's text comes from the file, not from here.
Info header_info(const std::string& name, const Header& header);

}  // namespace arena_shm::core
