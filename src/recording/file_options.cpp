#include "recording/file_options.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "arena_shm/error.hpp"

namespace arena_shm::recording {

std::string file_extension(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

FileFormat file_format(const FileOptions& options) {
  const std::string extension = file_extension(options.path);
  const std::string format = !options.format.empty() || extension.empty() ? options.format : extension.substr(1);
  if (format == "npy") return FileFormat::npy;
  if (format == "csv") return FileFormat::csv;
  if (format == "ndjson" || format == "jsonl") return FileFormat::ndjson;
  if (format == "arrows") return FileFormat::arrows;
  if (format == "mcap") return FileFormat::mcap;
  const bool is_output = options.path == "-";
  throw Error(Code::invalid_argument,
              {.name = is_output ? "standard output" : options.path,
               .doing = "choose the format of",
               .expected = is_output ? "--format" : "a file that ends in .npy, .csv, .ndjson, .arrows or .mcap",
               .found = is_output           ? "none"
                        : extension.empty() ? "no extension"
                                            : "'" + extension + "'",
               .remedy = is_output ? "give --format npy, csv, ndjson, arrows or mcap"
                                   : "choose such a name, or give --format npy, csv, ndjson, arrows or mcap"});
}

}  // namespace arena_shm::recording
