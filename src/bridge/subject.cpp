#include "bridge/subject.hpp"

#include <algorithm>

namespace arena_shm::bridge {

namespace {

constexpr std::string_view kName = "{name}";
constexpr std::size_t kMostStreamBytes = 255;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string_view token_of(std::string_view& rest) noexcept {
  const std::size_t dot = rest.find('.');
  const std::string_view token = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  return token;
}

}  // namespace

std::string with_name(std::string_view pattern, std::string_view arena) {
  std::string name(arena);
  std::ranges::replace_if(
      name, [](char c) { return !is_plain(c); }, '_');
  std::string out(pattern);
  for (std::size_t at = 0; (at = out.find(kName, at)) != std::string::npos; at += name.size())
    out.replace(at, kName.size(), name);
  return out;
}

std::string stream_defect(std::string_view name) {
  if (!name.empty() && name.size() <= kMostStreamBytes && std::ranges::all_of(name, is_plain)) return "";
  return "expected letters, digits, - and _ as the name of a stream, found '" + std::string(name) + "'";
}

std::string subject_defect(std::string_view subject) {
  std::string_view rest = subject;
  bool is_right = !subject.empty() && subject.back() != '.' && subject.front() != '$';
  while (is_right && !rest.empty()) {
    const std::string_view token = token_of(rest);
    is_right = !token.empty() && std::ranges::all_of(token, is_plain);
  }
  if (is_right) return "";
  return "expected words of letters, digits, - and _ with dots between them as a subject, found '" +
         std::string(subject) + "'";
}

bool subject_matches(std::string_view pattern, std::string_view subject) noexcept {
  while (!pattern.empty() && !subject.empty()) {
    const std::string_view wanted = token_of(pattern);
    if (wanted == ">") return true;
    const std::string_view token = token_of(subject);
    if (wanted != "*" && wanted != token) return false;
  }
  return pattern.empty() && subject.empty();
}

}  // namespace arena_shm::bridge
