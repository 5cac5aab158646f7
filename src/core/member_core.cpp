#include "arena_shm/core/member_core.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "arena_shm/core/consumers.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint32_t kLeastRun = 16;           // so often it takes from one lane before it turns to the next
constexpr std::atomic<std::uint64_t> kNobody{0};  // the state of no group, and of nobody

void require_what_groups_have(const Segment& segment, const ConsumerOptions& options) {
  const bool by_time = options.order == Order::time;
  if (!by_time && options.release != Release::explicitly) return;
  throw Error(Code::invalid_argument,
              {.name = segment.info().name,
               .doing = "join a group of",
               .expected = by_time ? "values in the order of arrival" : "values that are done with at the next call",
               .found = by_time ? "an order of time, which there is none of between members" : "explicit release",
               .remedy = by_time ? "consume alone" : "take several with one call"});
}

}  // namespace

MemberCore::MemberCore(std::shared_ptr<const Segment> segment, std::string_view name, const ConsumerOptions& options)
    : seat_((require_what_groups_have(*segment, options), std::move(segment)), name, options),
      room_(consumers().room(), !seat_.membarrier_registered()),
      doorbell_(this->segment().doorbell()),
      sleeper_(doorbell_),
      hold_(std::max<std::chrono::nanoseconds>(options.hold, {})),
      manner_(options.manner),
      group_state_(&consumers().state(seat_.group())),
      state_(&consumers().state(seat_.index())),
      suspects_(std::size_t{consumers().count()} * kWordsPerMember),
      forked_(
          [](void* part) noexcept {
            auto* member = static_cast<MemberCore*>(part);
            member->group_state_ = member->state_ = &kNobody;
          },
          this) {
  for (std::uint32_t lane = 0; lane < this->segment().lane_count(); ++lane) {
    rings_.push_back(this->segment().lane_of_seat(lane));
    laps_.emplace_back(rings_.back());
  }
  for (std::uint32_t which = 0; which < kWordsPerMember; ++which)
    words_[which] = &consumers().word(seat_.index(), which);
  // A look at each of the others costs little beside so many values.
  longest_run_ = std::max(static_cast<std::uint32_t>(rings_.size()), kLeastRun);
  overwritten_ = seat_.missed_count();
  go_on_with_what_is_held();
  expect_exit(Begins::handle);
}

MemberCore::~MemberCore() {
  leave_set();
  if (!seat_.is_own()) return;  // a forked child
  is_idle();
  ARENA_SHM_STOP_POINT(member_leaving);
  if (claim_ != kHoldsNothing || aside_ != kHoldsNothing) return;  // as if it had died
  const std::uint64_t group_state = group_state_->load(std::memory_order_acquire);
  std::uint64_t own = seat_.own_state();
  // Acquire and release: whoever takes the line comes after all that was done in it.
  consumers()
      .state(seat_.index())
      .compare_exchange_strong(own, turned_into(own, Standing::free), std::memory_order_acq_rel);
  if (seat_.is_in(group_state) && is_abandoned(segment(), seat_.group(), group_state))
    free_abandoned(segment(), seat_.group(), group_state);
  else
    room_.ring();
}

/// N3.
void MemberCore::go_on_with_what_is_held() {
  for (const Word which : {Word::claim, Word::aside}) {
    std::atomic<std::uint64_t>& word = *words_[static_cast<std::size_t>(which)];
    const std::uint64_t found = word.load(std::memory_order_acquire);  // T3, K4, of who had the line before -> here
    const Segment::Place place = segment().place_of(is_held(found) ? held_seq(found) : 0);
    const std::uint64_t next = next_of(lane_number(place)).load(std::memory_order_acquire);  // T4 -> here
    if (!is_held(found) || place.number >= next) {
      if (found != kHoldsNothing) word.store(kHoldsNothing, std::memory_order_release);
      continue;
    }
    if (which == Word::claim) {
      hold(found, place, std::min(place.number + held_count(found), next), Redelivered::yes);
    } else {
      hold_aside(found, Redelivered::yes);
    }
  }
}

void MemberCore::hold(std::uint64_t word, const Segment::Place& place, std::uint64_t end, Redelivered again) noexcept {
  claim_ = word;
  lane_ = lane_number(place);
  at_ = place.number;
  end_ = end;
  claim_is_done_ = false;
  claim_is_redelivered_ = again == Redelivered::yes;
}

void MemberCore::hold_aside(std::uint64_t word, Redelivered again) noexcept {
  aside_ = word;
  aside_is_delivered_ = aside_is_done_ = false;
  aside_is_redelivered_ = again == Redelivered::yes;
}

bool MemberCore::put(Word which, std::uint64_t word) {
  std::uint64_t& own = which == Word::claim ? claim_ : aside_;
  std::atomic<std::uint64_t>& shared = *words_[static_cast<std::size_t>(which)];
  const std::uint64_t before = own;
  std::uint64_t expected = before;
  if (!shared.compare_exchange_strong(expected, word, std::memory_order_acq_rel)) [[unlikely]] {
    was_evicted_from(which);
    return false;
  }
  own = word;
  ARENA_SHM_STOP_POINT(member_word_put);
  if (before != kHoldsNothing) room_.ring();  // T7
  return true;
}

/// What it has done with it holds no more.
void MemberCore::is_idle() {
  if (claim_ != kHoldsNothing && claim_is_done_) put(Word::claim, kHoldsNothing);
  if (aside_ != kHoldsNothing && aside_is_done_) put(Word::aside, kHoldsNothing);
}

/// What is left of its range it goes on to hold.
void MemberCore::let_go_of_what_was_delivered() {
  done_with_what_was_delivered();
  if (at_ < end_ && at_ > place_of_claim()) put(Word::claim, held(rings_[lane_].seq_of(at_), end_ - at_));
  is_idle();
}

void MemberCore::release() {
  if (forked_.holds()) refuse_forked(segment().info().name);
  let_go_of_what_was_delivered();
}

void MemberCore::release(const Position& /*end*/) {
  throw Error(Code::invalid_argument, {.name = segment().info().name,
                                       .doing = "release up to a position in",
                                       .expected = "a consumer that gets all values",
                                       .found = "a member of the group '" + group_name() + "'",
                                       .remedy = "release all that it has got"});
}

std::uint64_t MemberCore::place_of_claim() const noexcept {
  return claim_ == kHoldsNothing ? at_ : segment().place_of(held_seq(claim_)).number;
}

/// Another member has what that word held, and nobody but this one makes anything of the word.
void MemberCore::was_evicted_from(Word which) noexcept {
  words_[static_cast<std::size_t>(which)]->store(kHoldsNothing, std::memory_order_release);
  (which == Word::claim ? claim_ : aside_) = kHoldsNothing;
  if (which == Word::claim) at_ = end_;
  was_evicted_ = true;
}

/// Does it hold what it is about to deliver?
void MemberCore::look_at_own_words() noexcept {
  for (const Word which : {Word::claim, Word::aside}) {
    const std::uint64_t own = which == Word::claim ? claim_ : aside_;
    const auto& shared = *words_[static_cast<std::size_t>(which)];
    if (own != kHoldsNothing && shared.load(std::memory_order_acquire) != own) was_evicted_from(which);  // K6 -> here
  }
}

/// What it has not delivered as yet it still holds, if nobody has taken it over.
void MemberCore::come_back() {
  if (forked_.holds()) refuse_forked(segment().info().name);
  const bool is_in = seat_.is_in(group_state_->load(std::memory_order_acquire));  // E1, J1 -> here
  const bool is_out = !is_in || state_->load(std::memory_order_acquire) != seat_.own_state();
  if (is_out && told_) {
    told_ = false;
    if (is_in)
      seat_.come_back();
    else
      seat_.rejoin();
    group_state_ = &consumers().state(seat_.group());
    look_at_own_words();
    was_evicted_ = false;
    return;
  }
  look_at_own_words();
  if (!is_out) told_ = false;
  if (!is_out && !was_evicted_) return;
  let_go_of_what_was_delivered();
  told_ = is_out;
  was_evicted_ = false;
  throw Error(Code::evicted,
              {.name = segment().info().name,
               .doing = "consume from",
               .expected = "to be waited for",
               .found = "that " + std::string(is_in ? "a member" : "all members") + " of the group '" + seat_.name() +
                        "' " + (is_in ? "was" : "were") + " evicted, having held up the writers, or by hand",
               .remedy = is_in ? "call again to go on: what it had in hand may go to another member, too"
                               : "call again to go on from where the group was: what was overwritten is counted"});
}

void MemberCore::lose(const Ring& ring, SeqSpan span, Loss cause) {
  (cause == Loss::hole ? holes_ : overwritten_) += span.end - span.first;
  if (!report_) return;
  const Marked inside(inside_);
  report_(
      {.first = ring.seq_of(span.first), .last = ring.seq_of(span.end - 1), .cause = cause, .step = ring.lane_count});
}

}  // namespace arena_shm::core
