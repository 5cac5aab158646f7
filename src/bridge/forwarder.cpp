#include "bridge/forwarder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "text/quantities.hpp"
#include "text/time_text.hpp"

namespace arena_shm::bridge {

namespace {

constexpr std::chrono::milliseconds kBetweenPauses{20};
constexpr std::chrono::milliseconds kBetweenTries{500};
constexpr std::chrono::milliseconds kBetweenLooks{200};
constexpr std::chrono::milliseconds kTakeOver{2000};  // so long another one may do nothing though there is something
constexpr std::chrono::milliseconds kFirstLook{700};  // for one that has just begun
constexpr std::chrono::seconds kRecent{3};
constexpr std::uint64_t kGapBytes = 24;
constexpr std::size_t kOwnRuns = 64;  // each may end without a message; then the last one is of one before

}  // namespace

void Forwarder::run() {
  while (!is_stopped()) {
    try {
      if (open_source() && resume()) forward();
    } catch (const Doubt& doubt) {
      settle(doubt);
    } catch (const ServerTrouble& trouble) {
      if (!has_connected_ && (!options_.waits || trouble.code() == Code::permission_denied)) throw;
      reconnect(trouble);
    }
  }
  run_.reset();
  connection_.reset();
}

bool Forwarder::open_source() {
  if (source_) return true;
  try {
    source_ = std::make_unique<Source>(options_.source);
    was_there_ = noted_.empty();
    noted_.clear();
    return true;
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
  }
  note_once(fmt::format("waiting for an arena '{}'", options_.source.name));
  rest(kBetweenLooks);
  return false;
}

// True: a run has begun, behind what the stream ends with.
bool Forwarder::resume() {
  run_.reset();
  source_->end();
  if (!connection_ || connection_->is_closed()) {
    meter_.change([](Reading& reading) { reading.state = ForwarderState::connecting; });
    connection_.reset();
    connection_ = std::make_unique<Connection>(options_.server);
    if (has_connected_) meter_.change([](Reading& reading) { ++reading.reconnects; });
  }
  const StreamEnd end = look(*connection_, options_.stream, known_);
  has_connected_ = true;
  if (end.place) known_ = end.place;
  if (known_ && known_->seq > end.state.last_seq) known_.reset();  // another stream of the same name
  set_limits(end.state);
  if (is_to_stand_by(known_)) {
    rest(kBetweenLooks);
    return false;
  }
  const bool is_of_this = known_ && known_->epoch == source_->info().epoch;
  if (is_left_behind(end, is_of_this)) {
    source_.reset();
    return false;
  }
  begin_message(is_of_this ? known_ : std::nullopt);
  if (!begin_source(is_of_this ? known_->next : std::vector<std::uint64_t>())) return false;
  run_ = std::make_unique<Run>(*connection_, options_.stream, end.state.last_seq,
                               [this](const Place& place, const Delivery& delivery) { on_stored(place, delivery); });
  own_runs_.push_back(run_->id());
  if (own_runs_.size() > kOwnRuns) own_runs_.pop_front();
  meter_.change([](Reading& reading) { reading.state = ForwarderState::forwarding; });
  return true;
}

// Of an arena that has lost its name: has somebody else gone on to a newer one?
bool Forwarder::is_left_behind(const StreamEnd& end, bool is_of_this) {
  if (is_of_this || !source_->is_retired()) return false;
  bool is_behind = false;
  if (!end.place) {
    is_behind = known_ && end.state.last_seq > known_->seq;  // what came since has been purged
  } else if (!is_own(*end.place) && end.place->time > std::chrono::nanoseconds(source_->info().created_ns)) {
    const auto created_ns = created_ns_of(*connection_, options_.stream, *end.place);
    is_behind = !created_ns || *created_ns > source_->info().created_ns;
  }
  if (is_behind)
    attendant_.note(
        fmt::format("another process has forwarded a newer arena '{}': leaving the old one", options_.source.name));
  return is_behind;
}

bool Forwarder::is_own(const Place& place) const noexcept {
  return std::ranges::find(own_runs_, place.link.run) != own_runs_.end();
}

// Who is at work is seen by what comes from it. Of a lossless arena, by who is the consumer.
bool Forwarder::is_to_stand_by(const std::optional<Place>& place) {
  if (source_->is_lossless() || !place || is_own(*place)) return stands_by_ = false;
  const auto now = Clock::now();
  if (seen_link_ != place->link) {
    const bool is_first = !seen_link_ && !was_refused_;
    seen_link_ = place->link;
    seen_at_ = now;
    if (is_first) return std::chrono::nanoseconds(text::realtime_ns()) - place->time < kRecent;
    if (!std::exchange(stands_by_, true))
      attendant_.note(fmt::format("another process forwards '{}' to stream '{}': standing by", options_.source.name,
                                  options_.stream.name));
    meter_.change([](Reading& reading) { reading.state = ForwarderState::standing_by; });
    return true;
  }
  if (stands_by_ && source_->handed_out() <= accounted()) seen_at_ = now;  // there is nothing that it could do
  if (now - seen_at_ < (stands_by_ ? kTakeOver : kFirstLook)) return true;
  if (std::exchange(stands_by_, false))
    attendant_.note(fmt::format("nobody else forwards '{}' any more: going on", options_.source.name));
  return false;
}

bool Forwarder::begin_source(const std::vector<std::uint64_t>& next) {
  try {
    source_->begin_at(next);
    if (std::exchange(stands_by_, false))
      attendant_.note(fmt::format("'{}' is free: going on", options_.source.consumer));
    return true;
  } catch (const Error& error) {
    if (error.code() != Code::already_exists) throw;
  }
  if (!std::exchange(stands_by_, true))
    attendant_.note(fmt::format("another process is the consumer '{}' of '{}': standing by", options_.source.consumer,
                                options_.source.name));
  meter_.change([](Reading& reading) { reading.state = ForwarderState::standing_by; });
  rest(kBetweenLooks);
  return false;
}

void Forwarder::begin_message(const std::optional<Place>& place) {
  const Info& info = source_->info();
  if (place && place->next.size() != info.lanes) {
    throw Error(Code::corrupt, {.name = options_.stream.name,
                                .doing = "go on in stream",
                                .expected = fmt::format("positions of {} lanes", info.lanes),
                                .found = fmt::format("{}", place->next.size()),
                                .remedy = "purge the stream, or choose another one"});
  }
  message_ = {};
  message_.epoch = info.epoch;
  const Origin origin = origin_of(info, options_.source.where, std::nullopt);
  message_.schema_hash = hash_of(origin.schema);
  message_.record_bytes = info.record.size_bytes;
  message_.next.resize(info.lanes);
  for (std::uint64_t k = 0; k < info.lanes; ++k) message_.next[k] = k;
  if (place) message_.next = place->next;
  told_ = place ? place->tally : Tally{};
  told_sum_ = released_sum_ = told_.sum();
  records_.resize(batch_ * info.record.size_bytes);
  before_.reset();
  if (!place) since_schema_.reset();
  if (!place && known_) before_ = Predecessor{.epoch = known_->epoch, .is_complete = known_->epoch == whole_epoch_};
}

void Forwarder::set_limits(const StreamState& state) {
  constexpr std::uint64_t kRoom = 128;  // for the fence
  const Info& info = source_->info();
  most_bytes_ = connection_->max_payload();
  if (state.max_message > 0) most_bytes_ = std::min(most_bytes_, state.max_message);
  const std::uint64_t empty = kRoom + most_wire_bytes(0, info.record.size_bytes, info.lanes, true);
  const std::uint64_t each = most_wire_bytes(1, info.record.size_bytes, info.lanes, true) + kRoom - empty;
  const std::uint64_t room = most_bytes_ > empty ? most_bytes_ - empty : 0;
  batch_ = std::clamp<std::uint64_t>(room / each, 1, options_.batch);  // one too large is refused when it is published
  most_gaps_ = std::max<std::uint64_t>(room / kGapBytes, 1);
}

void Forwarder::on_stored(const Place& place, const Delivery& delivery) {
  if (!std::exchange(is_checked_, true)) check_first(place);
  const Tally before = known_ && known_->epoch == place.epoch ? known_->tally : Tally{};
  known_ = place;
  if (place.tally.sum() - released_sum_ >= source_->a_part()) release();
  progress_ = Clock::now();
  noted_.clear();
  why_not_.clear();
  meter_.change([&](Reading& reading) {
    reading.values += delivery.values;
    ++reading.messages;
    reading.tally = place.tally;
    reading.own.values += delivery.values;
    reading.own.left_out += place.tally.left_out - before.left_out;
    reading.own.overwritten += place.tally.overwritten - before.overwritten;
    reading.own.holes += place.tally.holes - before.holes;
    reading.own.passed_over += place.tally.passed_over - before.passed_over;
    if (delivery.values == 0) return;
    reading.last_seq = delivery.last_seq;
    reading.newest_ns = delivery.newest_ns;
  });
}

// All headers go through the library as one; a library that alters them would make messages that nobody can read.
void Forwarder::check_first(const Place& place) const {
  const auto stored = connection_->message(options_.stream.name, place.seq);
  if (!stored || (is_of_ours(stored->headers) && decode(stored->headers, stored->payload).link == place.link)) return;
  throw Error(Code::unsupported, {.name = options_.stream.name,
                                  .doing = "forward to stream",
                                  .expected = "that a message is stored as it was published",
                                  .found = "that its headers are others",
                                  .remedy = "use libnats 3.4, and no subject mapping in the server"});
}

void Forwarder::settle(const Doubt& doubt) {
  run_.reset();
  was_refused_ = doubt.is_fenced;
  why_not_ = doubt.why;
  if (doubt.is_fenced) return;
  note_once(fmt::format("stream '{}': {}; looking what it has", options_.stream.name, doubt.why));
  rest(kBetweenTries);
}

void Forwarder::reconnect(const ServerTrouble& trouble) {
  run_.reset();
  connection_.reset();
  why_not_ = trouble.what();
  meter_.change([](Reading& reading) { reading.state = ForwarderState::connecting; });
  note_once(fmt::format("{}; trying again", trouble.what()));
  rest(kBetweenTries);
}

void Forwarder::note_once(const std::string& text) {
  if (std::exchange(noted_, text) != text) attendant_.note(text);
}

std::uint64_t Forwarder::accounted() const noexcept {
  return known_ && source_ && known_->epoch == source_->info().epoch ? known_->tally.sum() : 0;
}

// While something is waited for, and from time to time.
void Forwarder::pause() {
  const auto now = Clock::now();
  if (now - paused_ < kBetweenPauses) return;
  paused_ = now;
  const std::uint64_t head = source_ ? source_->handed_out() : 0;
  meter_.see(head, accounted());
  if (head <= accounted() || stands_by_) progress_ = now;
  if (!options_.stall_exit || now - progress_ < *options_.stall_exit) return;
  throw Error(
      Code::timed_out,
      {.name = options_.source.name,
       .doing = "forward",
       .expected = fmt::format("that something is delivered within {}", text::short_duration(*options_.stall_exit)),
       .found = fmt::format("nothing, while {} wait{}", text::counted(head - accounted(), "value"),
                            why_not_.empty() ? "" : ": " + why_not_),
       .remedy = "look at the server; start it again"});
}

void Forwarder::rest(std::chrono::milliseconds how_long) {
  const auto end = Clock::now() + how_long;
  while (!is_stopped() && Clock::now() < end) {
    pause();
    std::this_thread::sleep_for(std::min<Clock::duration>(kBetweenPauses, how_long));
  }
}

}  // namespace arena_shm::bridge
