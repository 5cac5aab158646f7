// Which file a recording goes into, and of what format.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "recording/file_format.hpp"

namespace arena_shm::recording {

/// Where to, and how.
struct FileOptions {
  std::string path;          ///< "-": standard output
  std::string format;        ///< "npy", "csv", "ndjson", "arrows", "mcap"; empty: by the path's extension
  bool ends = false;         ///< by itself, and soon: .npy for a pipe can wait until it is whole
  bool force = false;        ///< replace what exists
  bool goes_on = false;      ///< with what exists; not with `rotate`
  bool quote_int64 = false;  ///< 64-bit integers in .ndjson and .mcap are texts
  std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max();  ///< of one file; it has one row at least
  bool rotate = false;                                                  ///< then go on in a new file
  std::uint64_t keep_files = 0;                                         ///< the newest so many; 0: all
};

/// ".npy": of the path, in small letters; may be empty.
std::string file_extension(const std::string& path);

/// Errors: Code::invalid_argument if neither the option nor the extension says it.
FileFormat file_format(const FileOptions& options);

}  // namespace arena_shm::recording
