// The records that an MCAP file is made of: each an opcode, a length, and fields one behind the other, little-endian.
//
// Format: the MCAP specification, version 0. A file is the magic, a data section that ends with a DataEnd, a summary
// section, a footer, and the magic again; a file without all that is behind the data was not finished.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "recording/row_notes.hpp"

namespace arena_shm::recording::mcap {

inline constexpr std::string_view kMcapMagic = "\x89MCAP0\r\n";

enum class Opcode : std::uint8_t {
  header = 0x01,
  footer = 0x02,
  schema = 0x03,
  channel = 0x04,
  message = 0x05,
  chunk = 0x06,
  message_index = 0x07,
  chunk_index = 0x08,
  statistics = 0x0b,
  summary_offset = 0x0e,
  data_end = 0x0f,
};

inline constexpr std::size_t kRecordPrefixBytes = 1 + 8;  ///< opcode and length
inline constexpr std::uint64_t kFooterBytes = 8 + 8 + 4;  ///< without that
inline constexpr std::size_t kMessageHeadBytes = 2 + 4 + 8 + 8;
static_assert(std::endian::native == std::endian::little);

/// Appends the fields of records.
template <class T>
void put(std::string& out, T value) {
  static_assert(std::is_integral_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}
void put_text(std::string& out, std::string_view text);
void put_map(std::string& out, const Notes& map);
/// Appends a whole record.
void put_record(std::string& out, Opcode opcode, std::string_view content);

/// zlib's crc32, which the format asks for; goes on from `crc`.
std::uint32_t checksum(std::string_view bytes, std::uint32_t crc = 0);

/// Takes fields from the front of a text that is not trusted. Each returns nothing if there is no room for it, and so
/// does each behind that one.
class FieldReader {
 public:
  explicit FieldReader(std::string_view rest) : rest_(rest) {}

  template <class T>
  std::optional<T> take() {
    T value{};
    if (rest_.size() < sizeof(value)) return fail();
    std::memcpy(&value, rest_.data(), sizeof(value));
    rest_.remove_prefix(sizeof(value));
    return value;
  }
  std::optional<std::string_view> take_bytes(std::uint64_t count);
  std::optional<std::string_view> take_text();
  std::optional<Notes> take_map();
  std::string_view rest() const noexcept { return rest_; }

 private:
  std::nullopt_t fail() noexcept {
    rest_ = {};
    return std::nullopt;
  }

  std::string_view rest_;
};

}  // namespace arena_shm::recording::mcap
