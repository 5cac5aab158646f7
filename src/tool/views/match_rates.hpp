// How many values a second match a filter, of arenas that are watched.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tool/views/watch.hpp"

namespace arena_shm::tool {

/// Counters cannot tell it: each arena is read, from when it was found on. What is lost in between, as it was too fast
/// or too long ago, is taken to match as often as what was read. Thread safety: none.
class MatchRates {
 public:
  using Say = std::function<void(std::string_view)>;

  /// `say` is told, once for each arena, why it cannot be filtered. Errors: filter::Complaint, if it is no expression.
  MatchRates(std::string where, Say say);
  ~MatchRates();

  /// Begins with those that it does not read yet, and forgets those that are gone. Errors: filter::Complaint, and as
  /// recording::Selection, if it can filter none.
  void follow(const std::vector<Watched>& arenas);
  /// Reads what has come, of each arena for no longer than some milliseconds. To be called often.
  void read();
  /// The rates since the last call, as far as they are known.
  void put_rates(std::vector<Watched>& arenas);

 private:
  struct Followed;

  std::string where_;
  Say say_;
  std::map<std::string, std::unique_ptr<Followed>> followed_;  // by name; null: it cannot be filtered
};

}  // namespace arena_shm::tool
