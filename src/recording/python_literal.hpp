// Python's way to write a value down, as the headers of .npy files have it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace arena_shm::recording {

/// Dictionaries, lists, tuples (as arrays), texts, whole numbers, True, False and None; what ast.literal_eval takes of
/// them in UTF-8. Returns: nothing if the text is anything else, or nested deeper than a header needs.
std::optional<nlohmann::json> parse_python_literal(std::string_view text);

}  // namespace arena_shm::recording
