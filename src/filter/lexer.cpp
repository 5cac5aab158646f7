#include "filter/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "text/quantity_input.hpp"
#include "text/utf8.hpp"

namespace arena_shm::filter {

namespace {

struct Spelling {
  std::string_view text;
  Sign sign;
};
// The longer ones first.
constexpr std::array kSpellings{
    Spelling{"&&", Sign::both},    Spelling{"||", Sign::either},     Spelling{"==", Sign::equal},
    Spelling{"!=", Sign::unequal}, Spelling{"<=", Sign::less_equal}, Spelling{">=", Sign::greater_equal},
    Spelling{"<", Sign::less},     Spelling{">", Sign::greater},     Spelling{"!", Sign::no},
    Spelling{"+", Sign::plus},     Spelling{"-", Sign::minus},       Spelling{"*", Sign::times},
    Spelling{"/", Sign::divide},   Spelling{"%", Sign::remainder},   Spelling{"(", Sign::open},
    Spelling{")", Sign::close},    Spelling{",", Sign::comma}};
constexpr std::array kWords{Spelling{"and", Sign::both}, Spelling{"or", Sign::either}, Spelling{"not", Sign::no}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int digit_of(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

// Nothing if it is no whole number, or none that fits.
std::optional<Wide> whole_of(std::string_view digits, int base) {
  Wide value = 0;
  for (const char c : digits) {
    if (digit_of(c) >= base || __builtin_mul_overflow(value, Wide{base}, &value) ||
        __builtin_add_overflow(value, Wide{digit_of(c)}, &value))
      return std::nullopt;
  }
  return digits.empty() ? std::nullopt : std::make_optional(value);
}

class Lexer {
 public:
  explicit Lexer(std::string_view expression) : all_(expression) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    do {
      while (at_ < all_.size() && is_space(all_[at_])) ++at_;
      begin_ = at_;
      tokens.push_back(next());
      tokens.back().place = {begin_, at_};
    } while (tokens.back().sign != Sign::end);
    return tokens;
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < all_.size() ? all_[at_ + ahead] : '\0'; }
  std::string_view taken() const { return all_.substr(begin_, at_ - begin_); }

  [[noreturn]] void refuse(const Place& place, std::string expected, std::string remedy) const {
    throw Complaint(all_, place,
                    {.expected = std::move(expected),
                     .found = text::excerpt(all_.substr(place.begin, place.end - place.begin)),
                     .remedy = std::move(remedy)});
  }

  Token next() {
    if (at_ == all_.size()) return {};
    if (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) return number();
    if (peek() == '"' || peek() == '\'') return text();
    if (is_letter(peek()) || peek() == '`') return path();
    for (const Spelling& spelling : kSpellings) {
      if (!all_.substr(at_).starts_with(spelling.text)) continue;
      at_ += spelling.text.size();
      return {.sign = spelling.sign};
    }
    refuse_character();
  }

  [[noreturn]] void refuse_character() {
    const char c = peek();
    const Place place{at_, at_ + std::max<std::size_t>(text::character_bytes(all_.substr(at_)), 1)};
    const char* remedy = "a field whose name has other characters than letters, digits and _ is written as `my field`";
    if (c == '=') remedy = "write == to compare";
    if (c == '&') remedy = "write && for 'and'; for bits, write has(flags, 4)";
    if (c == '|') remedy = "write || for 'or'; for bits, write has(flags, 4)";
    if (c == '[') remedy = "elements are written behind the name of their field, like pos[2]";
    refuse(place, "a field, a number, a text or an operator", remedy);
  }

  // Digits and letters as far as they go: what they mean is asked afterwards, so that 12abc is one mistake.
  Token number() {
    const bool is_hexadecimal = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
    while (is_digit(peek()) || is_letter(peek()) || peek() == '.') {
      const bool exponent = !is_hexadecimal && (peek() == 'e' || peek() == 'E') &&
                            taken().find_first_not_of("0123456789.") == std::string_view::npos;
      ++at_;
      if (exponent && (peek() == '-' || peek() == '+') && is_digit(peek(1))) ++at_;
    }
    const std::string_view word = taken();
    const auto value = is_hexadecimal ? whole_of(word.substr(2), 16) : whole_of(word, 10);
    if (value) return {.sign = Sign::number, .number = whole(*value)};
    if (word.find_first_not_of("0123456789") == std::string_view::npos)
      refuse({begin_, at_}, "a number below 2^127", "no field holds such a number");
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (!is_hexadecimal && end == word.data() + word.size()) {
      if (error == std::errc{}) return {.sign = Sign::number, .number = real(number)};
      refuse({begin_, at_}, "a number that a double can hold", "write a smaller exponent");
    }
    if (const auto duration = text::read_duration(word, text::BareNumber::is_refused); duration && !is_hexadecimal)
      return {.sign = Sign::duration, .number = whole(duration->count())};
    refuse({begin_, at_}, "a number, like 12, 0x1f, 1.5 or 2e-3, or a time span, like 500ms or 1h30m",
           "texts are written in quotes: \"ES\"");
  }

  Token text() {
    const char quote = peek();
    std::string text;
    for (++at_; at_ < all_.size() && peek() != quote; ++at_) {
      text += peek() == '\\' ? escaped() : peek();
    }
    if (at_ == all_.size()) {
      throw Complaint(all_, {begin_, begin_ + 1},
                      {.expected = fmt::format("a text that ends with {}", quote),
                       .found = "no end",
                       .remedy = "close the quotes; inside of them, write \\\" and \\' for quotes"});
    }
    ++at_;
    return {.sign = Sign::text, .text = std::move(text)};
  }

  // Leaves the place at the last character of it.
  char escaped() {
    const std::size_t begin = at_++;
    constexpr std::string_view kLetters = "\\\"'nrt0";
    constexpr std::string_view kMeant{"\\\"'\n\r\t\0", kLetters.size()};
    if (const std::size_t i = kLetters.find(peek()); at_ < all_.size() && i != std::string_view::npos) return kMeant[i];
    const auto value = whole_of(all_.substr(std::min(at_ + 1, all_.size()), 2), 16);
    if (peek() != 'x' || !value || at_ + 2 >= all_.size())
      refuse({begin, std::min(at_ + 1, all_.size())}, "\\\\, \\\", \\', \\n, \\r, \\t, \\0 or \\x7f",
             "write \\\\ for a backslash");
    at_ += 2;
    return static_cast<char>(static_cast<unsigned char>(*value));
  }

  // "leg.px", "Side::sell", "pos[1][2]", "`my field`[0]", without the spaces and quotes.
  Token path() {
    Token token{.sign = Sign::path};
    for (;;) {
      append_name(token);
      append_subscripts(token);
      const std::size_t dots = peek() == '.' ? 1 : 2;
      if (peek() != '.' && !all_.substr(at_).starts_with("::")) break;
      if (!is_letter(peek(dots)) && peek(dots) != '`') break;
      at_ += dots;
      token.text += '.';
    }
    if (token.is_quoted) return token;
    const auto word = std::ranges::find(kWords, std::string_view(token.text), &Spelling::text);
    return word == kWords.end() ? token : Token{.sign = word->sign};
  }

  void append_name(Token& token) {
    if (peek() != '`') {
      while (is_letter(peek()) || is_digit(peek())) token.text += all_[at_++];
      return;
    }
    const std::size_t end = all_.find('`', at_ + 1);
    if (end == std::string_view::npos)
      refuse({at_, at_ + 1}, "the name of a field between two `", "close the backquotes");
    token.text += all_.substr(at_ + 1, end - at_ - 1);
    token.is_quoted = true;
    at_ = end + 1;
  }

  void append_subscripts(Token& token) {
    while (peek() == '[') {
      const std::size_t end = all_.find(']', at_);
      const std::string_view digits = end == std::string_view::npos ? "" : all_.substr(at_ + 1, end - at_ - 1);
      if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
        refuse({at_, end == std::string_view::npos ? at_ + 1 : end + 1}, "the number of an element, like [2]",
               "elements are counted from 0, and their numbers are constants");
      token.text += all_.substr(at_, end + 1 - at_);
      at_ = end + 1;
    }
  }

  std::string_view all_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
};

}  // namespace

std::string_view source_of(std::string_view expression, const Token& token) {
  return expression.substr(token.place.begin, token.place.end - token.place.begin);
}

std::vector<Token> tokens_of(std::string_view expression) { return Lexer(expression).run(); }

}  // namespace arena_shm::filter
