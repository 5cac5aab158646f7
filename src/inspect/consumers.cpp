#include "inspect/consumers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <tuple>
#include <utility>

#include "arena_shm/core/header.hpp"
#include "arena_shm/timescale.hpp"
#include "inspect/times.hpp"

namespace arena_shm::inspect {

namespace {

constexpr std::uint64_t kMostLooks = 1 << 16;  // slots that are looked at, for all consumers and lanes together
constexpr std::uint64_t kMaxLooksInLane = 64;

// A line, in words.
constexpr std::size_t kLinkWord = offsetof(core::Consumer, group) / sizeof(std::uint64_t);
constexpr std::size_t kFirstHeldWord = offsetof(core::Consumer, words) / sizeof(std::uint64_t);
constexpr std::size_t kLaneWords = sizeof(core::Consumer) / sizeof(std::uint64_t);

// The line of one consumer, as words; nothing if the file ends before.
std::vector<std::uint64_t> read_words(const Image& image, const core::Header& header, std::uint32_t index) {
  const std::uint64_t lanes = core::lane_count(header);
  std::vector<std::uint64_t> words(kLaneWords + lanes);
  const std::uint64_t offset =
      header.consumers.offset_bytes + sizeof(core::ConsumersHead) + index * core::consumer_bytes(lanes);
  const auto bytes = std::as_writable_bytes(std::span(words));
  if (image.read(offset, bytes) != bytes.size()) words.clear();
  return words;
}

HeldFacts held_in(const core::Header& header, std::uint64_t word) {
  HeldFacts held{.word = word};
  if (!core::is_held(word)) return held;
  const std::uint64_t lanes = core::lane_count(header);
  held.seq = core::held_seq(word);
  held.lane = static_cast<std::uint32_t>(held.seq % lanes);
  held.number = held.seq / lanes;
  held.count = core::held_count(word);
  return held;
}

ConsumerFacts decode(const core::Header& header, std::uint32_t index, const std::vector<std::uint64_t>& words,
                     SeatFacts seat) {
  ConsumerFacts consumer;
  consumer.index = index;
  consumer.state = words.front();
  consumer.standing = core::standing(consumer.state);
  consumer.kind = core::kind(consumer.state);
  consumer.seat = std::move(seat);
  consumer.holder = consumer.is_group() ? Holder::left : consumer.seat.holder;
  consumer.link = words[kLinkWord];
  for (std::uint32_t i = 0; i < core::kWordsPerMember; ++i)
    consumer.words[i] = held_in(header, words[kFirstHeldWord + i]);
  consumer.released.assign(words.begin() + kLaneWords, words.end());
  return consumer;
}

std::uint64_t head_of_lane(const core::Header& header, const Heads& heads, std::size_t lane) {
  const auto& of_lanes = heads.of_lanes();
  return lane < of_lanes.size() ? std::min(of_lanes[lane], number_limit(header)) : 0;
}

// What it says it has done with, but no more than there is.
std::uint64_t released_in_lane(const core::Header& header, const Heads& heads, const ConsumerFacts& consumer,
                               std::size_t lane) {
  return std::min(consumer.released[lane], head_of_lane(header, heads, lane));
}

void place(const core::Header& header, const Heads& heads, ConsumerFacts& consumer) {
  consumer.position = ~std::uint64_t{0};
  for (std::uint32_t lane = 0; lane < consumer.released.size(); ++lane) {
    const std::uint64_t released = released_in_lane(header, heads, consumer, lane);
    const std::uint64_t lag = head_of_lane(header, heads, lane) - released;
    consumer.position = std::min(consumer.position, seq_of(header, lane, released));
    consumer.lag += lag;
    consumer.behind = std::max(consumer.behind, lag);
  }
  consumer.in_the_way = consumer.gates() && consumer.behind >= header.slot_count;
}

// Of one that holds nothing, where its group stands.
void place_member(const core::Header& header, const Heads& heads, const ConsumerFacts& group, ConsumerFacts& member) {
  member.position = member.holds > 0 ? ~std::uint64_t{0} : group.position;
  member.lag = member.holds;
  for (const HeldFacts& held : member.words) {
    if (held.count == 0) continue;
    const std::uint64_t head = head_of_lane(header, heads, held.lane);
    member.position = std::min(member.position, held.seq);
    member.behind = std::max(member.behind, head - std::min(held.number, head));
  }
  member.in_the_way = member.gates() && member.behind >= header.slot_count;
}

int liveliness(Holder holder) {
  if (holder == Holder::left || holder == Holder::never) return 0;
  if (is_dead(holder)) return 1;
  return holder == Holder::alive ? 3 : 2;
}

// What can be told only by the lines of others.
void join(std::vector<ConsumerFacts>& all) {
  for (ConsumerFacts& member : all) {
    const std::uint32_t index = core::group_of(member.link);
    if (!member.is_member() || member.standing == core::Standing::free || index >= all.size()) continue;
    ConsumerFacts& group = all[index];
    if (!group.is_group() || group.standing == core::Standing::free ||
        !core::is_member_of(member.link, index, group.state))
      continue;
    member.group = index;
    for (const HeldFacts& held : member.words) member.holds += held.count;
    group.holds += member.holds;
    if (!member.is_away()) ++group.members;
    if (liveliness(group.holder) < liveliness(member.holder)) group.holder = member.holder;
  }
  for (ConsumerFacts& member : all) member.group_gates = member.group && all[*member.group].gates();
}

void count_waiting(const Seats& writers, ConsumerFacts& consumer) {
  for (const SeatFacts& writer : writers.all) {
    if (!writer.waits || writer.waits->consumer != consumer.index) continue;
    ++consumer.waiting_count;
    consumer.waited_ns = std::max(consumer.waited_ns, writer.waits->waits_ns);
  }
}

// Values of a lane that are not done with.
struct Undone {
  std::uint32_t lane;
  std::uint64_t first;
  std::uint64_t end;
  std::uint64_t head;
};

std::vector<Undone> undone_by(const core::Header& header, const Heads& heads, const ConsumerFacts& consumer) {
  std::vector<Undone> undone;
  if (consumer.is_member()) {
    for (const HeldFacts& held : consumer.words) {
      const std::uint64_t head = head_of_lane(header, heads, held.lane);
      if (held.count > 0) undone.push_back({held.lane, held.number, std::min(held.number + held.count, head), head});
    }
    return undone;
  }
  for (std::uint32_t lane = 0; lane < consumer.released.size(); ++lane) {
    const std::uint64_t head = head_of_lane(header, heads, lane);
    undone.push_back({lane, released_in_lane(header, heads, consumer, lane), head, head});
  }
  return undone;
}

// Of those that are in the ring yet.
std::optional<std::uint64_t> oldest_time(const Image& image, const core::Header& lane, const Undone& values,
                                         std::uint64_t& looks) {
  std::uint64_t number = std::max(values.first, values.head - std::min(values.head, lane.slot_count));
  for (std::uint64_t i = 0; i < kMaxLooksInLane && looks > 0 && number < values.end; ++i, ++number) {
    --looks;
    if (const auto time = read_time(image, lane, number)) return time;
  }
  return std::nullopt;
}

}  // namespace

std::string ConsumerFacts::full_name() const {
  return is_member() ? fmt::format("{}/{}", seat.name, index) : seat.name;
}

const ConsumerFacts* Consumers::blocker() const noexcept {
  const auto rank = [](const ConsumerFacts& one) {
    return std::tuple(one.waiting_count > 0, one.waited_ns, one.behind);
  };
  const ConsumerFacts* found = nullptr;
  for (const ConsumerFacts& one : all) {
    if (one.in_the_way && (found == nullptr || rank(*found) < rank(one))) found = &one;
  }
  return found;
}

std::vector<const ConsumerFacts*> Consumers::in_order() const {
  std::vector<const ConsumerFacts*> ordered;
  for (const ConsumerFacts& one : all) {
    if (one.standing != core::Standing::free && (!one.is_member() || one.is_there())) ordered.push_back(&one);
  }
  const auto rank = [](const ConsumerFacts* one) {
    return std::tuple(one->group.value_or(one->index), one->group.has_value(), one->index);
  };
  std::ranges::sort(ordered, {}, rank);
  return ordered;
}

Consumers read_consumers(const Image& image, const core::Header& header, const Heads& heads, const Seats& writers) {
  Consumers consumers;
  if (!core::is_lossless(header)) return consumers;
  Seats seats = read_consumer_seats(image, header);
  for (std::uint32_t i = 0; i < seats.all.size(); ++i) {
    const std::vector<std::uint64_t> words = read_words(image, header, i);
    if (words.empty()) break;
    consumers.all.push_back(decode(header, i, words, std::move(seats.all[i])));
    count_waiting(writers, consumers.all.back());
  }
  join(consumers.all);
  for (ConsumerFacts& consumer : consumers.all) {
    if (!consumer.is_member()) place(header, heads, consumer);
  }
  for (ConsumerFacts& consumer : consumers.all) {
    if (consumer.group) place_member(header, heads, consumers.all[*consumer.group], consumer);
  }
  return consumers;
}

void read_lag_times(const Image& image, const core::Header& header, const Heads& heads, Consumers& consumers) {
  if (!is_timed(header)) return;
  Timescale scale(core::clock_facts(header));
  std::uint64_t looks = kMostLooks;
  for (ConsumerFacts& consumer : consumers.all) {
    if (!consumer.is_there()) continue;
    std::optional<std::int64_t> oldest_ns;
    for (const Undone& values : undone_by(header, heads, consumer)) {
      const auto time = oldest_time(image, core::lane_header(header, values.lane), values, looks);
      if (!time) continue;
      const std::int64_t time_ns = scale.nanoseconds(*time);
      oldest_ns = oldest_ns ? std::min(*oldest_ns, time_ns) : time_ns;
    }
    consumer.lag_ns = consumer.lag == 0 ? std::make_optional<std::int64_t>(0) : age_ns(oldest_ns);
  }
}

}  // namespace arena_shm::inspect
