#include "bridge/stream_begin.hpp"

#include <algorithm>
#include <utility>

#include "arena_shm/error.hpp"

namespace arena_shm::bridge {

namespace {

constexpr std::uint64_t kMostForeign = 1024;  // at the end
constexpr std::uint64_t kMostInTheWay = 64;   // of each look in the middle
constexpr int kMostEpochs = 256;              // that are newer than the ring's

struct Numbered {
  std::uint64_t seq;
  Message message;
};

// Messages of one stream that can be understood, by their numbers in it.
class Stream {
 public:
  Stream(Connection& connection, const std::string& name, std::uint64_t first)
      : connection_(connection), name_(name), first_(first) {}

  /// The last one below `end`, if it is not far.
  std::optional<Numbered> last_below(std::uint64_t end) const {
    for (std::uint64_t left = kMostForeign; end > first_ && left > 0; --left) {
      if (auto message = at(--end)) return Numbered{.seq = end, .message = std::move(*message)};
    }
    return std::nullopt;
  }
  /// Is all below `end` so near that last_below has looked at it?
  bool is_near(std::uint64_t end) const noexcept { return end - first_ <= kMostForeign; }
  /// Of [first, end), whose messages are such ones and then others: the first of the others, or somewhat further, if
  /// void ones are between them. `if_unknown`: what a stretch counts as whose messages nobody understands.
  template <class Predicate>
  std::uint64_t first_behind(std::uint64_t end, bool if_unknown, Predicate is_such) const {
    std::uint64_t low = first_;
    for (std::uint64_t high = end; low < high;) {
      const std::uint64_t middle = low + (high - low) / 2;
      std::optional<Message> message;
      std::uint64_t seq = middle;
      for (std::uint64_t left = kMostInTheWay; seq < high && left > 0; ++seq, --left) {
        message = at(seq);
        if (message) break;
      }
      if (message ? is_such(*message) : if_unknown) {
        low = message ? seq + 1 : seq;
      } else {
        high = middle;
      }
    }
    return low;
  }

 private:
  std::optional<Message> at(std::uint64_t seq) const {
    const auto stored = connection_.message(name_, seq);
    if (!stored) return std::nullopt;
    auto message = message_of(*stored);
    if (message) message->records = {};  // they go with `stored`
    return message;
  }

  Connection& connection_;
  const std::string& name_;
  std::uint64_t first_;
};

}  // namespace

std::optional<Message> message_of(const Stored& stored) {
  if (!is_of_ours(stored.headers)) return std::nullopt;
  try {
    return decode(stored.headers, stored.payload);
  } catch (const Error&) {  // whoever reads it says so
    return std::nullopt;
  }
}

StreamBegin find_begin(Connection& connection, const std::string& name, const std::optional<Epoch>& of_ring,
                       const IsThere& is_there, std::uint64_t margin) {
  const auto state = connection.state_of(name);
  if (!state) {
    throw Error(Code::not_found, {.name = name,
                                  .doing = "mirror stream",
                                  .expected = "a stream of that name",
                                  .found = "none",
                                  .remedy = "start 'arena-shm forward' first, or check --stream"});
  }
  if (state->messages == 0) return {.seq = state->last_seq + 1, .is_first = true, .epoch = {}};
  const std::uint64_t first = std::max<std::uint64_t>(1, state->first_seq);
  const Stream stream(connection, name, first);
  auto last = stream.last_below(state->last_seq + 1);
  if (!last) return {.seq = first, .is_first = true, .epoch = {}};
  auto of_older = last;
  for (int epochs = 0; of_ring && of_older && of_older->message.epoch != *of_ring && epochs < kMostEpochs; ++epochs) {
    last = of_older;
    const auto is_older = [&](const Message& message) { return message.epoch != last->message.epoch; };
    // Rather a message of the same epoch than one too far back.
    const std::uint64_t begin = stream.first_behind(last->seq, true, is_older);
    of_older = stream.last_below(begin);
    if (!of_older && stream.is_near(begin)) return {.seq = first, .is_first = true, .epoch = {}, .is_of_others = true};
  }
  if (of_ring && of_older && of_older->message.epoch == *of_ring) last = of_older;
  const Epoch epoch = last->message.epoch;
  const auto is_behind = [&](const Message& message) { return message.epoch != epoch || is_there(message); };
  const std::uint64_t found =
      is_behind(last->message) ? last->seq + 1 : stream.first_behind(last->seq, false, is_behind);
  const std::uint64_t begin = found - std::min(found - first, margin);
  return {.seq = begin, .is_first = begin == first, .epoch = epoch, .last = last->seq};
}

}  // namespace arena_shm::bridge
