#include "recording/mcap/records.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace arena_shm::recording::mcap {

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

void put_map(std::string& out, const Notes& map) {
  std::string entries;
  for (const auto& [key, value] : map) {
    put_text(entries, key);
    put_text(entries, value);
  }
  put_text(out, entries);
}

void put_record(std::string& out, Opcode opcode, std::string_view content) {
  put(out, static_cast<std::uint8_t>(opcode));
  put(out, static_cast<std::uint64_t>(content.size()));
  out += content;
}

std::uint32_t checksum(std::string_view bytes, std::uint32_t crc) {
  uLong sum = crc;
  while (!bytes.empty()) {
    const auto count = std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max());
    sum = ::crc32(sum, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(count));
    bytes.remove_prefix(count);
  }
  return static_cast<std::uint32_t>(sum);
}

std::optional<std::string_view> FieldReader::take_bytes(std::uint64_t count) {
  if (rest_.size() < count) return fail();
  const std::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

std::optional<std::string_view> FieldReader::take_text() {
  const auto size = take<std::uint32_t>();
  return size ? take_bytes(*size) : std::nullopt;
}

std::optional<Notes> FieldReader::take_map() {
  const auto entries = take_text();
  if (!entries) return std::nullopt;
  FieldReader fields(*entries);
  Notes map;
  while (!fields.rest().empty()) {
    const auto key = fields.take_text();
    const auto value = fields.take_text();
    if (!key || !value) return std::nullopt;
    map.emplace_back(*key, *value);
  }
  return map;
}

}  // namespace arena_shm::recording::mcap
