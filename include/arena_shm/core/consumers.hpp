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

/// Is a member of that group alive, of the epoch that its state tells? Cost: as Witness::is_over, for each member.
bool has_living_member(const Segment& segment, std::uint32_t group, std::uint64_t state) noexcept;
/// Is nobody there for whom this consumer, or group, that stood so when it was looked at, would have to be waited for?
/// Never of one that is durable. Cost: the same.
bool is_abandoned(const Segment& segment, std::uint32_t i, std::uint64_t state) noexcept;
/// D2. Frees it, if that is still its state. True: it was.
bool free_abandoned(const Segment& segment, std::uint32_t i, std::uint64_t state) noexcept;

/// Is a lane full because of it, or of what it holds? Requires: i < segment.consumers().count(), as below.
bool leaves_no_room(const Segment& segment, std::uint32_t i, const Ring& lane) noexcept;

ConsumerInfo consumer_info(const Segment& segment, std::uint32_t i);
/// Those that writers wait for, and those that were evicted and have not come back; a group before its members.
std::vector<ConsumerInfo> consumers(const Segment& segment);

/// Evicts the consumer, or group, of that name; or a member, "NAME/INDEX". Errors: Code::not_found.
void evict_consumer(const Segment& segment, std::string_view name);
/// Forgets a durable consumer, or group, that is away. Errors: Code::not_found; already_exists, if somebody has the
/// name.
void remove_consumer(const Segment& segment, std::string_view name);

/// The name in a seat.
std::string seat_name(const Seat& seat);

}  // namespace arena_shm::core
