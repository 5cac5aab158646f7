#include "recording/consumption.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "arena_shm/error.hpp"
#include "recording/lane_order.hpp"
#include "text/quantities.hpp"
#include "text/shell_word.hpp"

namespace arena_shm::recording {

namespace {

constexpr std::uint64_t kBatchesPerRing = 8;
constexpr std::chrono::milliseconds kHold{20};  // a writer that is preempted is given time to come back

bool keeps_place_of(const ConsumerInfo& consumer, const ConsumerWish& wish) {
  if (consumer.name != wish.name) return false;
  return consumer.durable || (consumer.life == ConsumerLife::evicted && wish.durable);
}

}  // namespace

void require_lossless(const Info& info) {
  if (info.full == Full::wait) return;
  throw Error(Code::invalid_argument, {.name = info.name,
                                       .doing = "be a consumer of",
                                       .expected = "a lossless arena, whose writers wait for its consumers",
                                       .found = "one that overwrites",
                                       .remedy = "create it with --lossless, or leave out --consumer"});
}

bool keeps_place(const RawView& view, const ConsumerWish& wish) {
  return std::ranges::any_of(view.consumers(), [&](const ConsumerInfo& one) { return keeps_place_of(one, wish); });
}

Consumption::Consumption(const RawArena& arena, const ConsumerWish& wish, Attendant& attendant)
    : arena_(arena.name()),
      attendant_(attendant),
      has_come_back_((require_lossless(arena.info()), keeps_place(arena, wish))),
      durable_(wish.durable || has_come_back_),
      release_after_(std::max<std::uint64_t>(arena.slots() / arena.lanes() / kBatchesPerRing, 1)),
      consumer_(join(arena, wish, attendant)) {}

// Where the clock of the arena cannot be read, lanes come as they arrive.
RawConsumer Consumption::join(const RawArena& arena, const ConsumerWish& wish, Attendant& attendant) const {
  ConsumerOptions options{.durable = wish.durable,
                          .from = wish.from,
                          .release = Release::explicitly,
                          .hold = kHold,
                          .manner = Manner::throughput,
                          .order = order_for(arena.info(), wish.order, attendant)};
  if (options.order == Order::time) {
    try {
      return arena.consumer(wish.name, options);
    } catch (const Error& error) {
      if (error.code() != Code::unsupported) throw;
      attendant.note(fmt::format("lanes come in the order of arrival: {}", error.what()));
    }
    options.order = Order::arrival;
  }
  return arena.consumer(wish.name, options);
}

std::optional<std::uint64_t> Consumption::next(std::span<std::byte> record) {
  std::optional<std::uint64_t> seq;
  try {
    seq = consumer_.next(record);
  } catch (const Error& error) {
    note_eviction(error);
    seq = consumer_.next(record);
  }
  if (overwritten_before_) {
    const std::uint64_t lost = consumer_.overwritten_count() - *overwritten_before_;
    overwritten_before_.reset();
    attendant_.note(fmt::format("'{}' was evicted from '{}', for it had held up the writers: lost {}; going on",
                                consumer_.name(), arena_, text::counted(lost, "value")));
  }
  return seq;
}

bool Consumption::wait_for(std::chrono::milliseconds longest) {
  try {
    return consumer_.wait_for(longest);
  } catch (const Error& error) {
    note_eviction(error);
    return true;
  }
}

void Consumption::note_eviction(const Error& error) {
  if (error.code() != Code::evicted) throw;
  overwritten_before_ = consumer_.overwritten_count();
}

void Consumption::tell_end(std::uint64_t late_count) const {
  if (late_count > 0) attendant_.note(text::counted(late_count, "value") + " came late: out of their order");
  if (!durable_) return;
  attendant_.note(fmt::format(
      "'{0}' stays a consumer of '{1}', and its writers wait for it: start it again; or, if it is not to come back: "
      "arena-shm consumers {2} --remove {3}",
      consumer_.name(), arena_, text::shell_word(arena_), text::shell_word(consumer_.name())));
}

}  // namespace arena_shm::recording
