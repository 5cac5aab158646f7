// What tail prints, and its account of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/options.hpp"
#include "arena_shm/restart.hpp"
#include "schema/record_formatter.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/handover.hpp"
#include "terminal/output.hpp"

namespace arena_shm::tool {

/// Says what a formatter has no room for. To be called below its heading.
void tell_hidden(const schema::RecordFormatter& formatter);
/// Says what it could not print as it is.
void tell_altered(const schema::RecordFormatter& formatter);

/// Thread safety: none.
class TailOutput {
 public:
  /// `lanes`: of the arena that the rows are of.
  TailOutput(schema::RecordFormatter& formatter, bool gaps_inline, std::size_t lanes)
      : formatter_(formatter), gaps_inline_(gaps_inline), lanes_(lanes) {}

  /// Once the formatter has measured what is there. Errors: as Output::flush, as of all that print.
  void print_heading();
  void print(std::uint64_t seq, std::span<const std::byte> row);
  /// Of values that are lost.
  void tell(const Gap& gap);
  void tell(std::string_view arena, const Restart& restart);
  /// Writes what is gathered. A stop while nobody empties the pipe leaves some of it over.
  void deliver();
  /// From now on each row counts as printed only when the other end of a pipe has taken it, and comes after that of the
  /// one before. Costs two switches between the processes for each row.
  void hand_over_rows() { handover_.emplace(); }

  /// Values that are out, or gathered.
  std::uint64_t printed() const noexcept { return printed_; }
  bool has_lost() const noexcept { return lost_ > 0; }
  /// By lanes, the first one that a stop kept from coming out.
  const std::map<std::size_t, std::uint64_t>& cut() const noexcept { return cut_; }

  void tell_altered() const { tool::tell_altered(formatter_); }
  /// "read 9 values, printed 3, lost 5 in 1 gap"
  std::string account(std::uint64_t read) const;
  terminal::ExitCode exit_code() const noexcept {
    return has_lost() ? terminal::ExitCode::lost : terminal::ExitCode::ok;
  }

 private:
  void cut_behind(std::size_t bytes);

  struct Gathered {
    std::uint64_t seq = 0;
    std::size_t end = 0;  // of its text
  };

  schema::RecordFormatter& formatter_;
  bool gaps_inline_;
  std::size_t lanes_;
  terminal::Output output_;
  std::optional<terminal::Handover> handover_;
  std::vector<Gathered> gathered_;  // what is in output_
  std::map<std::size_t, std::uint64_t> cut_;
  std::uint64_t printed_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t gaps_ = 0;
};

}  // namespace arena_shm::tool
