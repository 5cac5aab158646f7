// What may be the name of a segment.
#include <algorithm>
#include <string>
#include <utility>

#include "arena_shm/core/segment.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

/// The character that the text begins with, as a message has it.
std::string character_text(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first == ' ') return "a space";
  if (first < ' ' || first == 0x7f) return "a control character";
  std::size_t bytes = 1;
  while (first >= 0x80 && bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) ++bytes;
  return '\'' + std::string(text.substr(0, bytes)) + '\'';
}

/// What is wrong with a name that begins there; nothing if it can be used.
std::string fault_of_name(std::string_view name, std::size_t begin) {
  constexpr std::size_t kMostCharacters = 200;
  const std::size_t count = name.size() - begin;
  if (count == 0) return "an empty name";
  const auto is_fit = [](unsigned char c) { return c > ' ' && c != '/' && c < 0x7f; };
  const bool is_hidden = name[begin] == '.' || name[begin] == '-';
  const auto wrong = is_hidden ? name.begin() + begin : std::find_if_not(name.begin() + begin, name.end(), is_fit);
  if (wrong != name.end()) {
    const auto at = static_cast<std::size_t>(wrong - name.begin());
    return character_text(name.substr(at)) + " at position " + std::to_string(at + 1);
  }
  return count > kMostCharacters ? std::to_string(count) + " characters" : "";
}

}  // namespace

std::string checked_name(std::string_view name) {
  const std::size_t begin = name.starts_with('/') ? 1 : 0;
  std::string found = fault_of_name(name, begin);
  if (found.empty()) return std::string(name.substr(begin));
  throw Error(Code::invalid_name,
              {.name = std::string(name),
               .doing = "use the name",
               .expected = "1 to 200 printable ASCII characters without space or '/', not beginning with '.' or '-'",
               .found = std::move(found),
               .remedy = "choose another name"});
}

}  // namespace arena_shm::core
