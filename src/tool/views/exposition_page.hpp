// The page that exposition.cpp fills.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inspect/consumers.hpp"
#include "inspect/facts.hpp"
#include "inspect/seats.hpp"
#include "inspect/times.hpp"
#include "text/utf8.hpp"
#include "tool/views/exposition.hpp"

namespace arena_shm::tool::exposition {

struct Arena {
  std::string label;  // arena="ticks"
  inspect::Facts facts{};
  inspect::Seats seats{};
  inspect::Consumers consumers{};
  bool readable = false;
  std::optional<std::int64_t> changed_ns{};
  inspect::NewestTimes newest{};
  std::optional<std::int64_t> newest_age_ns{};
};

/// Label values are UTF-8; backslash, quote and line end are escaped.
inline std::string label(std::string_view name, std::string_view value) {
  std::string utf8;
  text::append_utf8(utf8, value);
  std::string text = fmt::format("{}=\"", name);
  for (const char c : utf8) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
  return text + '"';
}

/// One metric after the other, each with its samples of all arenas, as the format demands.
class Page {
 public:
  Page(std::vector<Arena> arenas, const ConstantLabels& labels) : arenas_(std::move(arenas)) {
    for (const auto& [name, value] : labels) constant_ += ',' + label(name, value);
  }

  /// `samples` appends the lines of one arena.
  template <class Samples>
  void family(const char* name, const char* type, const char* help, Samples samples) {
    head(name, type, help);
    for (const Arena& arena : arenas_) samples(name, arena);
  }

  /// One number of each arena that can be read.
  template <class Value>
  void readable(const char* name, const char* type, const char* help, Value value) {
    family(name, type, help, [&](const char* metric, const Arena& arena) {
      if (arena.readable) sample(metric, arena.label, value(arena));
    });
  }

  /// The same where it is known.
  template <class Value>
  void known(const char* name, const char* type, const char* help, Value value) {
    family(name, type, help, [&](const char* metric, const Arena& arena) {
      if (const auto found = value(arena)) sample(metric, arena.label, seconds(*found));
    });
  }

  void head(const char* name, const char* type, const char* help) {
    text_ += fmt::format("# HELP arena_shm_{0} {2}\n# TYPE arena_shm_{0} {1}\n", name, type, help);
  }

  void sample(const char* name, const std::string& labels, const auto& value) {
    text_ += fmt::format("arena_shm_{}{{{}{}}} {}\n", name, labels, constant_, value);
  }

  static std::string seconds(std::int64_t ns) { return fmt::format("{:.3f}", static_cast<double>(ns) / 1e9); }

  std::string take() { return std::move(text_); }

 private:
  std::vector<Arena> arenas_;
  std::string constant_;
  std::string text_;
};

/// The metrics of consumers, and of who is full because of them.
void add_consumers(Page& page);

}  // namespace arena_shm::tool::exposition
