// Records as text, for people and for programs: the one place that decides what a record looks like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "arena_shm/options.hpp"
#include "arena_shm/restart.hpp"
#include "schema/schema.hpp"
#include "text/text_table.hpp"

namespace arena_shm::schema {

enum class Format { table, ndjson, csv, influx, hex };

/// Turns records into lines. Every line it appends ends with a newline; every record has its seq.
///   table   columns under a heading; grow when a value needs more room; long arrays are shortened
///   ndjson  one object a line: {"_seq":7,"ts":12,"pos":[1.0,2.0]}
///   csv     RFC 4180 with \n, a header line first; an array has a column for each element: pos[0],pos[1]
///   influx  InfluxDB's line protocol: a line `source seq=7i,px=1.5 TIME`; see influx_formatter.hpp
///   hex     offset, bytes, and what of them is ASCII; 16 bytes a line
/// Thread safety: none.
class RecordFormatter {
 public:
  virtual ~RecordFormatter() = default;

  /// Appends what comes before the first record, if anything.
  virtual void heading(std::string& out) const = 0;
  /// Appends a record. Requires: record.size() is that of the schema's record.
  virtual void record(std::string& out, std::uint64_t seq, std::span<const std::byte> record) = 0;
  /// Appends a gap, for readers who want it between the records: {"_gap":{...}}, or a line that begins with "# ".
  virtual void gap(std::string& out, const Gap& gap) const;
  /// The same of a restart: {"_restart":{"time_ns":...,"epoch":"0a..","before":"7f.."}}, or a line that begins with
  /// "# ".
  virtual void restart(std::string& out, std::string_view arena, const Restart& restart) const;
  /// Makes the columns wide enough for this record, before the heading is printed.
  virtual void measure(std::uint64_t seq, std::span<const std::byte> record);
  /// Of a table: takes the columns of another one, so that both are as wide from now on. Requires: the other one has
  /// the same format and titles.
  virtual void share_columns(const RecordFormatter& other);
  /// Takes note of a record that lies before those that are asked for.
  virtual void precede(std::uint64_t seq, std::span<const std::byte> record);
  /// So many columns of a table have no room.
  virtual std::size_t hidden_column_count() const noexcept;
  /// So many integers were left out, for the format cannot say them.
  virtual std::uint64_t left_out_count() const noexcept;
  /// Says of the machine-readable formats that texts were changed, if any were: they are UTF-8, and a record's texts
  /// may be anything.
  std::string altered_note() const;

 protected:
  void count_altered(const Schema& schema, std::span<const std::byte> record);

 private:
  std::uint64_t altered_texts_ = 0;
};

/// So much of a record is shown as hex, if nobody asks for more.
inline constexpr std::size_t kHexBytes = 1024;

struct FormatOptions {
  std::string_view source = "arena";   ///< what influx calls the measurement
  std::size_t hex_bytes = kHexBytes;   ///< so much of a record; of longer ones it is said how much is left out
  std::size_t width = text::kNoWidth;  ///< of a line, of table and hex: columns are left out, and cells cut
  bool quote_int64 = false;            ///< 64-bit integers in ndjson are texts, which no reader rounds
};

/// Requires: a schema, unless the format is hex.
std::unique_ptr<RecordFormatter> make_formatter(Format format, const Schema* schema, FormatOptions options = {});

/// "gap: 12..20 (9 overwritten)"; of three lanes, "gap in lane 2: 14..20 (3 overwritten)"
std::string describe(const Gap& gap);

}  // namespace arena_shm::schema
