#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "schema/record_input.hpp"
#include "schema/value_text.hpp"
#include "text/utf8.hpp"

namespace arena_shm::schema {

namespace {

using nlohmann::json;

struct Token {
  enum class Type { number, text, boolean, null, open_array, close_array, object } type;
  std::string text;  // of a number just as it stands in the line, so that no digit is lost
};

struct Member {
  std::string key;
  std::vector<Token> value;
};

// The members of one flat object, each as a row of tokens. What an object holds deeper down is not kept.
class LineReader final : public json::json_sax_t {
 public:
  std::vector<Member> members;
  std::string error;  // of the JSON itself
  std::size_t error_byte = 0;
  bool is_object = false;

  bool null() override { return add(Token::Type::null, "null"); }
  bool boolean(bool value) override { return add(Token::Type::boolean, value ? "true" : "false"); }
  bool number_integer(json::number_integer_t value) override {
    return add(Token::Type::number, fmt::format("{}", value));
  }
  bool number_unsigned(json::number_unsigned_t value) override {
    return add(Token::Type::number, fmt::format("{}", value));
  }
  bool number_float(json::number_float_t, const std::string& text) override { return add(Token::Type::number, text); }
  bool string(std::string& value) override { return add(Token::Type::text, std::move(value)); }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(std::size_t) override {
    if (depth_++ == 0) return is_object = true;
    if (depth_ == 2) members.back().value.push_back({Token::Type::object, "an object"});
    return true;
  }
  bool key(std::string& name) override {
    if (depth_ == 1) members.push_back({std::move(name), {}});
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override { return depth_ == 0 ? false : add(Token::Type::open_array, "an array"); }
  bool end_array() override { return add(Token::Type::close_array, "the end of an array"); }
  bool parse_error(std::size_t byte, const std::string& last, const json::exception&) override {
    error = last;
    error_byte = byte;
    return false;
  }

 private:
  bool add(Token::Type type, std::string text) {
    if (depth_ == 0) return false;
    if (depth_ == 1) members.back().value.push_back({type, std::move(text)});
    return true;
  }

  std::size_t depth_ = 0;  // of objects
};

// The tokens of one member as the elements of one field.
class ValueReader {
 public:
  ValueReader(const Field& field, const std::vector<Token>& tokens, std::span<std::byte> record)
      : field_(field), tokens_(tokens), record_(record) {}

  std::optional<Mismatch> read() { return read_dimension(0); }

 private:
  // Recursion is as deep as the field's shape.
  std::optional<Mismatch> read_dimension(std::size_t dimension) {
    if (dimension == field_.shape.size()) return read_element();
    const std::size_t extent = field_.shape[dimension];
    if (tokens_[at_].type != Token::Type::open_array) return wrong_shape(extent, shown(tokens_[at_]));
    ++at_;
    for (std::size_t i = 0; i < extent; ++i) {
      if (tokens_[at_].type == Token::Type::close_array) return wrong_shape(extent, fmt::format("{}", i));
      if (auto wrong = read_dimension(dimension + 1)) return wrong;
    }
    if (tokens_[at_].type != Token::Type::close_array) return wrong_shape(extent, "more");
    ++at_;
    return std::nullopt;
  }

  std::optional<Mismatch> read_element() {
    using Type = Token::Type;
    const Token& token = tokens_[at_++];
    const auto element = field_.element(record_, element_++);
    bool fits = false;
    switch (field_.kind) {
      case Kind::text: fits = token.type == Type::text; break;
      case Kind::boolean: fits = token.type == Type::boolean || token.type == Type::number; break;
      case Kind::floating:
        if (token.type == Type::null) return parse_value(field_, "nan", element);
        [[fallthrough]];
      case Kind::unsigned_integer:
      case Kind::signed_integer: fits = token.type == Type::number || token.type == Type::text; break;
    }
    if (!fits) return Mismatch{std::string(wanted()), shown(token), {}};
    return parse_value(field_, token.text, element);
  }

  std::string_view wanted() const {
    switch (field_.kind) {
      case Kind::text: return "a text in quotes";
      case Kind::boolean: return "true or false";
      case Kind::floating: return "a number or null";
      default: return "an integer";
    }
  }

  static std::string shown(const Token& token) {
    if (token.type == Token::Type::text) return text::excerpt(token.text);
    return token.text;
  }

  Mismatch wrong_shape(std::size_t extent, std::string found) const {
    return {fmt::format("an array of {} elements ({})", extent, field_.type_name()), std::move(found), {}};
  }

  const Field& field_;
  const std::vector<Token>& tokens_;  // the JSON parser sees to it that brackets match
  std::span<std::byte> record_;
  std::size_t at_ = 0;
  std::size_t element_ = 0;
};

class NdjsonInput final : public RecordInput {
 public:
  NdjsonInput(Schema schema, LineSource lines) : schema_(std::move(schema)), lines_(std::move(lines)) {}

  InputStatus next(std::span<std::byte> record) override {
    while (const auto line = lines_()) {
      if (line->text.find_first_not_of(" \t\r") == std::string::npos) continue;
      refusal_ = {.line = line->number, .column = {}, .expected = {}, .found = {}, .remedy = {}};
      if (line->cut) return refuse({}, "a shorter line", fmt::format("more than {} bytes", line->text.size()), {});
      LineReader reader;
      if (!json::sax_parse(line->text, &reader)) return refuse_json(reader);
      if (reader.members.size() == 1 && reader.members.front().key == kGapKey) continue;
      return fill(reader.members, record);
    }
    return InputStatus::end;
  }

 private:
  InputStatus refuse(std::string column, std::string expected, std::string found, std::string remedy) {
    refusal_.column = std::move(column);
    refusal_.expected = std::move(expected);
    refusal_.found = std::move(found);
    refusal_.remedy = std::move(remedy);
    return InputStatus::refused;
  }

  InputStatus refuse_json(const LineReader& reader) {
    if (!reader.is_object && reader.error.empty()) return refuse({}, "a JSON object", "another value", example());
    return refuse(fmt::format("byte {}", reader.error_byte), "a whole JSON object", text::excerpt(reader.error),
                  "write one object a line");
  }

  std::string example() const {
    return fmt::format("write {{\"{}\": ...}}, with all of {}", text::printable(schema_.fields.front().name),
                       schema_.names());
  }

  InputStatus fill(const std::vector<Member>& members, std::span<std::byte> record) {
    std::fill(record.begin(), record.end(), std::byte{0});
    std::vector<bool> seen(schema_.fields.size());
    for (const Member& member : members) {
      if (member.key == kSeqColumn && schema_.find(kSeqColumn) == nullptr) continue;
      const std::string column = fmt::format("field '{}'", text::printable(member.key.substr(0, kMaxNameBytes)));
      const Field* field = schema_.find(member.key);
      if (field == nullptr) return refuse({}, "only the fields " + schema_.names(), column, "remove it");
      const auto index = static_cast<std::size_t>(field - schema_.fields.data());
      if (seen[index]) return refuse(column, "each field once", "it twice", "remove one of them");
      seen[index] = true;
      if (auto wrong = ValueReader(*field, member.value, record).read()) {
        return refuse(column, std::move(wrong->expected), std::move(wrong->found), std::move(wrong->remedy));
      }
    }
    const auto missing = std::find(seen.begin(), seen.end(), false);
    if (missing == seen.end()) return InputStatus::record;
    const Field& field = schema_.fields[static_cast<std::size_t>(missing - seen.begin())];
    return refuse({}, "all of the fields " + schema_.names(), fmt::format("no '{}'", text::printable(field.name)),
                  "give every field a value");
  }

  Schema schema_;
  LineSource lines_;
};

}  // namespace

std::unique_ptr<RecordInput> ndjson_input(const Schema& schema, LineSource lines) {
  return std::make_unique<NdjsonInput>(schema, std::move(lines));
}

}  // namespace arena_shm::schema
