// A reader that knows its arena, and what a NameFollower makes such ones of.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "arena_shm/options.hpp"
#include "arena_shm/raw.hpp"
#include "arena_shm/timescale.hpp"
#include "recording/lane_order.hpp"
#include "recording/since.hpp"

namespace arena_shm::recording {

/// Of one arena of a name.
struct NamedReader : RawReader {
  NamedReader(RawView from, OrderedReader ordered)
      : RawReader(std::move(ordered.reader)),
        view(std::move(from)),
        order(ordered.order),
        why_unordered(std::move(ordered.why_unordered)),
        begun(view.lanes()) {}

  bool comes_late() const noexcept { return order == Order::time && is_late(); }
  bool comes_in_order() const noexcept { return order != Order::time || is_exact(); }

  RawView view;
  Order order;
  std::string why_unordered;
  bool is_known = false;    ///< to whom it reads for
  bool was_there = false;   ///< before it was asked for
  std::vector<bool> begun;  ///< of each lane: a value has come
  std::optional<Timescale> timescale{};
  std::optional<Since> since{};
};

/// What NameFollower needs of a view.
class NamedView {
 public:
  static NamedView open(std::string_view name) { return NamedView(RawView::open(name)); }

  /// In order of time only where that can be.
  NamedReader reader(From from, const ReaderOptions& options) const {
    ReaderOptions possible = options;
    if (options.order == Order::time) possible.order = natural_order(info());
    return {view_, reader_in_order(view_, view_.reader(from, {.doorbell = false}).position(), possible)};
  }

  const RawView& raw() const noexcept { return view_; }
  const Info& info() const noexcept { return view_.info(); }
  bool retired() const noexcept { return view_.retired(); }
  bool has_writers() const noexcept { return view_.has_writers(); }

 private:
  explicit NamedView(RawView view) : view_(std::move(view)) {}

  RawView view_;
};

}  // namespace arena_shm::recording
