// Headers of .npy files, from whomever they are.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>

#include "arena_shm/error.hpp"
#include "recording/npy.hpp"
#include "recording/python_literal.hpp"
#include "schema/schema_json.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording {

namespace {

using nlohmann::json;

constexpr std::size_t kVersionAt = 6;
constexpr std::size_t kLengthAt = 8;
constexpr std::size_t kMaxRowBytes = std::size_t{1} << 31;  // as of a slot

std::size_t prefix_bytes(std::byte version) { return version == std::byte{1} ? kLengthAt + 2 : kLengthAt + 4; }

[[noreturn]] void fail(const std::string& path, std::string expected, std::string found) {
  throw Error(Code::corrupt,
              {.name = path,
               .doing = "read",
               .expected = std::move(expected),
               .found = std::move(found),
               .remedy = "write the file with arena-shm record, or with numpy.save of a structured array"});
}

struct Type {
  char letter = 0;
  std::size_t bytes = 0;  // of all elements
  std::string text;       // as schema_json.hpp has it: with its shape in front
};

std::optional<Type> type_of(const json& member) {
  if (!member[1].is_string()) return std::nullopt;
  Type type{.text = member[1]};
  std::string_view rest = type.text;
  if (!rest.empty() && std::string_view("<>|=").find(rest.front()) != std::string_view::npos) rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  type.letter = rest.front();
  rest.remove_prefix(1);
  type.bytes = 1;
  if (type.letter != '?') {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), type.bytes);
    if (error != std::errc{} || end != rest.data() + rest.size() || type.bytes > kMaxRowBytes) return std::nullopt;
  }
  if (member.size() < 3) return type;
  std::string shape = "(";
  for (const json& extent : member[2].is_array() ? member[2] : json::array({member[2]})) {
    if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > kMaxRowBytes) return std::nullopt;
    type.bytes *= extent.get<std::size_t>();
    if (type.bytes > kMaxRowBytes) return std::nullopt;
    fmt::format_to(std::back_inserter(shape), "{},", extent.get<std::uint64_t>());
  }
  if (shape.size() > 1) type.text = shape + ')' + type.text;
  return type;
}

// The rows' fields, `_seq` and the time of the value apart.
class Descr {
 public:
  Descr(const json& members, const std::string& path, bool time_is_field) : path_(path), time_is_field_(time_is_field) {
    for (const json& member : members) add(member);
  }

  bool has_fields() const noexcept { return bytes_ > beside_bytes(); }

  void describe(NpyLayout& layout) const {
    layout.has_seq = has_seq_;
    layout.row_bytes = bytes_;
    layout.record.has_time = has_time_;
    layout.record.size_bytes = bytes_ - beside_bytes();
    if (layout.record.size_bytes == 0) fail(path_, "fields besides _seq", "none");
    if (names_.empty() || (names_.size() == 1 && is_bytes_)) return;
    const json schema{
        {"names", names_}, {"formats", formats_}, {"offsets", offsets_}, {"itemsize", layout.record.size_bytes}};
    try {
      layout.record.schema = schema::parse_json(schema.dump(-1, ' ', false, json::error_handler_t::replace));
    } catch (const Error& error) {
      fail(path_, error.expected(), error.found());
    }
  }

 private:
  void add(const json& member) {
    if (!member.is_array() || member.size() < 2 || member.size() > 3)
      fail(path_, "a name and a type for each field", text::excerpt(member.dump()));
    const json& title = member[0];  // (title, name), if there is a title
    const json& name = title.is_array() && title.size() == 2 ? title[1] : title;
    const auto type = type_of(member);
    if (!name.is_string() || !type) {
      fail(path_, "fields of plain numbers and texts, like '<f8' or '|S16'", text::excerpt(member.dump()));
    }
    if (name == schema::kSeqColumn) {
      if (bytes_ != 0 || type->text != "<u8") fail(path_, "_seq as the first field, of type '<u8'", type->text);
      has_seq_ = true;
    } else if (name == schema::kTimeColumn && type->text == "<i8" && bytes_ == beside_bytes() && !time_is_field_) {
      has_time_ = true;
    } else if (type->letter != 'V' || !name.get_ref<const std::string&>().empty()) {  // else it is padding
      names_.push_back(name);
      formats_.push_back(type->text);
      offsets_.push_back(bytes_ - beside_bytes());
      is_bytes_ = type->letter == 'V';
    }
    bytes_ += type->bytes;
    if (bytes_ > kMaxRowBytes) fail(path_, fmt::format("rows of at most {} bytes", kMaxRowBytes), "more");
  }

  // Of the columns beside the record.
  std::size_t beside_bytes() const noexcept {
    return (has_seq_ ? schema::kColumnBytes : 0) + (has_time_ ? schema::kColumnBytes : 0);
  }

  const std::string& path_;
  bool time_is_field_;
  json names_ = json::array();
  json formats_ = json::array();
  json offsets_ = json::array();
  std::size_t bytes_ = 0;
  bool has_seq_ = false;
  bool has_time_ = false;
  bool is_bytes_ = false;
};

// Latin-1 in versions 1 and 2.
std::string as_utf8(std::string_view text, std::byte version) {
  if (version == std::byte{3}) return std::string(text);
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x80) out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(code < 0x80 ? code : 0x80 | (code & 0x3f));
  }
  return out;
}

}  // namespace

std::optional<std::size_t> npy_header_bytes(std::span<const std::byte, kNpyPrefixBytes> prefix) {
  const std::byte version = prefix[kVersionAt];
  if (std::memcmp(prefix.data(), kNpyMagic.data(), kNpyMagic.size()) != 0) return std::nullopt;
  std::size_t length = 0;
  std::memcpy(&length, prefix.data() + kLengthAt, prefix_bytes(version) - kLengthAt);
  return prefix_bytes(version) + length;
}

NpyLayout parse_npy_header(std::span<const std::byte> header, const std::string& path, bool time_is_field) {
  const std::byte version = header[kVersionAt];
  if (version < std::byte{1} || version > std::byte{3}) {
    fail(path, "a .npy file of version 1, 2 or 3", fmt::format("version {}", std::to_integer<int>(version)));
  }
  const auto body = header.subspan(prefix_bytes(version));
  const std::string text = as_utf8({reinterpret_cast<const char*>(body.data()), body.size()}, version);
  const auto members = text::is_utf8(text) ? parse_python_literal(text) : std::nullopt;
  if (!members || !members->is_object() || !members->contains("descr") || !members->contains("shape")) {
    fail(path, "a header with descr and shape", text::excerpt(text));
  }
  const json& descr = (*members)["descr"];
  if (!descr.is_array())
    fail(path, "an array of rows with named fields",
         "an array of " + text::excerpt(descr.is_string() ? descr.get<std::string>() : descr.dump()));
  const json& shape = (*members)["shape"];
  if (!shape.is_array() || shape.size() != 1 || !shape[0].is_number_unsigned()) {
    fail(path, "an array of one dimension", "shape " + text::excerpt(shape.dump()));
  }
  NpyLayout layout;
  layout.data_offset_bytes = header.size();
  layout.row_count = shape[0];
  const Descr apart(descr, path, time_is_field);
  if (apart.has_fields()) {
    apart.describe(layout);
  } else {
    Descr(descr, path, true).describe(layout);  // a record that is nothing but such a field
  }
  return layout;
}

}  // namespace arena_shm::recording
