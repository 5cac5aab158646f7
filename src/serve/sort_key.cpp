#include "serve/sort_key.hpp"

#include <fmt/format.h>

#include <iterator>

namespace arena_shm::serve {

void append_number(std::string& out, const Number& number, std::uint64_t key) {
  const auto end = std::back_inserter(out);
  if (number.is_floating()) {
    if (key == kNoKey)
      out += "null";
    else if (number.bytes == 4)
      fmt::format_to(end, "{}", static_cast<float>(double_of(key)));  // the fewest digits that say which float it is
    else
      fmt::format_to(end, "{}", double_of(key));
    return;
  }
  const char* quote = number.is_wide() ? "\"" : "";
  if (number.is_signed())
    fmt::format_to(end, "{}{}{}", quote, static_cast<std::int64_t>(key ^ kSignBit), quote);
  else
    fmt::format_to(end, "{}{}{}", quote, key, quote);
}

}  // namespace arena_shm::serve
