#include "text/csv_cell.hpp"

#include "text/utf8.hpp"

namespace arena_shm::text {

void append_csv_cell(std::string& out, std::string_view text) {
  const bool edge_space =
      !text.empty() && (text.front() == ' ' || text.back() == ' ' || text.front() == '\t' || text.back() == '\t');
  if (!edge_space && text.find_first_of(",\"\r\n") == std::string_view::npos) return append_utf8(out, text);
  std::string doubled;
  for (const char c : text) doubled.append(c == '"' ? 2 : 1, c);
  out += '"';
  append_utf8(out, doubled);
  out += '"';
}

}  // namespace arena_shm::text
