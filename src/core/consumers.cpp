#include "arena_shm/core/consumers.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/error.hpp"
#include "core/process_death.hpp"
#include "core/text_file.hpp"

namespace arena_shm {

std::string_view to_string(ConsumerLife life) noexcept {
  switch (life) {
    case ConsumerLife::alive: return "alive";
    case ConsumerLife::away: return "away";
    case ConsumerLife::evicted: return "evicted";
  }
  return "unknown";
}

namespace core {
namespace {

const Seat& seat_of(const Segment& segment, std::uint32_t i) noexcept {
  return segment.ring().seats[segment.ring().seat_count + i];
}

Life life_of(const Segment& segment, std::uint32_t i) noexcept {
  const std::uint64_t session = seat_of(segment, i).session.load(std::memory_order_acquire);  // E5 -> here
  return segment.witness().life_of(segment.ring().seat_count + i, session);
}

/// Nobody can have it back but who has its seat.
bool is_there(const Segment& segment, std::uint32_t i, std::uint64_t state, Life life) noexcept {
  switch (standing(state)) {
    case Standing::free: return false;
    case Standing::joined: return life != Life::over;
    case Standing::kept:
    case Standing::evicted: return seat_of(segment, i).session.load(std::memory_order_relaxed) > 0;
  }
  return false;
}

/// Where it stands in the lanes, and what it has before it.
void add_position(const Segment& segment, std::uint32_t i, ConsumerInfo& info) {
  info.position = ~std::uint64_t{0};
  for (std::uint32_t lane = 0; lane < segment.lane_count(); ++lane) {
    const Ring ring = segment.lane_of_seat(lane);
    const std::uint64_t head = std::min(ring.head->load(std::memory_order_acquire), ring.limit);
    const std::uint64_t released =
        std::min(segment.consumers().released(i, lane).load(std::memory_order_acquire), head);
    info.position = std::min(info.position, ring.seq_of(released));
    info.lag += head - released;
    info.in_the_way = info.in_the_way || (info.life != ConsumerLife::evicted && head - released >= ring.slot_count);
  }
}

/// How long a writer that lives has been waiting for it.
Duration stalled_by(const Segment& segment, std::uint32_t i) {
  const auto now_ns = static_cast<std::int64_t>(boottime_ns());
  std::int64_t longest = 0;
  for (std::uint32_t writer = 0; writer < segment.ring().seat_count; ++writer) {
    const Seat& seat = segment.ring().seats[writer];
    if (seat.waits_for.load(std::memory_order_relaxed) != i + std::uint64_t{1}) continue;
    const std::uint64_t session = seat.session.load(std::memory_order_acquire);
    if (segment.witness().life_of(writer, session) == Life::over) continue;
    const std::int64_t since = seat.waits_since_ns.load(std::memory_order_relaxed);
    if (since > 0 && since < now_ns) longest = std::max(longest, now_ns - since);  // anything may stand there
  }
  return std::chrono::nanoseconds(longest);
}

std::string process_name(const Seat& seat) {
  if (seat.pid_namespace.load(std::memory_order_relaxed) != own_pid_namespace()) return {};
  return first_line_of("/proc/" + std::to_string(seat.pid.load(std::memory_order_relaxed)) + "/comm").value_or("");
}

struct Known {
  std::uint32_t index;
  std::uint64_t state;
};

/// The consumer of that name, as it stands. Its state was looked at before its name: who joins there meanwhile has
/// another generation, and is not taken for it.
Known find(const Segment& segment, std::string_view name, const char* doing) {
  segment.require_own_process();
  std::string others;
  for (std::uint32_t i = 0; i < segment.consumers().count(); ++i) {
    const std::uint64_t state = segment.consumers().state(i).load(std::memory_order_acquire);  // J1, E1 -> here
    if (!is_there(segment, i, state, life_of(segment, i))) continue;
    const std::string its_name = seat_name(seat_of(segment, i));
    if (its_name == name) return {i, state};
    others += (others.empty() ? "" : ", ") + its_name;
  }
  throw Error(Code::not_found, {.name = segment.info().name,
                                .doing = doing,
                                .expected = "a consumer '" + std::string(name) + "'",
                                .found = others.empty() ? "no consumer" : others,
                                .remedy = ""});
}

}  // namespace

std::string seat_name(const Seat& seat) {
  std::array<char, sizeof(Seat::name)> text{};
  for (std::size_t i = 0; i < seat.name.size(); ++i) {
    const std::uint64_t word = seat.name[i].load(std::memory_order_relaxed);
    std::memcpy(text.data() + i * sizeof(word), &word, sizeof(word));
  }
  return {text.data(), static_cast<std::size_t>(std::ranges::find(text, '\0') - text.begin())};
}

void ring_room(const ConsumerTable& consumers) noexcept { Ringer(consumers.room(), true).ring(); }

bool evict(const ConsumerTable& consumers, std::uint32_t i, std::uint64_t state) noexcept {
  if (!consumers.state(i).compare_exchange_strong(state, turned_into(state, Standing::evicted),
                                                  std::memory_order_acq_rel))
    return false;
  ring_room(consumers);
  return true;
}

ConsumerInfo consumer_info(const Segment& segment, std::uint32_t i) {
  const std::uint64_t state = segment.consumers().state(i).load(std::memory_order_acquire);  // J1, E1 -> here
  const Seat& seat = seat_of(segment, i);
  const Life life = life_of(segment, i);
  ConsumerInfo info{.name = seat_name(seat),
                    .index = i,
                    .durable = standing(state) == Standing::kept,
                    .life = standing(state) == Standing::evicted ? ConsumerLife::evicted
                            : life == Life::over                 ? ConsumerLife::away
                                                                 : ConsumerLife::alive,
                    .pid = seat.pid.load(std::memory_order_relaxed),
                    .process = life == Life::over ? std::string() : process_name(seat)};
  add_position(segment, i, info);
  info.stalled = stalled_by(segment, i);
  return info;
}

std::vector<ConsumerInfo> consumers(const Segment& segment) {
  segment.require_own_process();
  std::vector<ConsumerInfo> all;
  for (std::uint32_t i = 0; i < segment.consumers().count(); ++i) {
    const std::uint64_t state = segment.consumers().state(i).load(std::memory_order_acquire);  // J1, E1 -> here
    if (is_there(segment, i, state, life_of(segment, i))) all.push_back(consumer_info(segment, i));
  }
  return all;
}

void evict_consumer(const Segment& segment, std::string_view name) {
  const auto [i, state] = find(segment, name, "evict a consumer of");
  if (gates(state)) evict(segment.consumers(), i, state);
}

void remove_consumer(const Segment& segment, std::string_view name) {
  constexpr const char* kRemoving = "remove a consumer of";
  auto [i, state] = find(segment, name, kRemoving);
  if (life_of(segment, i) != Life::over)
    throw Error(Code::already_exists,
                {.name = segment.info().name,
                 .doing = kRemoving,
                 .expected = "a consumer that is away",
                 .found = "'" + std::string(name) + "', which process " +
                          std::to_string(seat_of(segment, i).pid.load(std::memory_order_relaxed)) + " is",
                 .remedy = "end that process, or evict the consumer"});
  if (segment.consumers().state(i).compare_exchange_strong(state, turned_into(state, Standing::free),
                                                           std::memory_order_acq_rel))
    ring_room(segment.consumers());
}

}  // namespace core
}  // namespace arena_shm
