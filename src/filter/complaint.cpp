#include "filter/complaint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "text/columns.hpp"
#include "text/text_table.hpp"
#include "text/utf8.hpp"

namespace arena_shm::filter {

namespace {

std::size_t column_of(std::string_view expression, std::size_t at) {
  return text::column_count(text::printable(expression.substr(0, at))) + 1;
}

// More than is shown of it, whatever characters it is of.
constexpr std::size_t kLookedAt = 500;

std::string picture_of(std::string_view expression, const Place& place) {
  constexpr std::size_t kBefore = 30;
  constexpr std::size_t kAt = 40;
  constexpr std::size_t kLine = 76;
  const std::size_t end = std::clamp(place.end, place.begin, expression.size());
  std::string before = text::printable(expression.substr(0, place.begin));
  if (const std::size_t columns = text::column_count(before); columns > kBefore)
    before = "…" + before.substr(text::fitting_bytes(before, columns - kBefore));
  const std::string_view part = expression.substr(place.begin, end - place.begin);
  const std::string_view rest = expression.substr(end);
  const std::string at = text::cut(text::printable(part.substr(0, text::whole_bytes(part, kLookedAt))), kAt);
  const std::size_t indent = text::column_count(before);
  const std::size_t width = text::column_count(at);
  const std::string after =
      text::cut(text::printable(rest.substr(0, text::whole_bytes(rest, kLookedAt))), kLine - indent - width);
  return fmt::format("  {}{}{}\n  {}{}", before, at, after, std::string(indent, ' '),
                     std::string(std::max<std::size_t>(width, 1), '^'));
}

}  // namespace

Complaint::Complaint(std::string_view expression, const Place& place, Parts parts)
    : Error(Code::invalid_argument,
            {.name = {},
             .doing = fmt::format("understand the filter at column {}", column_of(expression, place.begin)),
             .expected = std::move(parts.expected),
             .found = std::move(parts.found),
             .remedy = std::move(parts.remedy)}),
      column_(column_of(expression, place.begin)),
      picture_(picture_of(expression, place)) {}

Complaint::Complaint(const Complaint& other, const std::string& name)
    : Error(other.code(), {.name = name,
                           .doing = other.doing() + ", for the values of",
                           .expected = other.expected(),
                           .found = other.found(),
                           .remedy = other.remedy()}),
      column_(other.column_),
      picture_(other.picture_) {}

Complaint Complaint::about(const std::string& name) const { return {*this, name}; }

}  // namespace arena_shm::filter
