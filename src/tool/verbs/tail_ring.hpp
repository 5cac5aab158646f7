// One of several arenas that tail prints.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "arena_shm/raw.hpp"
#include "recording/arena_stream.hpp"
#include "recording/named_stream.hpp"
#include "recording/row.hpp"
#include "schema/record_formatter.hpp"
#include "tool/verbs/tail_name.hpp"

namespace arena_shm::tool {

/// Its values, and how they are printed. It is known once it is there.
/// Thread safety: none.
class TailRing {
 public:
  using GapReport = std::function<void(TailRing&, const Gap&)>;
  using RestartReport = std::function<void(TailRing&, const Restart&)>;

  /// By name: what takes its place is followed, too, and it need not be there. Errors: those of RawView::open.
  TailRing(std::string name, bool by_name);

  const std::string& name() const noexcept { return name_; }
  bool is_known() const noexcept { return printing_.has_value(); }
  /// Is it there by now, and not known yet?
  bool has_come();
  /// Requires: it is there.
  const RawView& view() const noexcept { return view_ ? *view_ : *is_named_->view(); }
  /// May be called again, to print it in another way.
  /// Errors: Code::invalid_argument, if its values have no times, and no other order was asked for.
  void know(Printing printing, std::optional<Order> order);
  const Printing& printing() const noexcept { return *printing_; }
  Printing& printing() noexcept { return *printing_; }
  /// Can nothing come of it any more, unless one of its name is made anew?
  bool is_gone() const;

  /// As in recording::Extent.
  struct Wanted {
    std::optional<Order> order{};
    recording::TimeSpan span{};
    std::optional<std::string> where{};
  };
  /// So long before its newest value as `span.last_ns` says. Nothing: there is none. Requires: known. Errors: as Since.
  std::optional<std::int64_t> begin_of_last(const recording::TimeSpan& span) const;
  /// What is there now, from its first value that is wanted on. Requires: known.
  void begin_there(const Window& window, const Wanted& wanted);
  /// What comes behind that, or, of one that has come since, all.
  void begin_coming(const Wanted& wanted);
  void on_gap(GapReport report) { report_gap_ = std::move(report); }
  void on_restart(RestartReport report) { report_restart_ = std::move(report); }

  /// Fills the row. `none`: also at the end.
  recording::ValueStream::Step next();
  recording::ValueStream& stream() noexcept { return *stream_; }
  std::span<const std::byte> row() const noexcept { return shown_; }
  /// When the value in the row was made, in ns since 1970; where arrival is the order, now.
  std::int64_t time_ns();
  std::uint64_t lane_count() const noexcept;

  std::unique_ptr<schema::RecordFormatter> formatter;  ///< of the lines, with the name in front

 private:
  void report_to_owner();

  std::string name_;
  std::unique_ptr<recording::NamedStream> named_;  // until it is begun
  recording::NamedStream* is_named_ = nullptr;
  std::optional<RawView> view_;
  std::optional<Printing> printing_;
  recording::RecordShape shape_;
  std::optional<schema::Field> time_field_;
  bool has_times_ = false;
  std::optional<recording::Extent> extent_;
  std::unique_ptr<recording::ValueStream> stream_;
  std::optional<recording::Row> row_;
  std::span<const std::byte> shown_;
  GapReport report_gap_;
  RestartReport report_restart_;
};

}  // namespace arena_shm::tool
