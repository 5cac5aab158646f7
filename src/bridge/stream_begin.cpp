#include "bridge/stream_begin.hpp"

#include <algorithm>
#include <utility>

#include "arena_shm/error.hpp"

namespace arena_shm::bridge {

namespace {

constexpr std::uint64_t kMostForeign = 1024;  // at the end
constexpr std::uint64_t kMostInTheWay = 64;   // of each look in the middle

// Messages of one stream, by their numbers in it.
class Stream {
 public:
  Stream(Connection& connection, const std::string& name) : connection_(connection), name_(name) {}

  std::optional<Message> at(std::uint64_t seq) const {
    const auto stored = connection_.message(name_, seq);
    if (!stored) return std::nullopt;
    auto message = message_of(*stored);
    if (message) message->records = {};  // they go with `stored`
    return message;
  }

 private:
  Connection& connection_;
  const std::string& name_;
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

StreamBegin find_begin(Connection& connection, const std::string& name, const IsThere& is_there, std::uint64_t margin) {
  const auto state = connection.state_of(name);
  if (!state) {
    throw Error(Code::not_found, {.name = name,
                                  .doing = "mirror stream",
                                  .expected = "a stream of that name",
                                  .found = "none",
                                  .remedy = "start 'arena-shm forward' first, or check --stream"});
  }
  const std::uint64_t first = std::max<std::uint64_t>(1, state->first_seq);
  const Stream stream(connection, name);
  std::optional<Message> last;
  std::uint64_t end = state->last_seq + 1;
  for (std::uint64_t left = kMostForeign; state->messages > 0 && !last && end > first && left > 0; --left)
    last = stream.at(--end);
  // Nothing that could be understood: all that there is is read.
  if (!last) return {.seq = state->messages > 0 ? first : state->last_seq + 1, .is_first = true, .newest = {}};

  // Below `low`, all is there, or of an epoch before; `high` is not, or cannot be told.
  std::uint64_t low = first;
  std::uint64_t high = end;
  const auto is_behind = [&](const Message& message) { return message.epoch != last->epoch || is_there(message); };
  if (is_behind(*last)) low = high = end + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    std::optional<Message> message;
    std::uint64_t at = middle;
    for (std::uint64_t left = kMostInTheWay; at < high && left > 0; ++at, --left) {
      message = stream.at(at);
      if (message) break;
    }
    if (message && is_behind(*message)) {
      low = at + 1;
    } else {
      high = middle;
    }
  }
  const std::uint64_t begin = low - std::min(low - first, margin);
  return {.seq = begin, .is_first = begin == first, .newest = last->epoch};
}

}  // namespace arena_shm::bridge
