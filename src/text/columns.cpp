#include "text/columns.hpp"

#include <clocale>
#include <cwchar>

#include "text/utf8.hpp"

namespace arena_shm::text {

namespace {

constexpr wchar_t kReplacementCode = 0xfffd;

// Of a well-formed sequence.
wchar_t decoded(std::string_view bytes) noexcept {
  auto code = static_cast<unsigned char>(bytes.front()) & (0xffU >> (bytes.size() == 1 ? 0 : bytes.size() + 1));
  for (const char c : bytes.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  return static_cast<wchar_t>(code);
}

// wcwidth knows only what the thread's locale has, and that may be "C".
std::size_t columns_of(wchar_t code) noexcept {
  static const locale_t unicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (unicode == nullptr) return 1;
  const locale_t before = ::uselocale(unicode);
  const int width = ::wcwidth(code);
  ::uselocale(before);
  return width < 0 ? 1 : static_cast<std::size_t>(width);  // one that is newer than the library
}

}  // namespace

Character first_character(std::string_view text) noexcept {
  const std::size_t count = character_bytes(text);
  if (count == 0) return {.bytes = text.substr(0, 1), .code = kReplacementCode, .columns = 1};
  const wchar_t code = decoded(text.substr(0, count));
  return {.bytes = text.substr(0, count), .code = code, .columns = count == 1 ? 1 : columns_of(code)};
}

std::size_t column_count(std::string_view text) noexcept {
  std::size_t count = 0;
  while (!text.empty()) {
    const Character first = first_character(text);
    count += first.columns;
    text.remove_prefix(first.bytes.size());
  }
  return count;
}

std::size_t fitting_bytes(std::string_view text, std::size_t columns) noexcept {
  std::size_t end = 0;
  while (end < text.size()) {
    const Character next = first_character(text.substr(end));
    if (next.columns > columns) break;
    columns -= next.columns;
    end += next.bytes.size();
  }
  return end;
}

}  // namespace arena_shm::text
