// What messages to the page are put together from.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "serve/sort_key.hpp"
#include "serve/timeline.hpp"
#include "text/utf8.hpp"

namespace arena_shm::serve {

template <class... Values>
void append(std::string& out, fmt::format_string<Values...> format, Values&&... values) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Values>(values)...);
}

/// Appends `"key":"text",`.
inline void append_text(std::string& out, std::string_view key, std::string_view text) {
  append(out, R"("{}":)", key);
  text::append_json_string(out, text);
  out += ',';
}

/// {"problem":"text"}
inline std::string problem_text(std::string_view text) {
  std::string out = "{";
  append_text(out, "problem", text);
  out.back() = '}';
  return out;
}

/// Appends nanoseconds as seconds, exactly: 1.5, -0.000000001.
void append_seconds(std::string& out, std::int64_t ns);

/// Arrays of JSON that grow together: the columns of a chart.
class ColumnArrays {
 public:
  explicit ColumnArrays(std::size_t series) : least_(series), greatest_(series), odd_(series) {}

  /// The place is a number of JSON.
  void add(std::string_view place, const Column& column);
  /// Of the column that was added last.
  void add(std::size_t series, const Number& number, const Extremes& extremes);
  std::size_t count() const noexcept { return count_; }
  /// Appends `"at":[...],"n":[...],"seq":[...],"least":[[...],...],"greatest":...,"odd":...,"lost":[[...],...]`. Of
  /// "lost": [which column, overwritten, holes, passed over].
  void append_to(std::string& out) const;

 private:
  std::size_t count_ = 0;
  std::string at_;
  std::string counts_;
  std::string seqs_;
  std::string lost_;
  std::vector<std::string> least_;
  std::vector<std::string> greatest_;
  std::vector<std::string> odd_;
};

}  // namespace arena_shm::serve
