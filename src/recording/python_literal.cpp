#include "recording/python_literal.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <utility>

namespace arena_shm::recording {

namespace {

using nlohmann::json;

constexpr int kMaxDepth = 8;

// UTF-8 has no surrogates, and nothing beyond U+10FFFF.
bool append_code_point(std::string& out, std::uint32_t code) {
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return false;
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    if (code >= 0x10000) {
      out += static_cast<char>(0xf0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    } else {
      out += static_cast<char>(0xe0 | code >> 12);
    }
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
  return true;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<json> parse() {
    auto value = parse_value(0);
    skip_spaces();
    return rest_.empty() ? value : std::nullopt;
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
  }

  bool take(std::string_view token) {
    skip_spaces();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  // Recursion is bounded by kMaxDepth.
  std::optional<json> parse_value(int depth) {
    if (depth > kMaxDepth) return std::nullopt;
    if (take("{")) return parse_dictionary(depth);
    if (take("[")) return parse_sequence("]", depth);
    if (take("(")) return parse_sequence(")", depth);
    if (take("True")) return json(true);
    if (take("False")) return json(false);
    if (take("None")) return json(nullptr);
    if (rest_.starts_with('\'') || rest_.starts_with('"')) return parse_text();
    return parse_number();
  }

  std::optional<json> parse_sequence(std::string_view end, int depth) {
    json items = json::array();
    while (!take(end)) {
      auto item = parse_value(depth + 1);
      if (!item) return std::nullopt;
      items.push_back(std::move(*item));
      if (take(",")) continue;
      if (!take(end)) return std::nullopt;
      // What is between parentheses without a comma is no tuple.
      return end == ")" && items.size() == 1 ? items.front() : items;
    }
    return items;
  }

  std::optional<json> parse_dictionary(int depth) {
    json members = json::object();
    while (!take("}")) {
      auto key = parse_value(depth + 1);
      if (!key || !key->is_string() || !take(":")) return std::nullopt;
      auto value = parse_value(depth + 1);
      if (!value) return std::nullopt;
      members[key->get<std::string>()] = std::move(*value);
      if (take(",")) continue;
      if (!take("}")) return std::nullopt;
      break;
    }
    return members;
  }

  std::optional<json> parse_text() {
    const char quote = rest_.front();
    std::string out;
    for (rest_.remove_prefix(1); !rest_.empty();) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == quote) return json(std::move(out));
      if (c != '\\') {
        out += c;
      } else if (!parse_escape(out)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  bool parse_escape(std::string& out) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    switch (c) {
      case '\\':
      case '\'':
      case '"': out += c; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'x': return parse_code_point(out, 2);
      case 'u': return parse_code_point(out, 4);
      case 'U': return parse_code_point(out, 8);
      default: return false;
    }
  }

  bool parse_code_point(std::string& out, std::size_t digits) {
    constexpr int kHexadecimal = 16;
    std::uint32_t code = 0;
    const std::string_view text = rest_.substr(0, digits);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code, kHexadecimal);
    if (error != std::errc{} || end != text.data() + digits) return false;
    rest_.remove_prefix(digits);
    return append_code_point(out, code);
  }

  std::optional<json> parse_number() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{}) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value < 0 ? json(value) : json(static_cast<std::uint64_t>(value));
  }

  std::string_view rest_;
};

}  // namespace

std::optional<json> parse_python_literal(std::string_view text) { return Parser(text).parse(); }

}  // namespace arena_shm::recording
