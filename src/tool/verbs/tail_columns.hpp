// The lines of several arenas among each other.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"
#include "schema/record_formatter.hpp"
#include "tool/verbs/tail_name.hpp"
#include "tool/verbs/tail_printing.hpp"
#include "tool/verbs/tail_ring.hpp"

namespace arena_shm::tool {

/// How the values of an arena are printed. `margin`: so much of a line is for its name.
using PrintingOf = std::function<Printing(const Info&, std::size_t margin, TimeColumn)>;

/// In a table and in csv they have one heading, and so the same columns.
/// Thread safety: none.
class TailColumns {
 public:
  /// Requires: `printing` stays there. `order`: as TailRing::know takes it.
  TailColumns(const PrintingOf& printing, std::optional<Order> order) : printing_for_(printing), order_(order) {}

  /// Makes them known, and gives each the formatter of its lines, with its name in front. Where one that came with the
  /// first ones has no schema::kTimeColumn, none has it, if it may be left out. `name_width`: of the longest name.
  /// Errors: as TailRing::know; as printing_for, where a filter::Complaint says whose values it is about;
  /// Code::incompatible_type, if the columns of one are others than those of the first one.
  void take(const std::vector<TailRing*>& come, std::size_t name_width);

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

  void know(TailRing& ring, std::size_t name_width, TimeColumn times);
  std::unique_ptr<schema::RecordFormatter> add(Printing& printing, const std::string& name, std::size_t name_width);
  void check(const Printing& printing, const std::string& name) const;

  const PrintingOf& printing_for_;
  std::optional<Order> order_;
  std::optional<First> first_;
  TimeColumn times_ = TimeColumn::shown;
  std::shared_ptr<schema::RecordFormatter> shared_;           // of a table: columns that are as wide for all
  std::set<std::shared_ptr<schema::RecordFormatter>> lines_;  // without names
  bool has_heading_ = false;
};

}  // namespace arena_shm::tool
