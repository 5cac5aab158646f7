// CSV as RFC 4180 has it.
#pragma once

#include <string>
#include <string_view>

namespace arena_shm::text {

/// Appends a text as one CSV cell.
void append_csv_cell(std::string& out, std::string_view text);

}  // namespace arena_shm::text
