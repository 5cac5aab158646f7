// Objects for programs, one a line: list and seats with --format ndjson.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace arena_shm::tool {

/// Keys stay in the order in which they are set.
using JsonObject = nlohmann::ordered_json;

/// Texts that are not UTF-8 are repaired.
inline void append_line(std::string& out, const JsonObject& object) {
  out += object.dump(-1, ' ', false, JsonObject::error_handler_t::replace) + '\n';
}

/// `--format table|ndjson|json`, for verbs whose lines are no records.
inline void add_format_option(CLI::App& verb, bool& json_lines) {
  verb.add_option_function<std::string>(
          "--format", [&json_lines](const std::string& format) { json_lines = format != "table"; },
          "table or ndjson (json is the same)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "ndjson", "json"}), "");
}

}  // namespace arena_shm::tool
