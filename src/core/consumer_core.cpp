#include "arena_shm/core/consumer_core.hpp"

#include <string>
#include <utility>

#include "arena_shm/core/consumers.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint64_t kBatchesPerRing = 8;
constexpr std::uint64_t kNever = ~std::uint64_t{0};
std::atomic<std::uint64_t> state_of_nobody{kNever};

ReaderOptions reader_options(const ConsumerOptions& options) noexcept {
  return {.manner = options.manner, .hold = options.hold, .doorbell = true, .order = options.order};
}

}  // namespace

ConsumerCore::ConsumerCore(std::shared_ptr<const Segment> segment, std::string_view name,
                           const ConsumerOptions& options)
    : seat_(std::move(segment), name),
      durable_(options.durable),
      explicit_(options.release == Release::explicitly),
      lanes_(this->segment().lane_count()),
      batch_(explicit_ ? kNever : std::max<std::uint64_t>(this->segment().ring().slot_count / kBatchesPerRing, 1)),
      state_(&consumers().state(seat_.index())),
      released_(lanes_),
      release_at_(lanes_),
      room_(consumers().room(), !seat_.membarrier_registered()),
      late_(this->segment()),
      reader_(seat_.segment(), options.from, reader_options(options)),
      forked_([](void* consumer) noexcept { static_cast<ConsumerCore*>(consumer)->state_ = &state_of_nobody; }, this) {
  // Whoever is refused has been refused by now: what has joined is there to stay.
  reader_.seek(begin(options));
  reader_.attend(*this);
  expect_exit(Begins::handle);
}

ConsumerCore::~ConsumerCore() {
  if (!seat_.is_own()) return;  // a forked child
  if (durable_ && !explicit_) keep_what_is_in_hand();
  stop_gating();
}

void ConsumerCore::stop_gating() noexcept {
  if (durable_ || forked_.holds() || !seat_.is_own()) return;
  std::uint64_t state = own_state_;
  state_->compare_exchange_strong(state, turned_into(own_state_, Standing::free), std::memory_order_acq_rel);
  ARENA_SHM_STOP_POINT(consumer_leaving);
  room_.ring();
}

/// All else that it has got is done with.
void ConsumerCore::keep_what_is_in_hand() noexcept {
  if (state_->load(std::memory_order_relaxed) != own_state_) return;
  if (in_hand_ > 1) {  // of which lanes, nobody has written down
    if (lanes_ == 1) publish(0, done_);
    return;
  }
  for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
    std::uint64_t released = target(lane);
    if (in_hand_ > 0 && is_late_) released = std::min(released, late_number_);
    if (in_hand_ > 0 && !is_late_ && lane == lane_) released = std::min(released, reader_.lane_cursor(lane) - 1);
    publish(lane, released);
  }
}

void ConsumerCore::publish(std::uint32_t lane, std::uint64_t released) noexcept {
  if (released <= released_[lane]) return;
  released_[lane] = released;
  release_at_[lane] = batch_ == kNever ? kNever : released + batch_;
  consumers().released(seat_.index(), lane).store(released, std::memory_order_release);  // L1
  ARENA_SHM_STOP_POINT(consumer_released);
  room_.ring();  // L2
}

void ConsumerCore::publish_all_due() noexcept {
  for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
    if (target(lane) >= release_at_[lane]) publish(lane, target(lane));
  }
}

void ConsumerCore::release() {
  if (forked_.holds()) refuse_forked(segment().info().name);
  if (state_->load(std::memory_order_relaxed) != own_state_) return;  // the next call tells
  for (std::uint32_t lane = 0; lane < lanes_; ++lane) publish(lane, target(lane));
  in_hand_ = 0;
}

void ConsumerCore::release(const Position& end) {
  if (forked_.holds()) refuse_forked(segment().info().name);
  reader_.require_place(end);
  if (state_->load(std::memory_order_relaxed) != own_state_) return;  // the next call tells
  for (std::uint32_t lane = 0; lane < lanes_; ++lane) publish(lane, std::min(end.next()[lane] / lanes_, target(lane)));
}

/// J0 to J5.
void ConsumerCore::join(const Place& place) {
  const auto store_all = [&] {
    for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
      const Ring ring = segment().lane_of_seat(lane);
      const std::uint64_t head = std::min(ring.head->load(std::memory_order_acquire), ring.limit);  // J0, J3
      released_[lane] = std::min(place(ring, head), ring.limit);
      release_at_[lane] = batch_ == kNever ? kNever : released_[lane] + batch_;
      consumers().released(seat_.index(), lane).store(released_[lane], std::memory_order_release);  // J0, J4
    }
  };
  consumers().clear_group(seat_.index());
  store_all();  // J0
  ARENA_SHM_STOP_POINT(consumer_joining);
  own_state_ =
      next_epoch(state_->load(std::memory_order_acquire), Kind::alone, durable_ ? Standing::kept : Standing::joined);
  state_->store(own_state_, std::memory_order_release);  // J1
  ARENA_SHM_STOP_POINT(consumer_registered);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // J2
  store_all();                                          // J3, J4
  ARENA_SHM_STOP_POINT(consumer_joined);
  room_.ring();  // J5
}

/// Returns: where to read from.
Position ConsumerCore::begin(const ConsumerOptions& options) {
  const std::uint64_t before = state_->load(std::memory_order_acquire);
  std::vector<std::uint64_t> next(lanes_);
  // Who was evicted comes back only if it was, and is, to be waited for while it is away.
  durable_ = durable_ || (seat_.has_come_back() && standing(before) == Standing::kept);
  if (seat_.has_come_back() && durable_) {
    for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
      const Ring ring = segment().lane_of_seat(lane);
      const std::uint64_t head = std::min(ring.head->load(std::memory_order_acquire), ring.limit);
      released_[lane] = std::min(consumers().released(seat_.index(), lane).load(std::memory_order_acquire), head);
      release_at_[lane] = batch_ == kNever ? kNever : released_[lane] + batch_;
      next[lane] = ring.seq_of(released_[lane]);
    }
    own_state_ = before;
    if (standing(before) == Standing::kept) return Position(std::move(next));
    join([was = released_](const Ring& lane, std::uint64_t head) {
      return std::max(was[lane.first_seat], From::oldest.cursor(head, lane.slot_count));
    });
    return Position(std::move(next));
  }
  join([&options](const Ring& lane, std::uint64_t head) {
    const std::uint64_t number = options.from.cursor(head, lane.slot_count);
    return options.from.is_seq() ? lane.number_from(number) : number;
  });
  for (std::uint32_t lane = 0; lane < lanes_; ++lane) next[lane] = segment().lane_of_seat(lane).seq_of(released_[lane]);
  return Position(std::move(next));
}

void ConsumerCore::come_back() {
  if (forked_.holds()) refuse_forked(segment().info().name);
  if (!told_) {
    told_ = true;
    throw Error(Code::evicted, {.name = segment().info().name,
                                .doing = "consume from",
                                .expected = "to be waited for",
                                .found = "that '" + seat_.name() + "' was evicted, at " +
                                         std::to_string(reader_.cursor()) + ", having held up the writers",
                                .remedy = "call again to go on from there: what was overwritten is counted"});
  }
  told_ = false;
  std::vector<std::uint64_t> was(lanes_);
  for (std::uint32_t lane = 0; lane < lanes_; ++lane) was[lane] = explicit_ ? released_[lane] : target(lane);
  join([&was](const Ring& lane, std::uint64_t head) {
    return std::max(was[lane.first_seat], From::oldest.cursor(head, lane.slot_count));
  });
}

bool ConsumerCore::wait_for(std::chrono::nanoseconds timeout) {
  begin_call();
  return reader_.wait_for(timeout);
}

bool ConsumerCore::has_something() {
  std::uint64_t from = 0;
  while (const auto outcome = late_.settle_any(from)) {
    if (outcome->verdict == Verdict::published) return true;
    from = outcome->number + 1;
    late_.remove(outcome->number);
    lose(*outcome);
  }
  return false;
}

void ConsumerCore::lose(LateValues::Outcome late) {
  const bool is_hole = late.verdict == Verdict::hole;
  ++(is_hole ? late_holes_ : late_overwritten_);
  reader_.report(
      {.first = late.number, .last = late.number, .cause = is_hole ? Loss::hole : Loss::overwritten, .step = 1});
}

}  // namespace arena_shm::core
