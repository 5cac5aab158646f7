#include "bridge/stream_end.hpp"

#include <fmt/format.h>

#include <utility>

#include "arena_shm/error.hpp"

namespace arena_shm::bridge {

namespace {

constexpr std::uint64_t kMostForeign = 1024;
constexpr int kMostTries = 16;

std::optional<Message> message_in(const Stored& stored, const std::string& subject) {
  if (stored.subject != subject || !is_of_ours(stored.headers)) return std::nullopt;
  try {
    return decode(stored.headers, stored.payload);
  } catch (const Error& error) {
    if (error.code() == Code::incompatible_version) throw;
    return std::nullopt;
  }
}

std::optional<Place> place_of(const Stored& stored, const std::string& subject) {
  auto message = message_in(stored, subject);
  if (!message) return std::nullopt;
  return Place{.seq = stored.seq,
               .time = stored.time,
               .link = message->link,
               .epoch = message->epoch,
               .next = std::move(message->next),
               .tally = message->tally};
}

// The messages of a stream, from its end back.
class Backwards {
 public:
  Backwards(Connection& connection, const StreamWish& wish, const StreamState& state, const Stored& last)
      : connection_(connection), wish_(wish), first_(state.first_seq), seq_(last.seq) {
    found_ = place_of(last, wish.subject);
    if (!found_) step();
  }

  /// Ours; nothing: there is none before.
  const std::optional<Place>& found() const noexcept { return found_; }
  void step() {
    found_.reset();
    for (std::uint64_t others = 0; !found_ && seq_ > first_; ++others) {
      if (others == kMostForeign) refuse_foreign();
      --seq_;
      if (const auto stored = connection_.message(wish_.name, seq_)) {
        found_ = place_of(*stored, wish_.subject);
      } else if (const auto now = connection_.stream(wish_)) {
        first_ = now->first_seq;  // dropped, or purged, meanwhile
      }
    }
  }

 private:
  [[noreturn]] void refuse_foreign() const {
    throw Error(Code::invalid_argument,
                {.name = wish_.name,
                 .doing = "find the place in stream",
                 .expected = fmt::format("a message of this ring among the last {}", kMostForeign),
                 .found = "only messages of others",
                 .remedy = "choose another --stream, or purge this one, and see who else publishes to its subject"});
  }

  Connection& connection_;
  const StreamWish& wish_;
  std::uint64_t first_;
  std::uint64_t seq_;
  std::optional<Place> found_{};
};

// The last message that is valid: behind the one that it belongs behind, as are all before it in its run. A run that
// was broken has no more behind the break than could be under way.
std::optional<Place> last_valid(Backwards& messages, const std::optional<Place>& known) {
  std::optional<Place> candidate = messages.found();
  std::optional<Place> at = candidate;
  for (std::uint64_t steps = 0; at; ++steps) {
    const bool is_known = known && known->seq == at->seq && known->link == at->link;
    if (at->link.number == 0 || is_known || steps == kMostUnderWay) return candidate;
    messages.step();
    const std::optional<Place>& before = messages.found();
    if (!before) return candidate;  // dropped by the limits
    if (!follows(at->link, before->link)) {
      candidate = before;
      steps = 0;
    }
    at = before;
  }
  return candidate;
}

}  // namespace

StreamEnd look(Connection& connection, const StreamWish& wish, const std::optional<Place>& known) {
  StreamEnd end;
  for (int tries = 0; tries < kMostTries; ++tries) {
    auto state = connection.stream(wish);
    if (!state) {
      connection.make_stream(wish);
      state = connection.stream(wish);
      if (!state) continue;
    }
    end = {.state = *state, .place = {}, .foreign = 0};
    if (known && known->seq == state->last_seq) {
      end.place = known;
      return end;
    }
    const auto last = connection.last_message(wish.name, wish.subject);
    if (last && last->seq > state->last_seq) continue;  // it goes on meanwhile
    if (last) {
      Backwards messages(connection, wish, *state, *last);
      end.place = last_valid(messages, known);
    }
    end.foreign = state->last_seq - (end.place ? end.place->seq : 0);
    return end;
  }
  throw Error(Code::system, {.name = wish.name,
                             .doing = "find the place in stream",
                             .expected = "that it stands still for a moment",
                             .found = "that others publish to it all the time",
                             .remedy = "choose another --stream"});
}

std::optional<std::int64_t> created_ns_of(Connection& connection, const StreamWish& wish, const Place& place) {
  const auto state = connection.stream(wish);
  if (!state) return std::nullopt;
  constexpr std::uint64_t kFurthest = kBetweenSchemas + kMostForeign;
  for (std::uint64_t back = 0; back <= kFurthest && place.seq >= state->first_seq + back; ++back) {
    const auto stored = connection.message(wish.name, place.seq - back);
    if (!stored) continue;
    const auto message = message_in(*stored, wish.subject);
    if (message && message->kind == Kind::schema && message->epoch == place.epoch) return message->origin.created_ns;
  }
  return std::nullopt;
}

}  // namespace arena_shm::bridge
