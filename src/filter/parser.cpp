#include "filter/parser.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "text/utf8.hpp"

namespace arena_shm::filter {

namespace {

constexpr std::initializer_list<Sign> kRelations{Sign::equal,      Sign::unequal, Sign::less,
                                                 Sign::less_equal, Sign::greater, Sign::greater_equal};

class Parser {
 public:
  explicit Parser(std::string_view expression) : all_(expression), tokens_(tokens_of(expression)) {}

  Node run() {
    if (now().sign == Sign::end) {
      refuse(now(), "a condition, like 'px > 100.5 && sym == \"ES\"'", "leave out the filter to get all values");
    }
    Node node = either();
    if (now().sign != Sign::end) refuse_rest();
    return node;
  }

 private:
  const Token& now() const { return tokens_[at_]; }
  bool is_one_of(std::initializer_list<Sign> signs) const {
    for (const Sign sign : signs) {
      if (now().sign == sign) return true;
    }
    return false;
  }

  [[noreturn]] void refuse(const Token& token, std::string expected, std::string remedy) const {
    const bool is_end = token.sign == Sign::end;
    throw Complaint(all_, token.place,
                    {.expected = std::move(expected),
                     .found = is_end ? "the end" : text::excerpt(source_of(all_, token)),
                     .remedy = std::move(remedy)});
  }

  [[noreturn]] void refuse_rest() const {
    if (is_one_of(kRelations))
      refuse(now(), "&& between two comparisons", "write 1 < px && px < 3 for what is between 1 and 3");
    if (now().sign == Sign::close) refuse(now(), "an operator or the end", "there is no '(' for it");
    refuse(now(), "an operator or the end", "write && or || between two conditions");
  }

  // A chain of parts of a higher precedence; one part alone is itself.
  Node chain(Sign sign, std::initializer_list<Sign> between, Node (Parser::*part)()) {
    Node first = (this->*part)();
    if (!is_one_of(between)) return first;
    Node node{.sign = sign};
    node.parts.push_back(std::move(first));
    while (is_one_of(between)) {
      node.signs.push_back(now().sign);
      node.sign_places.push_back(now().place);
      ++at_;
      node.parts.push_back((this->*part)());
    }
    node.place = span_of(node.parts.front().place, node.parts.back().place);
    return node;
  }

  Node either() { return chain(Sign::either, {Sign::either}, &Parser::both); }
  Node both() { return chain(Sign::both, {Sign::both}, &Parser::comparison); }
  Node sum() { return chain(Sign::plus, {Sign::plus, Sign::minus}, &Parser::product); }
  Node product() { return chain(Sign::times, {Sign::times, Sign::divide, Sign::remainder}, &Parser::unary); }

  Node comparison() {
    Node left = sum();
    if (!is_one_of(kRelations)) return left;
    Node node{.sign = Sign::equal, .signs = {now().sign}, .sign_places = {now().place}};
    ++at_;
    Node right = sum();
    if (is_one_of(kRelations)) refuse_rest();
    node.place = span_of(left.place, right.place);
    node.parts.push_back(std::move(left));
    node.parts.push_back(std::move(right));
    return node;
  }

  Node unary() {
    if (!is_one_of({Sign::no, Sign::minus})) return primary();
    Node node{.sign = now().sign, .place = now().place};
    descend();
    ++at_;
    node.parts.push_back(unary());
    node.place.end = node.parts.front().place.end;
    --depth_;
    return node;
  }

  Node primary() {
    const Token& token = now();
    if (token.sign == Sign::open) return parenthesis();
    if (!is_one_of({Sign::number, Sign::duration, Sign::text, Sign::path}))
      refuse(token, "a field, a number, a text or '('", remedy_for(token.sign));
    ++at_;
    Node node{.sign = token.sign,
              .place = token.place,
              .text = token.text,
              .number = token.number,
              .is_quoted = token.is_quoted};
    if (node.sign != Sign::path || now().sign != Sign::open) return node;
    node.sign = Sign::open;
    descend();
    do {
      ++at_;
      node.parts.push_back(either());
    } while (now().sign == Sign::comma);
    close(node.place);
    --depth_;
    return node;
  }

  static const char* remedy_for(Sign sign) {
    if (sign == Sign::end) return "something is missing at the end";
    if (sign == Sign::equal) return "write == once";
    return "something is missing before it";
  }

  // With its parentheses: so a complaint shows all of it.
  Node parenthesis() {
    Place place = now().place;
    descend();
    ++at_;
    Node node = either();
    close(place);
    node.place = place;
    --depth_;
    return node;
  }

  void close(Place& place) {
    if (now().sign != Sign::close) {
      if (is_one_of(kRelations)) refuse_rest();
      refuse(now(), "an operator or ')'", fmt::format("a '(' before it is still open"));
    }
    place.end = now().place.end;
    ++at_;
  }

  void descend() {
    if (++depth_ > kMaxNesting) {
      refuse(now(), fmt::format("at most {} parentheses, '!' and '-' within each other", kMaxNesting),
             "write it flatter");
    }
  }

  std::string_view all_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

Node parse(std::string_view expression) {
  if (expression.size() > kMaxExpressionBytes) {
    throw Complaint(expression, {kMaxExpressionBytes, kMaxExpressionBytes},
                    {.expected = fmt::format("an expression of at most {} bytes", kMaxExpressionBytes),
                     .found = fmt::format("{}", expression.size()),
                     .remedy = "write a shorter one"});
  }
  return Parser(expression).run();
}

}  // namespace arena_shm::filter
