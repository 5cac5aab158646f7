// What an arena says of itself in a stream: the text of the schema message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::bridge {

/// The arena that had the name before.
struct Predecessor {
  std::array<std::uint8_t, 16> epoch{};
  bool is_complete = false;  ///< all of it that was there when the name went over is in the stream, or counted
  friend bool operator==(const Predecessor&, const Predecessor&) = default;
};

/// What a mirror needs to make such an arena.
struct Origin {
  std::string arena;               ///< its name
  std::string type;                ///< of its records
  std::uint64_t record_bytes = 0;  ///< 1 to 2^31
  std::uint64_t align_bytes = 8;   ///< a power of two, up to 4096
  std::string schema;              ///< JSON text; empty: none
  Writers writers = Writers::shared;
  std::uint64_t lanes = 1;  ///< 1 to 4096; one, but in laned arenas
  std::uint64_t slots = 0;  ///< of all lanes together
  bool has_times = false;   ///< values come with the time of their append
  bool is_lossless = false;
  std::int64_t created_ns = 0;         ///< in ns since 1970
  std::optional<std::string> where{};  ///< only values for which this holds are forwarded
  std::optional<Predecessor> before{};
  friend bool operator==(const Origin&, const Origin&) = default;
};

/// Texts that are not UTF-8 are made so; a schema that is not is left out.
Origin origin_of(const Info& info, std::optional<std::string> where, std::optional<Predecessor> before);

/// As the segment has it: of the text, 0 if there is none.
std::uint64_t hash_of(const std::string& schema) noexcept;

/// One line of JSON. Requires: texts in UTF-8.
std::string to_json(const Origin& origin);

/// Reads a text that is not trusted. Keys that it does not know are passed over. Errors: Code::corrupt.
Origin parse_origin(std::string_view text);

/// 32 hexadecimal digits.
std::string hex_of(const std::array<std::uint8_t, 16>& epoch);
/// Nothing if it is not so many of them, in lower case.
std::optional<std::array<std::uint8_t, 16>> parse_epoch(std::string_view text) noexcept;

}  // namespace arena_shm::bridge
