// The header of .npy files: an array of rows, each a sequence number, perhaps a time, and a record as it is in memory.
//
// Format: numpy.lib.format, first described in NumPy's NEP 1 ("A Simple File Format for NumPy Arrays"). The magic, a
// version, the header's length, and the header itself: a Python dictionary with `descr`, `fortran_order` and `shape`,
// filled up with spaces. Then the rows, without anything between or behind them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "recording/row.hpp"

namespace arena_shm::recording {

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

/// The header of a file of `row_count` rows: `_seq` as u64, perhaps `_time_ns` as i64, then the fields, unused bytes
/// between them as void. A record without schema is one field of bytes, `record`. Its size does not depend on the
/// count, so that it can be written over the one that is there. Units have no place in the format.
std::string npy_header(const RecordShape& record, std::uint64_t row_count);

/// What a header says.
struct NpyLayout {
  RecordShape record;
  bool has_seq = false;  ///< the row begins with `_seq`
  std::size_t row_bytes = 0;
  std::size_t data_offset_bytes = 0;
  std::uint64_t row_count = 0;
};

/// How many bytes of the file are the header, as its first kNpyPrefixBytes tell; nothing if these are of no .npy file.
inline constexpr std::size_t kNpyPrefixBytes = 12;
std::optional<std::size_t> npy_header_bytes(std::span<const std::byte, kNpyPrefixBytes> prefix);

/// Reads a whole header from a file that is not trusted. `_time_ns` is the time of a value if the record begins with
/// it, and it is an i64; or one of its fields, if `time_is_field`.
/// Errors: Code::incompatible_type, corrupt; `path` is for them.
NpyLayout parse_npy_header(std::span<const std::byte> header, const std::string& path, bool time_is_field);

}  // namespace arena_shm::recording
