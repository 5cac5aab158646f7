#include "arena_shm/core/consumers.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/error.hpp"
#include "core/process_death.hpp"
#include "core/text_file.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm {

std::string_view to_string(ConsumerLife life) noexcept {
  switch (life) {
    case ConsumerLife::alive: return "alive";
    case ConsumerLife::away: return "away";
    case ConsumerLife::evicted: return "evicted";
  }
  return "unknown";
}

std::string_view to_string(ConsumerKind kind) noexcept {
  switch (kind) {
    case ConsumerKind::alone: return "alone";
    case ConsumerKind::group: return "group";
    case ConsumerKind::member: return "member";
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

/// Values that a member says it holds.
std::uint64_t held_by(const Segment& segment, std::uint32_t i) noexcept {
  std::uint64_t count = 0;
  for (std::uint32_t which = 0; which < kWordsPerMember; ++which)
    count += held_count(segment.consumers().word(i, which).load(std::memory_order_acquire));  // T3, K4 -> here
  return count;
}

/// Nobody can have it back but who has its seat.
bool is_there(const Segment& segment, std::uint32_t i, std::uint64_t state) noexcept {
  if (kind(state) == Kind::member) {
    const std::uint64_t its_group = segment.consumers().membership(i).load(std::memory_order_acquire);  // N1 -> here
    const std::uint32_t group = group_of(its_group);
    if (standing(state) == Standing::free || group >= segment.consumers().count()) return false;
    const std::uint64_t of_group = segment.consumers().state(group).load(std::memory_order_acquire);
    return kind(of_group) == Kind::group && standing(of_group) != Standing::free &&
           is_member_of(its_group, group, of_group) && (life_of(segment, i) != Life::over || held_by(segment, i) > 0);
  }
  switch (standing(state)) {
    case Standing::free: return false;
    case Standing::joined: return !is_abandoned(segment, i, state);
    case Standing::kept:
    case Standing::evicted: return seat_of(segment, i).session.load(std::memory_order_relaxed) > 0;
  }
  return false;
}

std::uint64_t head_of(const Ring& ring) noexcept {
  return std::min(ring.head->load(std::memory_order_acquire), ring.limit);
}

/// Where it stands in the lanes, and what it has before it.
void add_position(const Segment& segment, std::uint32_t i, ConsumerInfo& info) {
  info.position = ~std::uint64_t{0};
  for (std::uint32_t lane = 0; lane < segment.lane_count(); ++lane) {
    const Ring ring = segment.lane_of_seat(lane);
    const std::uint64_t head = head_of(ring);
    const std::uint64_t released =
        std::min(segment.consumers().released(i, lane).load(std::memory_order_acquire), head);
    info.position = std::min(info.position, ring.seq_of(released));
    info.lag += head - released;
  }
}

/// The same of what a member holds; of one that holds nothing, where its group stands.
void add_held(const Segment& segment, std::uint32_t i, ConsumerInfo& info) {
  add_position(segment, info.group, info);
  info.holds = info.lag = held_by(segment, i);
  for (std::uint32_t which = 0; which < kWordsPerMember; ++which) {
    const std::uint64_t word = segment.consumers().word(i, which).load(std::memory_order_acquire);
    if (is_held(word)) info.position = std::min(info.position, held_seq(word));
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

/// The consumer of that name, as it stands, or the member of that name and index. Its state was looked at before its
/// name: who joins there meanwhile has another epoch, and is not taken for it.
Known find(const Segment& segment, std::string_view name, const char* doing) {
  segment.require_own_process();
  std::string others;
  std::optional<Known> member;
  for (std::uint32_t i = 0; i < segment.consumers().count(); ++i) {
    const std::uint64_t state = segment.consumers().state(i).load(std::memory_order_acquire);  // J1, E1 -> here
    if (!is_there(segment, i, state)) continue;
    std::string its_name = seat_name(seat_of(segment, i));
    if (kind(state) == Kind::member) its_name.append("/").append(std::to_string(i));
    if (its_name == name) {
      if (kind(state) != Kind::member) return {i, state};
      member = {i, state};
    }
    others.append(others.empty() ? "" : ", ").append(its_name);
  }
  if (member) return *member;
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

bool has_living_member(const Segment& segment, std::uint32_t group, std::uint64_t state) noexcept {
  for (std::uint32_t i = 0; i < segment.consumers().count(); ++i) {
    if (is_member(segment.consumers(), i, group, state) && life_of(segment, i) != Life::over) return true;  // D1
  }
  return false;
}

bool is_abandoned(const Segment& segment, std::uint32_t i, std::uint64_t state) noexcept {
  if (standing(state) != Standing::joined) return false;
  return kind(state) == Kind::group ? !has_living_member(segment, i, state) : life_of(segment, i) == Life::over;
}

bool free_abandoned(const Segment& segment, std::uint32_t i, std::uint64_t state) noexcept {
  if (!segment.consumers().state(i).compare_exchange_strong(state, turned_into(state, Standing::free),
                                                            std::memory_order_acq_rel))
    return false;
  ring_room(segment.consumers());
  return true;
}

bool leaves_no_room(const Segment& segment, std::uint32_t i, const Ring& lane) noexcept {
  const ConsumerTable& consumers = segment.consumers();
  const auto is_in_the_way = [head = head_of(lane), &lane](std::uint64_t number) {
    return number < head && head - number >= lane.slot_count;
  };
  const std::uint64_t state = consumers.state(i).load(std::memory_order_acquire);
  if (kind(state) != Kind::member)
    return gates(state) && is_in_the_way(consumers.released(i, lane.first_seat).load(std::memory_order_acquire));
  if (!is_waited_for(consumers, i)) return false;
  for (std::uint32_t which = 0; which < kWordsPerMember; ++which) {
    const std::uint64_t word = consumers.word(i, which).load(std::memory_order_acquire);
    if (is_held(word) && held_seq(word) % lane.lane_count == lane.first_seat &&
        is_in_the_way(held_seq(word) / lane.lane_count))
      return true;
  }
  return false;
}

ConsumerInfo consumer_info(const Segment& segment, std::uint32_t i) {
  const ConsumerTable& consumers = segment.consumers();
  const std::uint64_t state = consumers.state(i).load(std::memory_order_acquire);  // J1, E1 -> here
  const Seat& seat = seat_of(segment, i);
  ConsumerInfo info{.name = seat_name(seat), .kind = ConsumerKind{static_cast<std::uint8_t>(kind(state))}, .index = i};
  std::uint64_t gating = state;
  bool lives = life_of(segment, i) != Life::over;
  if (kind(state) == Kind::group) {
    for (std::uint32_t k = 0; k < consumers.count(); ++k)
      if (is_member(consumers, k, i, state) && life_of(segment, k) != Life::over) ++info.members;
    lives = info.members > 0;
  } else if (kind(state) == Kind::member) {
    info.group = std::min(group_of(consumers.membership(i).load(std::memory_order_acquire)), consumers.count() - 1);
    gating = consumers.state(info.group).load(std::memory_order_acquire);
  }
  info.durable = standing(gating) == Standing::kept;
  info.life = standing(state) == Standing::evicted ? ConsumerLife::evicted
              : lives                              ? ConsumerLife::alive
                                                   : ConsumerLife::away;
  info.pid = seat.pid.load(std::memory_order_relaxed);
  if (kind(state) != Kind::group && lives) info.process = process_name(seat);
  if (kind(state) == Kind::member)
    add_held(segment, i, info);
  else
    add_position(segment, i, info);
  for (std::uint32_t lane = 0; lane < segment.lane_count(); ++lane)
    info.in_the_way = info.in_the_way || leaves_no_room(segment, i, segment.lane_of_seat(lane));
  info.stalled = stalled_by(segment, i);
  return info;
}

std::vector<ConsumerInfo> consumers(const Segment& segment) {
  segment.require_own_process();
  std::vector<ConsumerInfo> all;
  for (std::uint32_t i = 0; i < segment.consumers().count(); ++i) {
    const std::uint64_t state = segment.consumers().state(i).load(std::memory_order_acquire);  // J1, E1 -> here
    if (is_there(segment, i, state)) all.push_back(consumer_info(segment, i));
  }
  const auto rank = [](const ConsumerInfo& one) {
    const bool is_member = one.kind == ConsumerKind::member;
    return std::tuple(is_member ? one.group : one.index, is_member, one.index);
  };
  std::ranges::sort(all, {}, rank);
  return all;
}

void evict_consumer(const Segment& segment, std::string_view name) {
  // Of a group, somebody may join meanwhile.
  for (;;) {
    const auto [i, state] = find(segment, name, "evict a consumer of");
    if (standing(state) == Standing::evicted || evict(segment.consumers(), i, state)) break;
  }
  if (Doorbell* const bell = segment.doorbell()) Ringer(*bell, true).ring();  // another member takes what it holds
}

void remove_consumer(const Segment& segment, std::string_view name) {
  constexpr const char* kRemoving = "remove a consumer of";
  const auto [i, state] = find(segment, name, kRemoving);
  const ConsumerInfo info = consumer_info(segment, i);
  // What it holds would be nobody's.
  if (kind(state) == Kind::member)
    throw Error(Code::invalid_argument,
                {.name = segment.info().name,
                 .doing = kRemoving,
                 .expected = "a consumer, or a group",
                 .found = "'" + std::string(name) + "', a member of the group '" + info.name + "'",
                 .remedy = "evict it, so that another member takes what it holds; or remove the group"});
  if (info.members > 0 || (kind(state) != Kind::group && life_of(segment, i) != Life::over))
    throw Error(
        Code::already_exists,
        {.name = segment.info().name,
         .doing = kRemoving,
         .expected = "a consumer that is away",
         .found = kind(state) == Kind::group ? "the group '" + info.name + "' with " + counted(info.members, "member")
                                             : "'" + info.name + "', which process " + std::to_string(info.pid) + " is",
         .remedy = "end that process, or evict the consumer"});
  std::uint64_t expected = state;
  if (segment.consumers().state(i).compare_exchange_strong(expected, turned_into(state, Standing::free),
                                                           std::memory_order_acq_rel))
    ring_room(segment.consumers());
}

}  // namespace core
}  // namespace arena_shm
