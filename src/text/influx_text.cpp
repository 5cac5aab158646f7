#include "text/influx_text.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>

#include "text/utf8.hpp"

namespace arena_shm::text {

namespace {

bool is_hex_digit(char c) { return std::string_view("0123456789abcdefABCDEF").find(c) != std::string_view::npos; }

bool looks_encoded(std::string_view text) {
  return text.size() > 2 && text[0] == '%' && is_hex_digit(text[1]) && is_hex_digit(text[2]);
}

}  // namespace

void append_influx_name(std::string& out, std::string_view name, std::string_view special) {
  const bool is_ill_formed = !is_utf8(name);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const auto byte = static_cast<unsigned char>(c);
    const bool is_encoded = byte < ' ' || byte == 0x7f || c == '\\' || (is_ill_formed && byte >= 0x80) ||
                            (i == 0 && (c == '#' || c == '_')) || looks_encoded(name.substr(i));
    if (is_encoded) {
      fmt::format_to(std::back_inserter(out), "%{:02X}", byte);
      continue;
    }
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
}

}  // namespace arena_shm::text
