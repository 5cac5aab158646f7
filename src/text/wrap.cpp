#include "text/wrap.hpp"

#include <algorithm>

#include "text/utf8.hpp"

namespace arena_shm::text {

void append_wrapped(std::string& out, std::string_view text, std::size_t width, std::size_t indent) {
  std::size_t used = character_count(std::string_view(out).substr(out.rfind('\n') + 1));
  bool is_first = true;
  for (std::size_t begin = text.find_first_not_of(' '); begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    begin = text.find_first_not_of(' ', end);
    const std::size_t length = character_count(word);
    if (!is_first && used + 1 + length > width) {
      out += '\n' + std::string(indent, ' ');
      used = indent;
      is_first = true;
    }
    if (!is_first) out += ' ';
    used += length + (is_first ? 0 : 1);
    out += word;
    is_first = false;
  }
  out += '\n';
}

}  // namespace arena_shm::text
