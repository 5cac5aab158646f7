#include "schema/fields_language.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "arena_shm/error.hpp"
#include "schema/schema_json.hpp"
#include "text/utf8.hpp"

namespace arena_shm::schema {

namespace {

struct BaseType {
  std::string_view name;
  Kind kind;
  std::size_t bytes;
};

constexpr std::array kBaseTypes{
    BaseType{"u8", Kind::unsigned_integer, 1},  BaseType{"u16", Kind::unsigned_integer, 2},
    BaseType{"u32", Kind::unsigned_integer, 4}, BaseType{"u64", Kind::unsigned_integer, 8},
    BaseType{"i8", Kind::signed_integer, 1},    BaseType{"i16", Kind::signed_integer, 2},
    BaseType{"i32", Kind::signed_integer, 4},   BaseType{"i64", Kind::signed_integer, 8},
    BaseType{"f32", Kind::floating, 4},         BaseType{"f64", Kind::floating, 8},
    BaseType{"bool", Kind::boolean, 1},         BaseType{"char", Kind::text, 1},
};

constexpr std::string_view kSomeType = "a type (u8 to u64, i8 to i64, f32, f64, bool, char, sN) or Nx for padding";
constexpr std::string_view kExample = "write it like 'u64 ts, f64 px, 4x, s16 sym, f32[3] pos'";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c); }

std::size_t round_up(std::size_t value, std::size_t align) { return (value + align - 1) / align * align; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Schema parse() {
    do {
      item();
      skip_space();
    } while (accept(','));
    if (at_ < text_.size()) fail("',' or the end", here(), kExample);
    if (schema_.fields.empty()) fail("at least one field", "none", "use --size BYTES for a record without fields");
    schema_.size_bytes = round_up(end_, schema_.align_bytes);
    check_end(schema_.size_bytes);
    return std::move(schema_);
  }

 private:
  void item() {
    skip_space();
    item_at_ = at_;
    const std::string_view type = word();
    if (type.empty()) fail(kSomeType, here(), kExample);
    if (is_digit(type.front())) return padding(type);
    Field field = base(type);
    while (skip_space(), accept('[')) field.shape.push_back(extent());
    if (field.shape.size() > kMaxDimensions) {
      fail(fmt::format("at most {} dimensions", kMaxDimensions), fmt::format("{}", field.shape.size()), kExample);
    }
    name(field);
    add(std::move(field));
  }

  void padding(std::string_view item) {
    const std::string_view digits = item.substr(0, item.size() - 1);
    if (item.back() != 'x') {
      at_ = item_at_;
      fail(kSomeType, text::excerpt(item), kExample);
    }
    end_ += number(digits, item_at_, "a number of padding bytes");
    check_end(end_);
  }

  Field base(std::string_view type) {
    const auto known = std::find_if(kBaseTypes.begin(), kBaseTypes.end(), [&](auto& t) { return t.name == type; });
    Field field;
    if (known != kBaseTypes.end()) {
      field.kind = known->kind;
      field.element_bytes = known->bytes;
    } else if (type.front() == 's' && type.size() > 1 && std::all_of(type.begin() + 1, type.end(), is_digit)) {
      field.kind = Kind::text;
      field.element_bytes = number(type.substr(1), item_at_ + 1, "a number of characters");
    } else {
      at_ = item_at_;
      fail(kSomeType, text::excerpt(type), kExample);
    }
    return field;
  }

  std::size_t extent() {
    skip_space();
    const std::size_t from = at_;
    const std::size_t count = number(word(), from, "a number of elements");
    skip_space();
    if (!accept(']')) fail("']'", here(), "an array is written f32[3] pos");
    return count;
  }

  void name(Field& field) {
    skip_space();
    const std::size_t from = at_;
    const std::string_view found = word();
    if (found.empty()) fail("a field name", here(), "every type is followed by a name, as in 'u64 ts'");
    at_ = from;  // for the messages
    if (is_digit(found.front())) fail("a field name", text::excerpt(found), "begin the name with a letter or _");
    if (found == kSeqColumn || found == kGapKey)
      fail("another name", text::excerpt(found), "this name is reserved for the tool");
    if (found.size() > kMaxNameBytes) {
      fail(fmt::format("a name of at most {} bytes", kMaxNameBytes), fmt::format("{} bytes", found.size()),
           "shorten it");
    }
    if (schema_.find(found) != nullptr)
      fail("a new name", fmt::format("{} again", text::excerpt(found)), "rename one of them");
    at_ += found.size();
    const std::size_t after = at_;
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[') fail("','", "'['", "the count belongs to the type, as in f32[3] pos");
    at_ = after;
    field.name = found;
  }

  void add(Field field) {
    if (schema_.fields.size() == kMaxFields) fail(fmt::format("at most {} fields", kMaxFields), "more", "use arrays");
    std::size_t room = kMaxRecordBytes / field.element_bytes;
    for (const std::size_t extent : field.shape) room /= extent;
    if (room == 0) check_end(kMaxRecordBytes + 1);
    field.offset_bytes = round_up(end_, field.align_bytes());
    end_ = field.offset_bytes + field.size_bytes();
    check_end(end_);
    schema_.align_bytes = std::max(schema_.align_bytes, field.align_bytes());
    schema_.fields.push_back(std::move(field));
  }

  void check_end(std::size_t end) {
    if (end <= kMaxRecordBytes) return;
    at_ = item_at_;
    fail(fmt::format("a record of at most {} bytes", kMaxRecordBytes), "more from here on", "make the arrays smaller");
  }

  // 1 to kMaxRecordBytes.
  std::size_t number(std::string_view digits, std::size_t from, std::string_view what) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || value == 0 || value > kMaxRecordBytes) {
      at_ = from;
      fail(fmt::format("{}, 1 to {}", what, kMaxRecordBytes), digits.empty() ? here() : text::excerpt(digits),
           kExample);
    }
    return value;
  }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool accept(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view word() {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }

  std::string here() const { return at_ < text_.size() ? text::excerpt(text_.substr(at_, 1)) : "the end"; }

  [[noreturn]] void fail(std::string_view expected, std::string_view found, std::string_view remedy) const {
    throw Error(Code::invalid_argument, {.name = {},
                                         .doing = fmt::format("read the fields at column {}", at_ + 1),
                                         .expected = std::string(expected),
                                         .found = std::string(found),
                                         .remedy = std::string(remedy)});
  }

  std::string_view text_;
  std::size_t at_ = 0;       // next character
  std::size_t item_at_ = 0;  // first character of the item that is being read
  std::size_t end_ = 0;      // end of the record so far, without padding
  Schema schema_;
};

}  // namespace

Schema parse_fields(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') return parse_json(text);
  return Parser(text).parse();
}

std::string to_fields(const Schema& schema) {
  std::string out;
  const auto item = [&](std::string_view text) {
    if (!out.empty()) out += ", ";
    out += text;
  };
  std::size_t end = 0;
  for (const Field& field : schema.fields) {
    if (round_up(end, field.align_bytes()) < field.offset_bytes) item(fmt::format("{}x", field.offset_bytes - end));
    item(fmt::format("{} {}", field.type_name(), text::printable(field.name)));
    end = field.offset_bytes + field.size_bytes();
  }
  if (round_up(end, schema.align_bytes) < schema.size_bytes) item(fmt::format("{}x", schema.size_bytes - end));
  return out;
}

}  // namespace arena_shm::schema
