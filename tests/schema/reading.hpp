// Texts put through an input, for tests: what comes out, as text.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/fields_language.hpp"
#include "schema/record_formatter.hpp"
#include "schema/record_input.hpp"

namespace arena_shm::schema {

inline LineSource lines_of(std::string text) {
  return [text = std::move(text), at = std::size_t{0}, number = std::uint64_t{0}]() mutable -> std::optional<Line> {
    if (at >= text.size()) return std::nullopt;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    Line line{text.substr(at, end - at), ++number, false};
    at = end + 1;
    return line;
  };
}

// Everything an input yields: records as NDJSON, refusals as their message.
inline std::string drain(const Schema& schema, RecordInput& input) {
  const auto formatter = make_formatter(Format::ndjson, &schema);
  std::vector<std::byte> record(schema.size_bytes, std::byte{0xee});
  std::string out;
  for (std::uint64_t seq = 0;;) {
    switch (input.next(record)) {
      case InputStatus::end: return out;
      case InputStatus::record: formatter->record(out, seq++, record); break;
      case InputStatus::refused: out += to_string(input.refusal()) + '\n'; break;
    }
  }
}

inline std::string csv(const char* fields, const std::string& text) {
  const Schema schema = parse_fields(fields);
  return drain(schema, *csv_input(schema, lines_of(text)));
}

inline std::string ndjson(const char* fields, const std::string& text) {
  const Schema schema = parse_fields(fields);
  return drain(schema, *ndjson_input(schema, lines_of(text)));
}

inline void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << text << "' lacks '" << part << "'";
}

inline constexpr const char* kTick = "u64 ts, f64 px, s4 sym";

}  // namespace arena_shm::schema
