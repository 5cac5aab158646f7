// What is wrong with an expression, and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "arena_shm/error.hpp"

namespace arena_shm::filter {

/// Bytes of the expression, [begin, end).
struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The first byte of one and the last one of the other.
inline Place span_of(const Place& first, const Place& last) noexcept { return {first.begin, last.end}; }

/// Code::invalid_argument. `what()` is one line and names the column; `picture()` shows the place.
class Complaint : public Error {
 public:
  struct Parts {
    std::string expected{};
    std::string found{};
    std::string remedy{};
  };
  Complaint(std::string_view expression, const Place& place, Parts parts);

  /// The same, and `what()` says what the values are of that it does not fit.
  Complaint about(const std::string& name) const;

  /// Two lines without the last line end, printable: the expression, cut where it is long, and a caret below the place.
  const std::string& picture() const noexcept { return picture_; }
  /// In characters, from 1.
  std::size_t column() const noexcept { return column_; }

 private:
  Complaint(const Complaint& other, const std::string& name);

  std::size_t column_;
  std::string picture_;
};

}  // namespace arena_shm::filter
