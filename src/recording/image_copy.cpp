#include "recording/image_copy.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <span>
#include <string>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/consumer_table.hpp"
#include "arena_shm/core/header.hpp"
#include "arena_shm/core/stamp.hpp"
#include "inspect/facts.hpp"
#include "inspect/times.hpp"

namespace arena_shm::recording {

namespace {

constexpr std::size_t kCopyBytes = std::size_t{1} << 20;
constexpr std::size_t kSlotBlockBytes = std::size_t{1} << 15;  // few values change while it is copied

// Fewer bytes at the end of the file.
std::string read_at(const inspect::Image& image, std::uint64_t offset, std::size_t bytes) {
  std::string block(bytes, '\0');
  block.resize(image.read(offset, std::as_writable_bytes(std::span(block))));
  return block;
}

std::uint64_t stamp_at(const std::string& block, std::size_t at) {
  std::uint64_t stamp = 0;
  std::memcpy(&stamp, block.data() + at, sizeof(stamp));
  return stamp;
}

void append(RecordingFile& out, const std::string& block) {
  out.text() += block;
  out.end_row();
  out.flush();
}

void copy_bytes(const inspect::Image& image, RecordingFile& out, std::uint64_t end) {
  while (out.size_bytes() < end) {
    const std::string block =
        read_at(image, out.size_bytes(), std::min<std::uint64_t>(kCopyBytes, end - out.size_bytes()));
    if (block.empty()) return;
    append(out, block);
  }
}

// Slots of which the copy is not known to be whole get a busy stamp. Fewer bytes where the file ends.
// As in slot.hpp, R1 to R4, for many slots at once: the stamps before and after the copy have to be the same.
std::string read_slots(const inspect::Image& image, std::uint64_t offset, std::size_t bytes, std::size_t stride) {
  const std::string before = read_at(image, offset, bytes);
  std::atomic_thread_fence(std::memory_order_acquire);
  std::string block = read_at(image, offset, bytes);
  std::atomic_thread_fence(std::memory_order_acquire);
  const std::string after = read_at(image, offset, bytes);
  block.resize(std::min({before.size(), block.size(), after.size()}) / stride * stride);
  for (std::size_t at = 0; at < block.size(); at += stride) {
    std::uint64_t stamp = stamp_at(after, at);
    if (stamp_at(before, at) != stamp && stamp != core::kNeverUsed) stamp = core::busy(core::stamp_seq(stamp));
    std::memcpy(block.data() + at, &stamp, sizeof(stamp));
  }
  return block;
}

// Requires: the file ends where the lane's slots begin.
std::uint64_t copy_slots(const inspect::Image& image, const core::Header& lane, RecordingFile& out) {
  constexpr int kTries = 16;  // for a slot that changed
  const std::size_t stride = lane.stride_bytes;
  const std::uint64_t end = out.size_bytes() + lane.slot_count * stride;
  std::uint64_t changed_count = 0;
  while (out.size_bytes() < end) {
    const std::uint64_t offset = out.size_bytes();
    const std::size_t bytes =
        std::min<std::uint64_t>(std::max(kSlotBlockBytes / stride, std::size_t{1}) * stride, end - offset);
    std::string block = read_slots(image, offset, bytes, stride);
    if (block.empty()) break;
    for (std::size_t at = 0; at < block.size(); at += stride) {
      for (int i = 0; i < kTries && core::is_busy(stamp_at(block, at)); ++i) {
        const std::string again = read_slots(image, offset + at, stride, stride);
        if (again.size() < stride) return changed_count;  // cut short meanwhile
        block.replace(at, stride, again);
      }
      changed_count += core::is_busy(stamp_at(block, at)) ? 1U : 0U;
    }
    append(out, block);
  }
  return changed_count;
}

// The words of a copy's head.
class HeadWords {
 public:
  explicit HeadWords(std::string& head) : head_(head) {}
  std::uint64_t operator[](std::uint64_t at) const {
    std::uint64_t word = 0;
    std::memcpy(&word, head_.data() + at, sizeof(word));
    return word;
  }
  void set(std::uint64_t at, std::uint64_t word) { std::memcpy(head_.data() + at, &word, sizeof(word)); }

 private:
  std::string& head_;
};

// While it was copied, a consumer may have done with more than what the copy has, and a group taken more.
void hold_consumers_back(const core::Header& header, std::string& head) {
  const std::uint64_t lanes = core::lane_count(header);
  if (head.size() < header.consumers.offset_bytes + header.consumers.size_bytes) return;
  HeadWords words(head);
  const auto head_of = [&](std::uint64_t lane) {
    return words[core::head_offset_bytes(core::lane_header(header, static_cast<std::uint32_t>(lane)))];
  };
  for (std::uint64_t i = 0; i < header.consumer_count; ++i) {
    const std::uint64_t line =
        header.consumers.offset_bytes + sizeof(core::ConsumersHead) + i * core::consumer_bytes(lanes);
    const std::uint64_t released = line + sizeof(core::Consumer);
    for (std::uint64_t k = 0; k < lanes; ++k) {
      const std::uint64_t at = released + k * sizeof(std::uint64_t);
      words.set(at, std::min(words[at], head_of(k)));
    }
    if (core::kind(words[line]) != core::Kind::member) continue;
    for (std::uint32_t which = 0; which < core::kWordsPerMember; ++which) {
      const std::uint64_t at = line + offsetof(core::Consumer, words) + which * sizeof(std::uint64_t);
      if (!core::is_held(words[at])) continue;
      const std::uint64_t seq = core::held_seq(words[at]);
      const std::uint64_t there = head_of(seq % lanes) - std::min(seq / lanes, head_of(seq % lanes));
      const std::uint64_t count = std::min(core::held_count(words[at]), there);
      words.set(at, count > 0 ? core::held(seq, count) : core::kHoldsNothing);
    }
  }
}

// The anchor of the moment when the copy was made, so that times mean the same after another boot.
void add_anchor(std::string& head) {
  core::Header header{};
  if (head.size() < sizeof(header)) return;
  std::memcpy(&header, head.data(), sizeof(header));
  if (!inspect::is_clock_readable(header) || header.saved != core::ClockAnchor{}) return;
  header.saved = core::take_anchor(static_cast<Clock>(header.clock));
  header.checksum = core::header_checksum(header);
  std::memcpy(head.data(), &header, sizeof(header));
}

}  // namespace

std::uint64_t copy_image(const inspect::Image& image, RecordingFile& out) {
  const inspect::Facts facts = inspect::read_facts(image);
  const std::uint64_t slots_begin = facts.header.slots.offset_bytes;
  std::uint64_t changed = 0;
  if (facts.usable && facts.file_bytes == facts.header.segment_bytes) {
    const std::uint32_t lanes = core::lane_count(facts.header);
    std::string seats;  // of lanes
    for (std::uint32_t k = 0; k < lanes; ++k) {
      const core::Header lane = core::lane_header(facts.header, k);
      copy_bytes(image, out, lane.slots.offset_bytes);
      if (out.size_bytes() != lane.slots.offset_bytes) break;  // cut short meanwhile
      changed += copy_slots(image, lane, out);
      seats += read_at(image, lane.seats.offset_bytes, sizeof(core::Seat));
    }
    std::string head = read_at(image, 0, slots_begin);
    // A lane's head stands in its seat. While the others are copied, it may run ahead of what was copied by laps.
    if (lanes > 1 && seats.size() == lanes * sizeof(core::Seat))
      head.replace(facts.header.seats.offset_bytes, seats.size(), seats);
    if (core::is_lossless(facts.header)) hold_consumers_back(facts.header, head);
    add_anchor(head);
    out.overwrite_head(head);
  }
  copy_bytes(image, out, facts.file_bytes);
  out.close();
  return changed;
}

}  // namespace arena_shm::recording
