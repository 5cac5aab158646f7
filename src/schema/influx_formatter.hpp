// Records in InfluxDB's line protocol, as InfluxDB 1.8 and 2, VictoriaMetrics and Telegraf read it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "schema/record_formatter.hpp"

namespace arena_shm::schema {

struct InfluxOptions {
  std::string source = "arena";  ///< the measurement
  /// Of unsigned integers: 'i' is read by all, and numbers beyond i64 are left out; InfluxDB 1.8 refuses 'u'.
  char unsigned_suffix = 'i';
  std::optional<Field> time{};  ///< a field from time_field, of the whole record; none: the schema's own
};

/// A line `source seq=7i,px=1.5 TIME` for each record.
///   names  as append_influx_name has them; a field `time` is `time_`, since InfluxDB refuses it: with as many _ as
///   make
///          it the only one, and so is `seq` where a field has that name
///   TIME   that of the time field, or of the formatting if there is none or if it is out of range; the next free
///          nanosecond (DistinctTimes) if an earlier line has it; in a new lap a tag `lap` tells. The field keeps the
///          record's own time
///   enums  always texts: an unnamed value is its number in quotes
///   texts  line ends become \n and \r, since not all readers know lines that go on
/// NaN, infinities and integers that the protocol cannot say are left out.
std::unique_ptr<RecordFormatter> influx_formatter(const Schema& schema, InfluxOptions options);

}  // namespace arena_shm::schema
