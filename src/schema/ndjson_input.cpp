#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "schema/number_text.hpp"
#include "schema/record_input.hpp"
#include "schema/value_text.hpp"
#include "schema/value_time.hpp"
#include "text/quantities.hpp"
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

// No record, but what tail tells among them.
bool is_told_beside(const std::vector<Member>& members) {
  const std::size_t besides = !members.empty() && members.front().key == kArenaColumn ? 1 : 0;
  if (members.size() != besides + 1) return false;
  const Member& member = members.back();
  if (member.key == kGapKey) return true;
  return member.key == kRestartKey && member.value.size() == 1 && member.value.front().type == Token::Type::object;
}

// The members of one flat object, each as a row of tokens. What an object holds deeper down is not kept, and nothing
// after so many tokens as no record has.
class LineReader final : public json::json_sax_t {
 public:
  explicit LineReader(std::size_t most_tokens) : most_tokens_(most_tokens) {}

  std::vector<Member> members;
  std::string error;  // of the JSON itself
  std::size_t error_byte = 0;
  bool is_object = false;
  bool is_too_long = false;

  bool null() override { return add(Token::Type::null, "null"); }
  bool boolean(bool value) override { return add(Token::Type::boolean, value ? "true" : "false"); }
  bool number_integer(json::number_integer_t value) override {  // has a minus sign: 0 is -0
    return add(Token::Type::number, value == 0 ? "-0" : fmt::format("{}", value));
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
    return count();
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
    return count();
  }
  bool count() {
    is_too_long = ++token_count_ > most_tokens_;
    return !is_too_long;
  }

  std::size_t most_tokens_;
  std::size_t token_count_ = 0;
  std::size_t depth_ = 0;  // of objects
};

// The tokens of one member as the elements of one field.
class ValueReader {
 public:
  ValueReader(const Field& field, const std::vector<Token>& tokens, std::span<std::byte> record, const Missing& missing)
      : field_(field), tokens_(tokens), record_(record), missing_(missing) {}

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
        if (token.type == Type::null) return parse_value(field_, "nan", element, missing_);
        [[fallthrough]];
      case Kind::unsigned_integer:
      case Kind::signed_integer: fits = token.type == Type::number || token.type == Type::text; break;
    }
    if (!fits && token.type == Type::null) return Mismatch{std::string(wanted()), "null", std::string(kNotMissing)};
    if (!fits) return Mismatch{std::string(wanted()), shown(token), {}};
    return parse_value(field_, token.text, element, missing_);
  }

  static constexpr std::string_view kNotMissing =
      "only fields of f32 and f64 can be empty (NaN): write a value, or leave the line out";

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
    return {
        fmt::format("an array of {} ({})", text::counted(extent, "element"), field_.type_name()), std::move(found), {}};
  }

  const Field& field_;
  const std::vector<Token>& tokens_;  // the JSON parser sees to it that brackets match
  std::span<std::byte> record_;
  const Missing& missing_;
  std::size_t at_ = 0;
  std::size_t element_ = 0;
};

class NdjsonInput final : public RecordInput {
 public:
  NdjsonInput(Schema schema, LineSource lines, Missing missing)
      : schema_(with_times(std::move(schema))), lines_(std::move(lines)), missing_(std::move(missing)) {
    for (const Field& field : schema_.fields) {
      by_name_.push_back(&field);
      most_tokens_ += 2 + field.element_count() * (2 * field.shape.size() + 1);
    }
    std::ranges::sort(by_name_, {}, &Field::name);
  }

  InputStatus next(std::span<std::byte> record) override {
    while (const auto line = lines_()) {
      if (line->text.find_first_not_of(" \t\r") == std::string::npos) continue;
      refusal_ = {.line = line->number, .column = {}, .expected = {}, .found = {}, .remedy = {}};
      if (line->cut) return refuse({}, "a shorter line", fmt::format("more than {} bytes", line->text.size()), {});
      LineReader reader(most_tokens_);
      if (!json::sax_parse(line->text, &reader)) return refuse_json(reader, line->text);
      if (is_told_beside(reader.members)) continue;
      return fill(reader.members, record);
    }
    return InputStatus::end;
  }

 private:
  const Field* find(std::string_view name) const {
    const auto at =
        std::ranges::lower_bound(by_name_, name, {}, [](const Field* f) -> std::string_view { return f->name; });
    return at != by_name_.end() && (*at)->name == name ? *at : nullptr;
  }

  InputStatus refuse(std::string column, std::string expected, std::string found, std::string remedy) {
    refusal_.column = std::move(column);
    refusal_.expected = std::move(expected);
    refusal_.found = std::move(found);
    refusal_.remedy = std::move(remedy);
    return InputStatus::refused;
  }

  InputStatus refuse_json(const LineReader& reader, std::string_view line) {
    if (!reader.is_object && reader.error.empty()) return refuse({}, "a JSON object", "another value", example());
    if (reader.is_too_long) return refuse({}, "the values of one record", "many more", example());
    return refuse(fmt::format("byte {}", reader.error_byte), "a whole JSON object", text::excerpt(reader.error),
                  is_at_number(line, reader.error_byte)
                      ? R"(JSON has no such number: write null, "Infinity" or "-Infinity")"
                      : "write one object per line");
  }

  // The number around a byte (from 1) that JSON, or a double, lacks: what Python's json writes, or one too large.
  static bool is_at_number(std::string_view line, std::size_t byte) {
    constexpr std::string_view kWord = "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (byte == 0 || byte > line.size()) return false;
    const std::size_t before = line.find_last_not_of(kWord, byte - 1) + 1;
    const std::string_view word = line.substr(before, line.find_first_not_of(kWord, before) - before);
    double number = 0;
    return !word.empty() && read_real(word, number) != Reading::no_number;
  }

  std::string example() const {
    return fmt::format("write {{\"{}\": ...}}, with all of {}", text::printable(schema_.fields.front().name),
                       schema_.names());
  }

  InputStatus fill(const std::vector<Member>& members, std::span<std::byte> record) {
    std::fill(record.begin(), record.end(), std::byte{0});
    std::vector<bool> seen(schema_.fields.size());
    for (const Member& member : members) {
      if (is_beside(schema_, member.key)) continue;
      const std::string column = fmt::format(
          "field '{}'", text::printable(member.key.substr(0, text::whole_bytes(member.key, kMaxNameBytes))));
      const Field* field = find(member.key);
      if (field == nullptr) return refuse({}, "only the fields " + schema_.names(), column, "remove it");
      const auto index = static_cast<std::size_t>(field - schema_.fields.data());
      if (seen[index]) return refuse(column, "each field once", "the field twice", "remove one of them");
      seen[index] = true;
      if (auto wrong = ValueReader(*field, member.value, record, missing_).read()) {
        return refuse(column, std::move(wrong->expected), std::move(wrong->found), std::move(wrong->remedy));
      }
    }
    const auto missing = std::find(seen.begin(), seen.end(), false);
    if (missing == seen.end()) return InputStatus::record;
    const Field& field = schema_.fields[static_cast<std::size_t>(missing - seen.begin())];
    return refuse({}, "all of the fields " + schema_.names(), fmt::format("no '{}'", text::printable(field.name)),
                  "give every field a value");
  }

  static constexpr std::size_t kMoreTokens = 1000;  // than there should be, for the sake of a precise message

  Schema schema_;
  LineSource lines_;
  Missing missing_;
  std::vector<const Field*> by_name_;
  std::size_t most_tokens_ = kMoreTokens;
};

}  // namespace

std::unique_ptr<RecordInput> ndjson_input(const Schema& schema, LineSource lines, Missing missing) {
  return std::make_unique<NdjsonInput>(schema, std::move(lines), std::move(missing));
}

}  // namespace arena_shm::schema
