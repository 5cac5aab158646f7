// One line for each arena and interval, in the format that was asked for.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "text/text_table.hpp"
#include "tool/views/watch.hpp"

namespace arena_shm::tool {

/// Is there a lossless one among those that can be read?
bool any_is_lossless(const std::vector<Watched>& arenas) noexcept;

/// The columns that the eye gets, with some room for what is to come; and one arena's cells. `lossless`: with who holds
/// up writers. `filtered`: with the rate of what matches.
text::TextTable stat_table(std::size_t width, bool lossless, bool filtered = false);
std::vector<std::string> stat_cells(const Watched& arena, bool lossless, bool filtered = false);

/// Thread safety: none.
class StatLines {
 public:
  virtual ~StatLines() = default;
  /// All arenas at one moment; what comes before the first line comes with the first call.
  virtual void append(std::string& out, const std::vector<Watched>& arenas) = 0;
};

/// `format` is table, ndjson (or json), csv or influx. `quote_int64`: integers in JSON are texts. `filtered`: with the
/// rates of what matches.
std::unique_ptr<StatLines> stat_lines(const std::string& format, bool quote_int64, bool filtered);

}  // namespace arena_shm::tool
