#include "inspect/lane_slots.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "arena_shm/core/words.hpp"
#include "inspect/heads.hpp"
#include "inspect/times.hpp"

namespace arena_shm::inspect {

namespace {

constexpr std::uint64_t kBlockBytes = 1 << 20;
constexpr std::uint64_t kWholeSlotBytes = 1 << 12;  // larger ones are not read whole
constexpr std::uint64_t kMaxTailBytes = 1 << 12;    // of a slot's padding

bool is_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

LaneSlots::LaneSlots(const Image& image, const core::Header& header, std::uint32_t lane)
    : image_(image),
      header_(core::lane_header(header, lane)),
      limit_(number_limit(header)),
      prefix_bytes_(core::slot_prefix_bytes(is_timed(header))),
      padding_begin_(header.payload_offset_bytes +
                     (header.payload_bytes + core::kWordBytes - 1) / core::kWordBytes * core::kWordBytes) {}

std::uint64_t LaneSlots::head() const noexcept { return std::min(read_head(image_, header_).value_or(limit_), limit_); }

std::uint64_t LaneSlots::skip_unused(std::uint64_t index) const noexcept {
  const std::uint64_t data = image_.next_data(offset(index));
  if (data == ~std::uint64_t{0}) return header_.slot_count;
  return std::min(header_.slot_count, std::max(index, (data - header_.slots.offset_bytes) / header_.stride_bytes));
}

std::uint64_t LaneSlots::slots_a_block() const noexcept {
  return header_.stride_bytes > kWholeSlotBytes ? 1 : std::max<std::uint64_t>(1, kBlockBytes / header_.stride_bytes);
}

bool LaneSlots::read_block(std::uint64_t first, std::uint64_t count, std::vector<SlotFacts>& block) {
  block.clear();
  if (header_.stride_bytes > kWholeSlotBytes) {
    const auto slot = read_slot(first);
    if (slot) block.push_back(*slot);
    return slot.has_value();
  }
  bytes_.resize(count * header_.stride_bytes);
  const std::uint64_t whole = image_.read(offset(first), bytes_) / header_.stride_bytes;
  for (std::uint64_t i = 0; i < whole; ++i) {
    const auto slot = std::span(bytes_).subspan(i * header_.stride_bytes, header_.stride_bytes);
    SlotFacts& facts = block.emplace_back(SlotFacts{.index = first + i});
    std::memcpy(&facts.stamp, slot.data(), sizeof(facts.stamp));
    if (is_timed(header_)) std::memcpy(&facts.time, slot.data() + core::kTimeOffsetBytes, sizeof(facts.time));
    facts.padding_is_zero = is_zero(slot.first(header_.payload_offset_bytes).subspan(prefix_bytes_)) &&
                            is_zero(slot.subspan(padding_begin_));
  }
  return whole == count;
}

std::optional<SlotFacts> LaneSlots::read_slot(std::uint64_t index) {
  SlotFacts slot{.index = index};
  if (!image_.load(offset(index), slot.stamp)) return std::nullopt;
  if (is_timed(header_) && !image_.load(offset(index) + core::kTimeOffsetBytes, slot.time)) return std::nullopt;
  const auto is_zero_between = [&](std::uint64_t begin, std::uint64_t end) {
    bytes_.resize(std::min(end - begin, std::max(kMaxTailBytes, header_.payload_offset_bytes)));
    const std::size_t got = image_.read(offset(index) + begin, bytes_);
    return is_zero(std::span(bytes_).first(got));
  };
  slot.padding_is_zero = is_zero_between(prefix_bytes_, header_.payload_offset_bytes) &&
                         is_zero_between(padding_begin_, header_.stride_bytes);
  return slot;
}

}  // namespace arena_shm::inspect
