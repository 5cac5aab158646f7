// The values of an enum, as texts that a stream's indices stand for.
//
// First its names, in their order; then, as they come, values without a name: "7", which is no name. A stream says the
// whole dictionary again when it has grown, which leaves all indices before it valid: readers need not know additions,
// and many don't. Only beyond some thousands of values it says what was added, and no more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/schema.hpp"

namespace arena_shm::recording::arrow {

/// Thread safety: none.
class EnumDictionary {
 public:
  /// Requires: a field with enumerators, which stays where it is.
  EnumDictionary(std::int64_t id, const schema::Field& field);

  std::int64_t id() const noexcept { return id_; }
  /// Of the value in this element; adds it, if it is new.
  std::int32_t index_of(std::span<const std::byte> element);
  /// Are there values that were not told yet?
  bool has_grown() const noexcept { return told_ < texts_.size(); }
  std::size_t size() const noexcept { return texts_.size(); }
  std::uint64_t text_bytes() const noexcept { return text_bytes_; }  ///< of all values
  /// What is to be told now, and whether that comes behind what was told before; then it has been told.
  std::span<const std::string> tell(bool& is_addition);
  /// To a new stream nothing was told. Values without a name are forgotten.
  void restart();

 private:
  std::int32_t add(std::uint64_t value);

  std::int64_t id_;
  const schema::Field& field_;
  std::vector<std::string> texts_;
  std::unordered_map<std::uint64_t, std::int32_t> indices_;
  std::size_t told_ = 0;
  std::uint64_t text_bytes_ = 0;
  std::uint64_t last_value_ = 0;
  std::int32_t last_index_ = -1;
};

/// As schema::Enumerator::value. Requires: an integer.
std::uint64_t value_in(const schema::Field& field, std::span<const std::byte> element);
/// Of a text in a dictionary; nothing, if the field has no such value.
std::optional<std::uint64_t> value_of(const schema::Field& field, std::string_view text);

}  // namespace arena_shm::recording::arrow
