#include "inspect/values.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "arena_shm/core/stamp.hpp"

namespace arena_shm::inspect {

namespace {

constexpr std::uint64_t kMaxLooks = 4096;      // slots that are looked at before giving up: no segment may be a trap
constexpr std::uint64_t kMinLooksInLane = 16;  // each lane gets so many

std::uint64_t slot_offset(const core::Header& header, std::uint64_t number) {
  return header.slots.offset_bytes + number % header.slot_count * header.stride_bytes;
}

bool is_published(const Image& image, const core::Header& header, std::uint64_t number) {
  std::uint64_t stamp = 0;
  return image.load(slot_offset(header, number), stamp) && stamp == core::done(number);
}

// Of one lane, by its number there.
std::optional<Value> read_in_lane(const Image& image, const core::Header& header, std::uint64_t number) {
  // As in slot.hpp, R1 to R4, with a system call for each load.
  if (!is_published(image, header, number)) return std::nullopt;
  std::atomic_thread_fence(std::memory_order_acquire);
  Value value{.bytes = std::vector<std::byte>(std::min<std::uint64_t>(header.payload_bytes, kMaxValueBytes))};
  const std::uint64_t payload = slot_offset(header, number) + header.payload_offset_bytes;
  if (image.read(payload, value.bytes) != value.bytes.size()) return std::nullopt;
  const std::uint64_t time = slot_offset(header, number) + core::kTimeOffsetBytes;
  if (header.clock != 0 && !image.load(time, value.time)) return std::nullopt;
  std::atomic_thread_fence(std::memory_order_acquire);
  if (!is_published(image, header, number)) return std::nullopt;
  return value;
}

// The numbers [first, end), those of the newest lap.
struct LastLap {
  std::uint32_t lane = 0;
  std::uint64_t first = 0;
  std::uint64_t end = 0;
};

std::vector<LastLap> last_laps(const core::Header& header, const Heads& heads) {
  std::vector<LastLap> laps;
  for (std::uint32_t lane = 0; lane < heads.of_lanes().size(); ++lane) {
    const std::uint64_t end = std::min(heads.of_lanes()[lane], number_limit(header));
    if (end > 0) laps.push_back({lane, end - std::min(end, header.slot_count), end});
  }
  return laps;
}

std::optional<std::uint64_t> oldest_in_lap(const Image& image, const core::Header& header, const LastLap& lap,
                                           std::uint64_t looks) {
  const core::Header lane = core::lane_header(header, lap.lane);
  const std::uint64_t end = lap.first + std::min(lap.end - lap.first, looks);
  for (std::uint64_t number = lap.first; number < end; ++number) {
    if (is_published(image, lane, number)) return seq_of(header, lap.lane, number);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Value> read_value(const Image& image, const core::Header& header, std::uint64_t seq) {
  const std::uint64_t lanes = core::lane_count(header);
  const auto lane = static_cast<std::uint32_t>(seq % lanes);
  auto value = read_in_lane(image, core::lane_header(header, lane), seq / lanes);
  if (value) value->seq = seq;
  if (value) value->lane = lane;
  return value;
}

std::vector<Value> newest_values(const Image& image, const core::Header& header, const Heads& heads,
                                 std::size_t count) {
  std::vector<Value> values;
  std::vector<LastLap> laps = last_laps(header, heads);
  std::uint64_t looks = kMaxLooks;
  // By rounds: the newest of each lane, the one before it of each, and so on.
  while (!laps.empty()) {
    for (LastLap& lap : laps) {
      if (values.size() >= count || looks == 0) break;
      --looks;
      if (auto value = read_value(image, header, seq_of(header, lap.lane, --lap.end)))
        values.push_back(std::move(*value));
    }
    if (values.size() >= count || looks == 0) break;
    std::erase_if(laps, [](const LastLap& lap) { return lap.first == lap.end; });
  }
  std::sort(values.begin(), values.end(),
            [](const Value& a, const Value& b) { return std::pair(a.lane, a.seq) < std::pair(b.lane, b.seq); });
  return values;
}

std::optional<std::uint64_t> oldest_readable(const Image& image, const core::Header& header, const Heads& heads) {
  std::optional<std::uint64_t> oldest;
  const std::uint64_t looks = std::max(kMaxLooks / heads.of_lanes().size(), kMinLooksInLane);
  for (const LastLap& lap : last_laps(header, heads)) {
    const auto found = oldest_in_lap(image, header, lap, looks);
    if (found && (!oldest || *found < *oldest)) oldest = found;
  }
  return oldest;
}

}  // namespace arena_shm::inspect
