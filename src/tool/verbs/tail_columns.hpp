// The lines of several arenas among each other.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "schema/record_formatter.hpp"
#include "tool/verbs/tail_name.hpp"

namespace arena_shm::tool {

/// In a table and in csv they have one heading, and so the same columns.
/// Thread safety: none.
class TailColumns {
 public:
  /// Takes the formatter of this printing. `name_width`: of the longest name.
  /// Returns: the formatter of its lines, with the name in front.
  /// Errors: Code::incompatible_type, if its columns are others than those of the first one.
  std::unique_ptr<schema::RecordFormatter> add(Printing& printing, const std::string& name, std::size_t name_width);

  /// Once, as soon as there is an arena.
  void print_heading(std::string& out);
  /// Those whose formatter is no more. To be called below the heading.
  void forget_unused();
  /// Says what could not be printed as it is.
  void tell_altered() const;

 private:
  struct First {
    std::string name;
    schema::Format format{};
    std::optional<schema::Schema> shown{};
    schema::RecordFormatter* formatter = nullptr;
  };

  void check(const Printing& printing, const std::string& name) const;

  std::optional<First> first_;
  std::shared_ptr<schema::RecordFormatter> shared_;           // of a table: columns that are as wide for all
  std::set<std::shared_ptr<schema::RecordFormatter>> lines_;  // without names
  bool has_heading_ = false;
};

}  // namespace arena_shm::tool
