// All arenas in Prometheus's text exposition format, 0.0.4.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arena_shm/error.hpp"
#include "inspect/facts.hpp"
#include "inspect/image.hpp"
#include "inspect/seats.hpp"
#include "terminal/names.hpp"

namespace arena_shm::tool {

inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

struct Exposition {
  std::string text;
  std::vector<std::string> problems;  ///< what is wrong with the arenas
  terminal::Verdict verdict{};        ///< not ok if one is damaged, or could not be looked at
};

/// Labels that every sample gets, with their values.
using ConstantLabels = std::vector<std::pair<std::string, std::string>>;

/// "key=value". Returns: what is wrong with it as one of `before`'s successors, or nothing.
std::string check_label(std::string_view text, const ConstantLabels& before = {});
/// Requires: check_label finds nothing.
std::pair<std::string, std::string> parse_label(std::string_view text);

/// Looks at every arena on this host, and registers nowhere. Remembers how it found them, from one look to the next.
/// Thread safety: none.
class Exposer {
 public:
  explicit Exposer(ConstantLabels labels = {}) : labels_(std::move(labels)) {}

  /// Errors: those of the directory of live segments.
  Exposition look();

 private:
  // How an arena was found.
  struct Found {
    std::array<std::uint8_t, 16> epoch{};
    std::uint64_t handed_out = 0;
    inspect::Counters counters{};
    std::int64_t since_ns = 0;  // the look that first found it so
  };

  std::optional<std::int64_t> changed_by(const std::string& name, const inspect::Facts& facts,
                                         const inspect::Seats& seats);

  ConstantLabels labels_;
  std::map<std::string, Found> found_;
};

}  // namespace arena_shm::tool
