#include "recording/consumption.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "arena_shm/error.hpp"
#include "recording/lane_order.hpp"
#include "text/quantities.hpp"
#include "text/shell_word.hpp"

namespace arena_shm::recording {

namespace {

constexpr std::uint64_t kBatchesPerRing = 8;

bool keeps_place_of(const ConsumerInfo& consumer, const ConsumerWish& wish) {
  if (consumer.name != wish.name || consumer.kind != (wish.share ? ConsumerKind::group : ConsumerKind::alone))
    return false;
  return wish.share || consumer.durable || (consumer.life == ConsumerLife::evicted && wish.durable);
}

bool is_durable(const RawView& view, const std::string& name) {
  return std::ranges::any_of(view.consumers(),
                             [&](const ConsumerInfo& one) { return one.name == name && one.durable; });
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
      shares_(wish.share),
      durable_(wish.durable || (has_come_back_ && is_durable(arena, wish.name))),
      // A member has done with a value when it asks for the next one.
      release_after_(shares_ ? 1 : std::max<std::uint64_t>(arena.slots() / arena.lanes() / kBatchesPerRing, 1)),
      consumer_(join(arena, wish, attendant)),
      counts_all_(has_come_back_ || wish.from.is_seq()),
      begun_(arena.lanes()) {}

// Where the clock of the arena cannot be read, lanes come as they arrive.
RawConsumer Consumption::join(const RawArena& arena, const ConsumerWish& wish, Attendant& attendant) const {
  ConsumerOptions options{
      .share = wish.share,
      .durable = wish.durable,
      .from = wish.from,
      .release = wish.share ? Release::at_next_call : Release::explicitly,
      .hold = kHold,
      .manner = Manner::throughput,
      .order = wish.share ? wish.order.value_or(Order::arrival) : order_for(arena.info(), wish.order, attendant)};
  if (wish.share) return arena.consumer(wish.name, options);
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
  if (!seq) return seq;
  begun_[*seq % begun_.size()] = true;
  if (is_evicted_) tell_eviction();
  if (!has_begun_) {
    has_begun_ = true;
    overwritten_before_ = consumer_.overwritten_count();
  }
  return seq;
}

bool Consumption::wait_for(std::chrono::milliseconds longest) {
  try {
    if (consumer_.wait_for(longest)) return true;
  } catch (const Error& error) {
    note_eviction(error);
    return true;
  }
  if (is_evicted_) tell_eviction();
  return false;
}

void Consumption::on_gap(std::function<void(const Gap&)> report) {
  consumer_.on_gap([this, report = std::move(report)](const Gap& gap) {
    if (counts_all_ || begun_[gap.first % begun_.size()] || gap.cause != Loss::overwritten) report(gap);
  });
}

void Consumption::note_eviction(const Error& error) {
  if (error.code() != Code::evicted) throw;
  is_evicted_ = true;
  has_begun_ = true;
  counts_all_ = true;
}

// Once it is clear what has been lost. Nothing is overwritten without an eviction, but may have been counted before the
// eviction was noticed.
void Consumption::tell_eviction() {
  const std::uint64_t lost = consumer_.overwritten_count() - overwritten_before_;
  overwritten_before_ += lost;
  is_evicted_ = false;
  attendant_.note(fmt::format("'{}' was evicted from '{}', for it had held up the writers: {}lost {}; going on",
                              consumer_.name(), arena_, shares_ ? "another member gets what it had taken; " : "",
                              text::counted(lost, "value")));
}

void Consumption::tell_end(std::uint64_t late_count) const {
  if (late_count > 0) attendant_.note(text::counted(late_count, "value") + " came late: out of their order");
  if (const std::uint64_t again = consumer_.redelivered_count(); again > 0)
    attendant_.note(text::counted(again, "value") + " came again: another member had taken and not done with them");
  if (!durable_) return;
  attendant_.note(fmt::format(
      "{4}'{0}' stays a consumer of '{1}', and its writers wait for it: start it again; or, if it is not to come back: "
      "arena-shm consumers {2} --remove {3}",
      consumer_.name(), arena_, text::shell_word(arena_), text::shell_word(consumer_.name()),
      shares_ ? "the group " : ""));
}

}  // namespace arena_shm::recording
