// What the indices of an enum's column stand for, as the dictionaries of a stream say it that is not trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.hpp"

namespace arena_shm::recording::arrow {

/// Thread safety: none.
class EnumValues {
 public:
  /// Requires: the field stays where it is. `trusts_names`: our encoder has written the stream. A dictionary begins
  /// with the names of its field, it only grows as long as it is said as a whole, and what is added is never a name.
  EnumValues(const schema::Field& field, bool trusts_names);

  /// Returns: what was expected of it, if something is wrong with it; then what is certain is kept, and additions are
  /// not taken.
  [[nodiscard]] std::string_view take(std::span<const std::string> texts, bool is_addition);
  /// A message was left out: additions are not taken until a whole one has come; of others nothing is known any more.
  void distrust_additions();
  /// All that came until now, or only what came until this was called last, is what batches need.
  void settle(bool all);

  std::size_t size() const noexcept { return known_.size(); }
  /// Nothing, if it stands for no value.
  std::optional<std::uint64_t> at(std::uint64_t index) const noexcept {
    return index < known_.size() ? known_[index] : std::nullopt;
  }

 private:
  using Values = std::vector<std::optional<std::uint64_t>>;
  std::string_view replace(Values news);

  const schema::Field& field_;
  bool trusts_names_;
  Values known_;
  std::size_t settled_ = 0;
  bool is_said_ = false;
  bool takes_additions_ = false;
};

}  // namespace arena_shm::recording::arrow
