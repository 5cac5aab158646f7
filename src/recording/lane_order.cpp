#include "recording/lane_order.hpp"

#include <fmt/format.h>

#include <utility>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/error.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

std::string inexact_because(const Info& info) {
  if (!core::fence_all_writers()) return "the system refuses membarrier";
  if (!core::is_kernels_own(info.clock))
    return fmt::format("the kernel does not keep time with the arena's clock ({}) any more", to_string(info.clock));
  return fmt::format("the arena's clock ({}) went back", to_string(info.clock));
}

}  // namespace

Order natural_order(const Info& info) noexcept {
  return info.writers == Writers::laned && info.clock != Clock::none ? Order::time : Order::arrival;
}

Order order_for(const Info& info, std::optional<Order> asked, Attendant& attendant) {
  if (asked == Order::arrival) return Order::arrival;
  const Order order = natural_order(info);
  if (asked && order != Order::time && info.writers != Writers::exclusive) {
    attendant.note(fmt::format("'{}' has no {}: its values come in the order of their arrival", info.name,
                               info.clock == Clock::none ? "times" : "lanes"));
  }
  return order;
}

OrderedReader reader_in_order(const RawView& view, const Position& first, ReaderOptions options) {
  std::string why;
  if (options.order == Order::time) {
    try {
      return {view.reader(first, options), Order::time};
    } catch (const Error& error) {
      if (error.code() != Code::unsupported) throw;
      why = fmt::format("lanes come in the order of arrival: {}", error.what());
    }
  }
  options.order = Order::arrival;
  return {view.reader(first, options), Order::arrival, std::move(why)};
}

OrderedReader reader_in_order(const RawView& view, const Position& first, ReaderOptions options, Attendant& attendant) {
  OrderedReader reader = reader_in_order(view, first, options);
  if (!reader.why_unordered.empty()) attendant.note(reader.why_unordered);
  return reader;
}

void tell_order(const Info& info, std::uint64_t late_count, bool is_exact, Attendant& attendant) {
  if (late_count > 0) attendant.note(text::counted(late_count, "value") + " came late: out of order of time");
  if (!is_exact) attendant.note("the order of time is not exact here: " + inexact_because(info));
}

}  // namespace arena_shm::recording
