// Which values are wanted of those that come: --where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "arena_shm/info.hpp"
#include "filter/filter.hpp"
#include "schema/schema.hpp"

namespace arena_shm::recording {

/// Thread safety: none.
class Selection {
 public:
  /// `name`: where the values come from. `has_times`: of the appends. Errors: filter::Complaint;
  /// Code::incompatible_type, if there is no schema; Code::invalid_argument, if it needs times that are not there.
  Selection(const std::string& expression, const std::string& name, const std::optional<schema::Schema>& schema,
            bool has_times);
  Selection(const std::string& expression, const Info& info, const std::optional<schema::Schema>& schema)
      : Selection(expression, info.name, schema, info.clock != Clock::none) {}

  /// Does it ask when values were appended, so that takes() has to be told?
  bool needs_time() const noexcept { return filter_.needs_time(); }
  /// Is it wanted? Counts those that are not.
  bool takes(std::uint64_t seq, std::span<const std::byte> record, std::int64_t time_ns) noexcept {
    if (matches(seq, record, time_ns)) return true;
    ++left_out_;
    return false;
  }
  /// The same, and counts nothing.
  bool matches(std::uint64_t seq, std::span<const std::byte> record, std::int64_t time_ns) const noexcept {
    return filter_.matches(record, {.seq = seq, .time_ns = time_ns});
  }
  std::uint64_t left_out_count() const noexcept { return left_out_; }

 private:
  filter::Filter filter_;
  std::uint64_t left_out_ = 0;
};

/// Nothing, if there is no expression. Errors: as Selection.
std::optional<Selection> selection_of(const std::optional<std::string>& expression, const Info& info,
                                      const std::optional<schema::Schema>& schema);

/// ", left out 995", or nothing if nothing was selected.
std::string left_out_text(const std::optional<Selection>& selection);

}  // namespace arena_shm::recording
