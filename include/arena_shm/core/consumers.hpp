// What anybody may do with the consumers of an arena: look at them, evict one, remove one that is away.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "arena_shm/consumer_info.hpp"
#include "arena_shm/core/consumer_table.hpp"
#include "arena_shm/core/segment.hpp"

namespace arena_shm::core {

/// Wakes the writers that wait for room, whoever has made it. Cost: as Ringer, with a full fence.
void ring_room(const ConsumerTable& consumers) noexcept;

/// E1. The writers wait no longer for the consumer that has this state, which gates. True: it was still that.
bool evict(const ConsumerTable& consumers, std::uint32_t i, std::uint64_t state) noexcept;

/// Requires: i < segment.consumers().count().
ConsumerInfo consumer_info(const Segment& segment, std::uint32_t i);
/// Those that writers wait for, and those that were evicted and have not come back.
std::vector<ConsumerInfo> consumers(const Segment& segment);

/// Evicts the consumer of that name. Errors: Code::not_found.
void evict_consumer(const Segment& segment, std::string_view name);
/// Forgets a durable consumer that is away. Errors: Code::not_found; already_exists, if somebody has the name.
void remove_consumer(const Segment& segment, std::string_view name);

/// The name in a seat.
std::string seat_name(const Seat& seat);

}  // namespace arena_shm::core
