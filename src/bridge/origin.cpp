#include "bridge/origin.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>

#include "arena_shm/core/fnv1a.hpp"
#include "bridge/headers.hpp"
#include "text/utf8.hpp"

namespace arena_shm::bridge {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kWriters{"shared", "exclusive", "laned"};  // as the enumerators
constexpr std::uint64_t kMostAlignBytes = 65536;                                     // a page of AArch64
constexpr std::uint64_t kMostTextBytes = 4 << 20;                                    // a schema has 1 MiB at most
constexpr std::size_t kMostNameBytes = 4096;

std::string utf8(std::string_view text) {
  std::string out;
  text::append_utf8(out, text);
  return out;
}

[[noreturn]] void refuse_key(const char* key, std::string expected) {
  refuse(fmt::format("its text, key {}", key), std::move(expected), "another value, or none");
}

// What is there under a key, if it is of that type.
const Json& at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) refuse_key(key, "that it is there");
  return *found;
}

std::string text_at(const Json& object, const char* key, std::size_t most) {
  const Json& value = at(object, key);
  if (!value.is_string() || value.get_ref<const std::string&>().size() > most) refuse_key(key, "a text");
  return value.get<std::string>();
}

std::uint64_t number_at(const Json& object, const char* key, std::uint64_t least, std::uint64_t most) {
  const Json& value = at(object, key);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() < least || value.get<std::uint64_t>() > most)
    refuse_key(key, fmt::format("a number from {} to {}", least, most));
  return value.get<std::uint64_t>();
}

bool flag_at(const Json& object, const char* key) {
  const Json& value = at(object, key);
  if (!value.is_boolean()) refuse_key(key, "true or false");
  return value.get<bool>();
}

// A nesting that is too deep would need too much of the stack.
bool is_flat(std::string_view text) {
  constexpr int kDeepest = 8;
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text && c == '\\') {
      ++i;
      continue;
    }
    if (c == '"') in_text = !in_text;
    if (in_text) continue;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > kDeepest) return false;
  }
  return true;
}

Predecessor parse_predecessor(const Json& object) {
  const auto epoch = parse_epoch(text_at(object, "epoch", kMostNameBytes));
  if (!epoch) refuse_key("before.epoch", "32 hexadecimal digits");
  return {.epoch = *epoch, .is_complete = flag_at(object, "complete")};
}

}  // namespace

Origin origin_of(const Info& info, std::optional<std::string> where, std::optional<Predecessor> before) {
  Origin origin{.arena = utf8(info.name),
                .type = utf8(info.record.name),
                .record_bytes = info.record.size_bytes,
                .align_bytes = info.record.align_bytes,
                .schema = text::is_utf8(info.record.schema) ? info.record.schema : "",
                .writers = info.writers,
                .lanes = info.lanes,
                .slots = info.slots,
                .has_times = info.clock != Clock::none,
                .is_lossless = info.full == Full::wait,
                .created_ns = info.created_ns,
                .where = {},
                .before = std::move(before)};
  if (where) origin.where = utf8(*where);
  return origin;
}

std::uint64_t hash_of(const std::string& schema) noexcept {
  return schema.empty() ? 0 : core::fnv1a(schema.data(), schema.size());
}

std::string to_json(const Origin& origin) {
  Json json{{"arena", origin.arena},
            {"type", origin.type},
            {"record_bytes", origin.record_bytes},
            {"align_bytes", origin.align_bytes},
            {"schema", origin.schema},
            {"writers", kWriters[static_cast<std::size_t>(origin.writers)]},
            {"lanes", origin.lanes},
            {"slots", origin.slots},
            {"times", origin.has_times},
            {"lossless", origin.is_lossless},
            {"created_ns", origin.created_ns},
            {"where", nullptr},
            {"before", nullptr}};
  if (origin.where) json["where"] = *origin.where;
  if (origin.before)
    json["before"] = {{"epoch", hex_of(origin.before->epoch)}, {"complete", origin.before->is_complete}};
  return json.dump();
}

Origin parse_origin(std::string_view text) {
  if (text.size() > kMostTextBytes || !is_flat(text)) refuse("its text", "a short one, and flat", "another one");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) refuse("its text", "an object of JSON", "something else");
  Origin origin;
  origin.arena = text_at(json, "arena", kMostNameBytes);
  origin.type = text_at(json, "type", kMostTextBytes);
  origin.record_bytes = number_at(json, "record_bytes", 1, kMostRecordBytes);
  origin.align_bytes = number_at(json, "align_bytes", 1, kMostAlignBytes);
  if (!std::has_single_bit(origin.align_bytes)) refuse_key("align_bytes", "a power of two");
  origin.schema = text_at(json, "schema", kMostTextBytes);
  const auto writers = std::ranges::find(kWriters, text_at(json, "writers", kMostNameBytes));
  if (writers == kWriters.end()) refuse_key("writers", "shared, exclusive or laned");
  origin.writers = static_cast<Writers>(writers - kWriters.begin());
  origin.lanes = number_at(json, "lanes", 1, kMostLanes);
  if (origin.lanes > 1 && origin.writers != Writers::laned) refuse_key("lanes", "1, for they are not laned");
  origin.slots = number_at(json, "slots", 1, kMostSeq);
  if (origin.slots % origin.lanes != 0) refuse_key("slots", "as many in each lane");
  origin.has_times = flag_at(json, "times");
  origin.is_lossless = flag_at(json, "lossless");
  const Json& created = at(json, "created_ns");
  if (!created.is_number_integer()) refuse_key("created_ns", "a number");
  origin.created_ns = created.get<std::int64_t>();
  if (!at(json, "where").is_null()) origin.where = text_at(json, "where", kMostTextBytes);
  const Json& before = at(json, "before");
  if (before.is_object()) origin.before = parse_predecessor(before);
  if (!before.is_object() && !before.is_null()) refuse_key("before", "an object, or null");
  return origin;
}

std::string hex_of(const std::array<std::uint8_t, 16>& epoch) { return fmt::format("{:02x}", fmt::join(epoch, "")); }

std::optional<std::array<std::uint8_t, 16>> parse_epoch(std::string_view text) noexcept {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::uint8_t, 16> epoch{};
  if (text.size() != 2 * epoch.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = kDigits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    epoch[i / 2] = static_cast<std::uint8_t>(epoch[i / 2] << 4 | static_cast<std::uint8_t>(digit));
  }
  return epoch;
}

}  // namespace arena_shm::bridge
