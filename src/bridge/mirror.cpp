#include "bridge/mirror.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "arena_shm/error.hpp"
#include "bridge/stream_begin.hpp"
#include "schema/record_formatter.hpp"
#include "text/quantities.hpp"

namespace arena_shm::bridge {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kBetweenLooks = 100ms;
constexpr std::chrono::milliseconds kShortestPause = 100ms;
constexpr std::chrono::milliseconds kLongestPause = 2s;
constexpr std::size_t kMostTold = 16;            // gaps of one message
constexpr std::uint64_t kMostRefusalsTold = 16;  // then they are only counted
constexpr std::uint64_t kFurther = 4;

/// What a message adds to the account.
Tally own_tally(const Message& message) {
  Tally own{.values = message.seqs.size()};
  for (const Gap& gap : message.gaps) own.of(gap.cause) += gap.count();
  return own;
}

/// A stream has the name of its ring, if nobody has wished otherwise. Whatever else has it is not meant.
std::optional<MirrorRing> likely_ring(const std::string& stream) {
  try {
    return MirrorRing::find(stream);
  } catch (const Error&) {  // if it is meant, it is said when its name is known
    return std::nullopt;
  }
}

std::uint64_t above(std::uint64_t a, std::uint64_t b) noexcept { return a > b ? a - b : 0; }

}  // namespace

Mirror::Mirror(MirrorOptions options, recording::Attendant& attendant, MirrorMeter& meter)
    : options_(std::move(options)), attendant_(attendant), meter_(meter) {}

void Mirror::note(const std::string& text) { attendant_.note(fmt::format("stream '{}': {}", options_.stream, text)); }

void Mirror::run() {
  auto pause = kShortestPause;
  for (bool is_first = true; !attendant_.stop_requested(); is_first = false) {
    if (attempt(is_first)) pause = kShortestPause;
    for (auto left = pause; left > 0ms && !attendant_.stop_requested(); left -= kBetweenLooks)
      std::this_thread::sleep_for(std::min(left, kBetweenLooks));
    pause = std::min(pause * 2, kLongestPause);
  }
}

/// Returns: has it been connected?
bool Mirror::attempt(bool is_first) {
  std::optional<Connection> connection;
  try {
    connection.emplace(options_.server);
    is_again_ = has_begun_;
    follow(*connection);
    measure(false);
    return true;
  } catch (const Error& error) {
    measure(false);  // also of one that ends here, while others go on
    const bool is_trouble = dynamic_cast<const ServerTrouble*>(&error) != nullptr || error.code() == Code::not_found;
    const bool is_beginning = is_first && counts_.values == 0 && !ring_;
    if (!is_trouble || error.code() == Code::permission_denied || (is_beginning && !options_.waits)) throw;
    if (std::exchange(told_trouble_, error.what()) != error.what())
      note(fmt::format("{}; it is tried again", error.what()));
  }
  return connection.has_value();
}

void Mirror::follow(Connection& connection) {
  for (std::uint64_t margin = kMostUnderWay; !attendant_.stop_requested();) {
    const Next next = read(connection, margin);
    margin = next == Next::further ? margin * kFurther : kMostUnderWay;
  }
}

Mirror::Next Mirror::read(Connection& connection, std::uint64_t margin) {
  if (!ring_) ring_ = options_.name.empty() ? likely_ring(options_.stream) : MirrorRing::find(options_.name);
  const StreamBegin begin = find_begin(
      connection, options_.stream, ring_ ? std::optional(ring_->epoch()) : std::nullopt,
      [this](const Message& message) {
        return ring_ && message.epoch == ring_->epoch() && ring_->is_beyond(message.next);
      },
      margin);
  // Of the name that it is to have only the text of the schema tells for certain.
  if (ring_ && options_.name.empty() && !is_named_ && begin.is_of_others) ring_.reset();
  chain_ = {};
  awaited_ = begin.epoch;
  awaited_last_ = begin.last;
  waits_for_schema_ = false;
  tally_ = ring_ && ring_->sum() == 0 ? std::optional(Tally{}) : std::nullopt;
  StreamReader reader(connection, options_.stream, begin.seq);
  has_begun_ = true;
  told_trouble_.clear();
  if (std::exchange(is_again_, false)) {
    ++counts_.reconnects;
    note("connected again");
  }
  measure(true);
  is_cut_ = begin.is_first;
  while (!attendant_.stop_requested()) {
    const auto arrived = reader.next(kBetweenLooks);
    if (is_ring_gone()) return Next::look_again;
    if (!arrived) continue;
    is_cut_ = is_cut_ || arrived->gone > 0;
    const Next next = take(*arrived);
    measure(true);
    if (next == Next::further && begin.is_first) continue;  // there is no proof of it
    if (next != Next::go_on) return next;
  }
  return Next::look_again;
}

/// It is made anew from what the stream has.
bool Mirror::is_ring_gone() {
  if (!ring_ || Clock::now() < ring_looked_ + kBetweenLooks) return false;
  ring_looked_ = Clock::now();
  if (!ring_->is_retired()) return false;
  note(fmt::format("'{}' was removed", ring_->name()));
  ring_.reset();
  return true;
}

Mirror::Next Mirror::take(const Arrived& arrived) {
  if (arrived.stored.seq > awaited_last_) awaited_.reset();  // what was to come of it has come, or is gone
  ++counts_.messages;
  pending_ = arrived.pending;
  if (!is_of_ours(arrived.stored.headers)) {
    ++counts_.foreign;
    return Next::go_on;
  }
  try {
    const Message message = decode(arrived.stored.headers, arrived.stored.payload);
    switch (chain_.take(message.link, std::exchange(is_cut_, false))) {
      case Standing::valid: return take_valid(message, arrived);
      case Standing::void_: ++counts_.void_; return Next::go_on;
      case Standing::unknown: break;
    }
    // What is there already needs no proof; else the proof is further back.
    const bool is_old = awaited_ && message.epoch != *awaited_;
    const bool is_there = ring_ && message.epoch == ring_->epoch() && ring_->is_beyond(message.next);
    if (is_there) tally_ = message.tally;
    return is_old || is_there ? Next::go_on : Next::further;
  } catch (const Error& error) {
    if (error.code() != Code::corrupt && error.code() != Code::incompatible_version) throw;
    refused(arrived.stored, error);
    return Next::go_on;
  }
}

Mirror::Next Mirror::take_valid(const Message& message, const Arrived& arrived) {
  if (awaited_ && message.epoch != *awaited_) return Next::go_on;  // of an arena before that
  const bool is_known = ring_ && message.epoch == ring_->epoch();
  if (is_known) {
    awaited_.reset();
    account(message, arrived.gone);
    const std::uint64_t values = ring_->apply(message).values;
    counts_.values += values;
    if (values > 0) newest_ns_ = message.times.empty() ? arrived.stored.time.count() : message.times.back();
    tally_ = message.tally;
    return Next::go_on;
  }
  if (message.kind == Kind::schema) {
    awaited_.reset();
    // There may be more of it: behind what is in the ring, or before this message.
    if (begin_epoch(message) || std::exchange(waits_for_schema_, false)) return Next::look_again;
    return take_valid(message, arrived);
  }
  if (!std::exchange(waits_for_schema_, true))
    note(fmt::format("the stream has dropped what the values of epoch {} are; waiting until it is said again",
                     hex_of(message.epoch)));
  return Next::go_on;
}

/// Returns: has the ring been there?
bool Mirror::begin_epoch(const Message& message) {
  const Origin& origin = message.origin;
  const std::string name = options_.name.empty() ? origin.arena : options_.name;
  if (!ring_) {  // of an earlier run, if its name was not known until now: what is left of its epoch comes first
    is_named_ = true;
    ring_ = MirrorRing::find(name);
    if (ring_) return true;
  }
  const bool is_anew = ring_.has_value();
  ring_.reset();
  tally_ = Tally{};
  ring_ = MirrorRing::make(name, origin, message.epoch, options_.slots);
  ++counts_.rings;
  note(fmt::format("{} '{}' {}, for '{}', epoch {}{}", is_anew ? "made" : "created", name,
                   is_anew ? "anew" : "with the origin's numbers", origin.arena, hex_of(message.epoch),
                   origin.where ? fmt::format("; only values where {}", *origin.where) : ""));
  return false;
}

// Before the message is applied: the ring is as far as the one before has brought it.
void Mirror::account(const Message& message, std::uint64_t gone) {
  if (ring_->is_beyond(message.next)) return;
  const Tally own = own_tally(message);
  const std::uint64_t begins = message.tally.sum() - std::min(message.tally.sum(), own.sum());
  const std::uint64_t known = ring_->sum();
  const std::uint64_t missing = above(begins, known);  // not in any message that has come, or left out
  std::uint64_t told = 0;
  if (tally_) {
    const std::uint64_t overwritten = above(message.tally.overwritten - own.overwritten, tally_->overwritten);
    const std::uint64_t holes = above(message.tally.holes - own.holes, tally_->holes);
    const std::uint64_t passed_over = above(message.tally.passed_over - own.passed_over, tally_->passed_over);
    const std::uint64_t left_out = above(message.tally.left_out, tally_->left_out);
    counts_.overwritten += overwritten;
    counts_.holes += holes;
    counts_.passed_over += passed_over;
    counts_.left_out += left_out;
    told = overwritten + holes + passed_over + left_out;
  }
  if (const std::uint64_t dropped = above(missing, told); dropped > 0) {
    counts_.dropped += dropped;
    note(fmt::format("'{}': {} before {} not in the stream any more{}", ring_->name(), text::counted(dropped, "value"),
                     message.seqs.empty() ? message.next.front() : message.seqs.front(),
                     gone > 0 ? fmt::format(" ({} dropped)", text::counted(gone, "message")) : ""));
  }
  tell_losses(message);
}

void Mirror::tell_losses(const Message& message) {
  std::size_t told = 0;
  for (Gap gap : message.gaps) {
    gap.first = std::max(gap.first, ring_->next()[gap.first % message.lanes()]);
    if (gap.first > gap.last) continue;  // what is there is not lost here
    switch (gap.cause) {
      case Loss::overwritten: counts_.overwritten += gap.count(); break;
      case Loss::hole: counts_.holes += gap.count(); break;
      case Loss::passed_over: counts_.passed_over += gap.count(); break;
    }
    if (++told <= kMostTold)
      attendant_.tell(fmt::format("{} at the origin of '{}'", schema::describe(gap), ring_->name()));
  }
  if (told > kMostTold) note(fmt::format("and {} more", text::counted(told - kMostTold, "gap")));
}

void Mirror::measure(bool is_connected) {
  meter_.change([&](MirrorReading& reading) {
    reading.is_connected = is_connected;
    reading.counts = counts_;
    reading.pending = pending_;
    reading.newest_ns = newest_ns_;
    if (!ring_) return;
    if (reading.ring != ring_->name()) reading.ring = ring_->name();
    reading.head = ring_->sum();
  });
}

void Mirror::refused(const Stored& stored, const Error& error) {
  if (++counts_.refused <= kMostRefusalsTold)
    note(fmt::format("refused message {}: {}{}", stored.seq, error.what(),
                     counts_.refused == kMostRefusalsTold ? "; more of these are only counted" : ""));
}

}  // namespace arena_shm::bridge
