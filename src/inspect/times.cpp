#include "inspect/times.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/header.hpp"
#include "arena_shm/core/stamp.hpp"
#include "arena_shm/timescale.hpp"
#include "core/text_file.hpp"
#include "inspect/values.hpp"
#include "schema/record_time.hpp"
#include "text/time_text.hpp"

namespace arena_shm::inspect {

namespace {

constexpr std::int64_t kClocksApartNs = 1'000'000'000;
constexpr std::uint64_t kMaxLooks = 4096;      // slots that are looked at, of all lanes together
constexpr std::uint64_t kMinLooksInLane = 16;  // but of each so many

std::optional<std::uint64_t> newest_in_lane(const Image& image, const core::Header& lane, std::uint64_t head,
                                            std::uint64_t looks) {
  const std::uint64_t first = head - std::min({head, lane.slot_count, looks});
  for (std::uint64_t number = head; number > first; --number) {
    if (const auto time = read_time(image, lane, number - 1)) return time;
  }
  return std::nullopt;
}

// Of the newest value of each lane, the latest.
std::optional<std::int64_t> newest_field_ns(const Image& image, const core::Header& header, const Heads& heads,
                                            const schema::Field& field) {
  std::optional<std::int64_t> latest;
  for (std::uint32_t lane = 0; lane < heads.of_lanes().size(); ++lane) {
    const core::Header of_lane = core::lane_header(header, lane);
    const auto newest = newest_values(image, of_lane, Heads(of_lane, {heads.of_lanes()[lane]}), 1);
    if (newest.empty() || newest.back().bytes.size() < field.offset_bytes + field.size_bytes()) continue;
    const auto made_ns = schema::time_ns(field, newest.back().bytes);
    if (made_ns && (!latest || *made_ns > *latest)) latest = made_ns;
  }
  return latest;
}

}  // namespace

// As in slot.hpp, R1 to R4, with a system call for each load.
std::optional<std::uint64_t> read_time(const Image& image, const core::Header& lane, std::uint64_t number) {
  const std::uint64_t slot = lane.slots.offset_bytes + number % lane.slot_count * lane.stride_bytes;
  std::uint64_t before = 0;
  std::uint64_t time = 0;
  std::uint64_t after = 0;
  if (!image.load(slot, before) || before != core::done(number)) return std::nullopt;
  std::atomic_thread_fence(std::memory_order_acquire);
  if (!image.load(slot + core::kTimeOffsetBytes, time)) return std::nullopt;
  std::atomic_thread_fence(std::memory_order_acquire);
  if (!image.load(slot, after) || after != before) return std::nullopt;
  return time;
}

bool is_clock_readable(const core::Header& header) noexcept {
  const auto clock = static_cast<Clock>(header.clock);
  if (clock == Clock::none || header.boot_id != core::boot_id() || !core::can_read(clock)) return false;
  return clock != Clock::boottime || header.time_namespace == core::own_time_namespace();
}

std::optional<std::string> kernels_clock() {
  return core::first_line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource");
}

std::optional<std::int64_t> NewestTimes::latest() const noexcept {
  const auto latest = std::max_element(of_lanes.begin(), of_lanes.end());  // nothing is less than any
  return latest == of_lanes.end() ? std::nullopt : *latest;
}

NewestTimes read_newest_times(const Image& image, const core::Header& header, const Heads& heads) {
  NewestTimes times;
  if (!is_timed(header)) return times;
  Timescale scale(core::clock_facts(header));
  const std::size_t lanes = heads.of_lanes().size();
  const std::uint64_t looks = std::max(kMaxLooks / std::max<std::size_t>(lanes, 1), kMinLooksInLane);
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    const std::uint64_t head = std::min(heads.of_lanes()[lane], number_limit(header));
    const auto time = newest_in_lane(image, core::lane_header(header, lane), head, looks);
    times.of_lanes.push_back(time ? std::make_optional(scale.nanoseconds(*time)) : std::nullopt);
  }
  return times;
}

std::optional<std::int64_t> age_ns(std::optional<std::int64_t> time_ns) noexcept {
  if (!time_ns) return std::nullopt;
  const std::int64_t age = text::time_between(*time_ns, text::realtime_ns()).count();
  if (age < -kClocksApartNs) return std::nullopt;
  return std::max<std::int64_t>(age, 0);
}

std::optional<std::int64_t> newest_age_ns(const Image& image, const Facts& facts, const Heads& heads,
                                          const NewestTimes& times) {
  const auto field = facts.schema ? schema::time_field(*facts.schema) : std::nullopt;
  if (!field) return age_ns(times.latest());
  const auto made_ns = newest_field_ns(image, facts.header, heads, *field);
  // A time before the arena was made is by another clock, or of a value that was replayed.
  if (!made_ns || text::time_between(facts.info.created_ns, *made_ns).count() < -kClocksApartNs) return std::nullopt;
  return age_ns(made_ns);
}

}  // namespace arena_shm::inspect
