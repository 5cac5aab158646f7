// Names in InfluxDB's line protocol.
#pragma once

#include <string>
#include <string_view>

namespace arena_shm::text {

/// Appends a name with a backslash before each character of `special`: ", " for a measurement, ",= " for a key or a
/// tag's value. What the protocol cannot say, or servers read in different ways, becomes %HH, as in an URL: a
/// backslash, control characters, ill-formed UTF-8, a # or _ in front (a comment; InfluxDB's own names), and a % that
/// would look like one of these. No two names become the same.
/// https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
void append_influx_name(std::string& out, std::string_view name, std::string_view special);

}  // namespace arena_shm::text
