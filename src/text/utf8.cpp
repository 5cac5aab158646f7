#include "text/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace arena_shm::text {

// Unicode 15, table 3-7.
std::size_t character_bytes(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  std::size_t count = 0;
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    count = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    count = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    count = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  }
  if (count == 0 || text.size() < count || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < count; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return count;
}

namespace {

// Calls good(sequence) for each character, bad(byte) for each byte that belongs to none.
template <class Good, class Bad>
void for_each_character(std::string_view text, Good&& good, Bad&& bad) {
  while (!text.empty()) {
    const std::size_t count = character_bytes(text);
    if (count == 0) {
      bad(static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
    } else {
      good(text.substr(0, count));
      text.remove_prefix(count);
    }
  }
}

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// C0, DEL, and C1, which some terminals obey when it comes as UTF-8.
bool is_control(std::string_view character) noexcept {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

void append_escaped_byte(std::string& out, unsigned char byte) {
  fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t count = character_bytes(text);
    if (count == 0) return false;
    text.remove_prefix(count);
  }
  return true;
}

std::size_t whole_bytes(std::string_view text, std::size_t most) noexcept {
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t next = end + std::max<std::size_t>(character_bytes(text.substr(end)), 1);
    if (next > most) break;
    end = next;
  }
  return end;
}

void append_utf8(std::string& out, std::string_view text) {
  for_each_character(
      text, [&](std::string_view good) { out += good; }, [&](unsigned char) { out += kReplacement; });
}

void append_printable(std::string& out, std::string_view text) {
  for_each_character(
      text,
      [&](std::string_view good) {
        if (good == "\n") {
          out += "\\n";
        } else if (good == "\t") {
          out += "\\t";
        } else if (is_control(good)) {
          for (const char c : good) append_escaped_byte(out, static_cast<unsigned char>(c));
        } else {
          out += good;
        }
      },
      [&](unsigned char bad) { append_escaped_byte(out, bad); });
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text);
  return out;
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t kShown = 40;
  if (text.empty()) return "nothing";
  return fmt::format("'{}'{}", printable(text.substr(0, whole_bytes(text, kShown))),
                     text.size() > kShown ? " ..." : "");
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for_each_character(
      text,
      [&](std::string_view good) {
        const char c = good.front();
        if (c == '"' || c == '\\') {
          out += '\\';
          out += c;
        } else if (c == '\n') {
          out += "\\n";
        } else if (c == '\r') {
          out += "\\r";
        } else if (c == '\t') {
          out += "\\t";
        } else if (is_control(good)) {
          const unsigned code = good.size() == 1 ? static_cast<unsigned char>(good[0])
                                                 : static_cast<unsigned char>(good[1]);  // C2 80..9F is U+0080..9F
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
        } else {
          out += good;
        }
      },
      [&](unsigned char) { out += kReplacement; });
  out += '"';
}

}  // namespace arena_shm::text
