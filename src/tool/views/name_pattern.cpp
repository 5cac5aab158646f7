#include "tool/views/name_pattern.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace arena_shm::tool {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool is_pattern(std::string_view text) noexcept { return text.find_first_of("*?[") != std::string_view::npos; }

bool matches(const std::string& pattern, const std::string& name) {
  return pattern == name || ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

bool passes_filter(const std::string& filter, const std::string& name) {
  if (is_pattern(filter) && matches(filter, name)) return true;
  const auto found = std::search(name.begin(), name.end(), filter.begin(), filter.end(),
                                 [](char a, char b) { return lower(a) == lower(b); });
  return found != name.end() || filter.empty();
}

}  // namespace arena_shm::tool
