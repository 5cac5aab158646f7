#include "tool/verbs/text_options.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace arena_shm::tool {

namespace {

char one_character(const std::string& option, const std::string& text, std::string_view forbidden) {
  if (text.size() == 1 && forbidden.find(text.front()) == std::string_view::npos) return text.front();
  terminal::refuse_value(option, fmt::format("expected one character, found '{}'", text));
}

char delimiter_of(const std::string& text) {
  if (text == "comma") return ',';
  if (text == "semicolon") return ';';
  if (text == "tab" || text == "\\t") return '\t';
  if (text == "space") return ' ';
  return one_character("--delimiter", text, "\"\r\n");
}

std::vector<std::string> names_of(std::string_view text) {
  std::vector<std::string> names;
  for (;;) {
    const std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name.empty()) terminal::refuse_value("--header", "expected the columns' names, like ts,px");
    names.emplace_back(name);
    if (comma == std::string_view::npos) return names;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

void add_text_options(const terminal::Command& verb, recording::TextDialect& dialect) {
  verb.add_option(
          "--delimiter", [&dialect](const std::string& text) { dialect.delimiter = delimiter_of(text); },
          "What separates the cells of CSV: comma, semicolon, tab, space or another character (default: detected)")
      .type_name("CHAR");
  verb.add_option(
          "--header", [&dialect](const std::string& text) { dialect.header = names_of(text); },
          "The names of the columns, like ts,px, if the CSV has no header line")
      .type_name("NAMES");
  verb.add_option(
          "--comment",
          [&dialect](const std::string& text) { dialect.comment = one_character("--comment", text, "\"\r\n"); },
          "Ignore lines of CSV that begin with this character (default: #, if no value can begin with it)")
      .type_name("CHAR");
}

}  // namespace arena_shm::tool
