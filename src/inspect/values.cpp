#include "inspect/values.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "arena_shm/core/stamp.hpp"

namespace arena_shm::inspect {

namespace {

constexpr std::uint64_t kMaxLooks = 4096;  // slots that are looked at before giving up: no segment may be a trap

std::uint64_t slot_offset(const core::Header& header, std::uint64_t seq) {
  return header.slots.offset_bytes + seq % header.slot_count * header.stride_bytes;
}

bool is_published(const Image& image, const core::Header& header, std::uint64_t seq) {
  std::uint64_t stamp = 0;
  return image.load(slot_offset(header, seq), stamp) && stamp == core::done(seq);
}

}  // namespace

std::optional<Value> read_value(const Image& image, const core::Header& header, std::uint64_t seq) {
  // As in slot.hpp, R1 to R4, with a system call for each load.
  if (!is_published(image, header, seq)) return std::nullopt;
  std::atomic_thread_fence(std::memory_order_acquire);
  Value value{seq, std::vector<std::byte>(std::min<std::uint64_t>(header.payload_bytes, kMaxValueBytes))};
  const std::uint64_t payload = slot_offset(header, seq) + header.payload_offset_bytes;
  if (image.read(payload, value.bytes) != value.bytes.size()) return std::nullopt;
  std::atomic_thread_fence(std::memory_order_acquire);
  if (!is_published(image, header, seq)) return std::nullopt;
  return value;
}

std::vector<Value> newest_values(const Image& image, const core::Header& header, std::uint64_t head,
                                 std::size_t count) {
  std::vector<Value> values;
  const std::uint64_t end = std::min(head, core::kSeqLimit);
  const std::uint64_t looks = std::min({end, header.slot_count, kMaxLooks});
  for (std::uint64_t i = 1; i <= looks && values.size() < count; ++i) {
    if (auto value = read_value(image, header, end - i)) values.push_back(std::move(*value));
  }
  std::reverse(values.begin(), values.end());
  return values;
}

std::optional<std::uint64_t> oldest_readable(const Image& image, const core::Header& header, std::uint64_t head) {
  const std::uint64_t end = std::min(head, core::kSeqLimit);
  const std::uint64_t first = end - std::min(end, header.slot_count);
  const std::uint64_t looks = std::min(end - first, kMaxLooks);
  for (std::uint64_t seq = first; seq < first + looks; ++seq) {
    if (is_published(image, header, seq)) return seq;
  }
  return std::nullopt;
}

}  // namespace arena_shm::inspect
