#include "inspect/consumers.hpp"

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

// The line of one consumer, as words; nothing if the file ends before.
std::vector<std::uint64_t> read_words(const Image& image, const core::Header& header, std::uint32_t index) {
  const std::uint64_t lanes = core::lane_count(header);
  std::vector<std::uint64_t> words(1 + lanes);
  const std::uint64_t offset =
      header.consumers.offset_bytes + sizeof(core::ConsumersHead) + index * core::consumer_bytes(lanes);
  const auto bytes = std::as_writable_bytes(std::span(words));
  if (image.read(offset, bytes) != bytes.size()) words.clear();
  return words;
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
    consumer.in_the_way = consumer.in_the_way || (consumer.gates() && lag >= header.slot_count);
  }
}

void count_waiting(const Seats& writers, ConsumerFacts& consumer) {
  for (const SeatFacts& writer : writers.all) {
    if (!writer.waits || writer.waits->consumer != consumer.index) continue;
    ++consumer.waiting_count;
    consumer.waited_ns = std::max(consumer.waited_ns, writer.waits->waits_ns);
  }
}

// Of the values of a lane that are not done with and are in the ring yet.
std::optional<std::uint64_t> oldest_time(const Image& image, const core::Header& lane, std::uint64_t released,
                                         std::uint64_t head, std::uint64_t& looks) {
  std::uint64_t number = std::max(released, head - std::min(head, lane.slot_count));
  for (std::uint64_t i = 0; i < kMaxLooksInLane && looks > 0 && number < head; ++i, ++number) {
    --looks;
    if (const auto time = read_time(image, lane, number)) return time;
  }
  return std::nullopt;
}

}  // namespace

const ConsumerFacts* Consumers::blocker() const noexcept {
  const auto rank = [](const ConsumerFacts& one) { return std::tuple(one.waiting_count > 0, one.waited_ns); };
  const ConsumerFacts* found = nullptr;
  for (const ConsumerFacts& one : all) {
    if (one.in_the_way && (found == nullptr || rank(*found) < rank(one))) found = &one;
  }
  return found;
}

Consumers read_consumers(const Image& image, const core::Header& header, const Heads& heads, const Seats& writers) {
  Consumers consumers;
  if (!core::is_lossless(header)) return consumers;
  Seats seats = read_consumer_seats(image, header);
  for (std::uint32_t i = 0; i < seats.all.size(); ++i) {
    std::vector<std::uint64_t> words = read_words(image, header, i);
    if (words.empty()) break;
    ConsumerFacts& consumer = consumers.all.emplace_back();
    consumer.index = i;
    consumer.state = words.front();
    consumer.standing = core::standing(consumer.state);
    consumer.seat = std::move(seats.all[i]);
    consumer.released.assign(words.begin() + 1, words.end());
    place(header, heads, consumer);
    count_waiting(writers, consumer);
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
    for (std::uint32_t lane = 0; lane < consumer.released.size() && looks > 0; ++lane) {
      const std::uint64_t head = head_of_lane(header, heads, lane);
      const auto time = oldest_time(image, core::lane_header(header, lane),
                                    released_in_lane(header, heads, consumer, lane), head, looks);
      if (!time) continue;
      const std::int64_t time_ns = scale.nanoseconds(*time);
      oldest_ns = oldest_ns ? std::min(*oldest_ns, time_ns) : time_ns;
    }
    consumer.lag_ns = consumer.lag == 0 ? std::make_optional<std::int64_t>(0) : age_ns(oldest_ns);
  }
}

}  // namespace arena_shm::inspect
