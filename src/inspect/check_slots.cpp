#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "arena_shm/core/stamp.hpp"
#include "arena_shm/core/words.hpp"
#include "inspect/check_claimed.hpp"
#include "inspect/check_parts.hpp"
#include "inspect/seats.hpp"

namespace arena_shm::inspect {

namespace {

constexpr std::uint64_t kBlockBytes = 1 << 20;
constexpr std::uint64_t kWholeSlotBytes = 1 << 12;  // larger ones are not read whole
constexpr std::uint64_t kMaxTailBytes = 1 << 12;    // of a slot's padding
constexpr std::size_t kMaxRuns = 1 << 16;           // of numbers whose slots do not show them

struct SlotFacts {
  std::uint64_t index;
  std::uint64_t stamp = 0;
  bool padding_is_zero = true;
};

bool is_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

bool has_been_published(std::uint64_t seq, std::uint64_t stamp) noexcept {
  return stamp == core::done(seq) || core::is_newer(stamp, seq);
}

class Slots {
 public:
  Slots(const Image& image, const core::Header& header)
      : image_(image),
        header_(header),
        exclusive_((header.flags & core::kFlagExclusive) != 0),
        padding_begin_(header.payload_offset_bytes +
                       (header.payload_bytes + core::kWordBytes - 1) / core::kWordBytes * core::kWordBytes) {}

  CheckedSlots run(std::chrono::milliseconds between_looks) {
    std::vector<SlotFacts> block;
    for (std::uint64_t first = 0; first < header_.slot_count; first += slots_a_block()) {
      const std::uint64_t skipped = skip_unused(first);
      note_unused(first, skipped);
      first = skipped;
      if (first >= header_.slot_count) break;
      const std::uint64_t before = head();
      std::atomic_thread_fence(std::memory_order_acquire);
      if (!read_block(first, std::min(slots_a_block(), header_.slot_count - first), block)) break;
      std::atomic_thread_fence(std::memory_order_acquire);
      const std::uint64_t after = head();
      for (const SlotFacts& slot : block) {
        if (auto suspect = judge(slot, after)) add(std::move(*suspect));
        count(slot, before);
      }
    }
    keep_persisting(image_, between_looks, result_.suspects, [&] { return look_again(); });
    settle();
    return std::move(result_);
  }

 private:
  std::uint64_t slots_a_block() const noexcept {
    return header_.stride_bytes > kWholeSlotBytes ? 1 : std::max<std::uint64_t>(1, kBlockBytes / header_.stride_bytes);
  }

  std::uint64_t head() const noexcept {
    return std::min(read_head(image_, header_).value_or(core::kSeqLimit), core::kSeqLimit);
  }

  std::uint64_t offset(std::uint64_t index) const noexcept {
    return header_.slots.offset_bytes + index * header_.stride_bytes;
  }

  /// The first slot from `index` on that is not all zeros, for all that the file system knows.
  std::uint64_t skip_unused(std::uint64_t index) const noexcept {
    const std::uint64_t data = image_.next_data(offset(index));
    if (data == ~std::uint64_t{0}) return header_.slot_count;
    return std::min(header_.slot_count, std::max(index, (data - header_.slots.offset_bytes) / header_.stride_bytes));
  }

  bool read_block(std::uint64_t first, std::uint64_t count, std::vector<SlotFacts>& block) {
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
      facts.padding_is_zero = is_zero(slot.first(header_.payload_offset_bytes).subspan(sizeof(facts.stamp))) &&
                              is_zero(slot.subspan(padding_begin_));
    }
    return whole == count;  // else the file was cut off
  }

  std::optional<SlotFacts> read_slot(std::uint64_t index) {
    SlotFacts slot{.index = index};
    if (!image_.load(offset(index), slot.stamp)) return std::nullopt;
    const auto is_zero_between = [&](std::uint64_t begin, std::uint64_t end) {
      bytes_.resize(std::min(end - begin, std::max(kMaxTailBytes, header_.payload_offset_bytes)));
      const std::size_t got = image_.read(offset(index) + begin, bytes_);
      return is_zero(std::span(bytes_).first(got));
    };
    slot.padding_is_zero = is_zero_between(sizeof(slot.stamp), header_.payload_offset_bytes) &&
                           is_zero_between(padding_begin_, header_.stride_bytes);
    return slot;
  }

  /// `head` was read after the slot.
  std::optional<Suspect> judge(const SlotFacts& slot, std::uint64_t head) const {
    const auto wrong = [&](Severity severity, std::string text) {
      return Suspect{fmt::format("slot {}", slot.index),
                     {slot.stamp, slot.padding_is_zero},
                     slot.index,
                     severity,
                     std::move(text)};
    };
    if (slot.stamp != core::kNeverUsed) {
      const std::uint64_t seq = core::stamp_seq(slot.stamp);
      if (seq >= core::kSeqLimit)
        return wrong(Severity::error, fmt::format("expected a valid stamp, found {:#x}; {}", slot.stamp, kWrittenOver));
      if (seq % header_.slot_count != slot.index)
        return wrong(Severity::error, fmt::format("expected a stamp of this slot, found the stamp of value {}, which "
                                                  "belongs to slot {}; {}",
                                                  seq, seq % header_.slot_count, kWrittenOver));
      if (seq >= head)
        return wrong(severity_beyond_head(image_),
                     fmt::format("expected a value below the head, {}, found value {}; {}", head, seq,
                                 remedy_beyond_head(image_)));
    }
    if (!slot.padding_is_zero)
      return wrong(Severity::warning,
                   fmt::format("expected zeros around the payload, found other bytes; {}", kWrittenOver));
    return std::nullopt;
  }

  void add(Suspect suspect) {
    if (result_.suspects.size() < kMaxSuspects) result_.suspects.push_back(std::move(suspect));
  }

  Suspects look_again() {
    Suspects again;
    for (const Suspect& suspect : result_.suspects) {
      const auto slot = read_slot(suspect.index);
      std::atomic_thread_fence(std::memory_order_acquire);
      if (!slot) continue;
      if (auto still = judge(*slot, head())) again.push_back(std::move(*still));
    }
    return again;
  }

  /// The newest number below `head` that belongs into the slot.
  std::optional<std::uint64_t> newest_seq(std::uint64_t index, std::uint64_t head) const noexcept {
    if (head <= index) return std::nullopt;
    return head - 1 - (head - 1 - index) % header_.slot_count;
  }

  /// `head` was read before the slot.
  void count(const SlotFacts& slot, std::uint64_t head) {
    const auto seq = newest_seq(slot.index, head);
    if (!seq) return;
    if (has_been_published(*seq, slot.stamp)) {
      ++result_.published;
    } else {
      note({*seq, *seq + 1});
    }
  }

  void note(Run run) {
    if (!unpublished_.empty() && unpublished_.back().end == run.first) {
      unpublished_.back().end = run.end;
    } else if (unpublished_.size() < kMaxRuns) {
      unpublished_.push_back(run);
    }
  }

  /// Of the slots [begin, end), which nobody has written to: of those below the newest number's the numbers are of the
  /// newest lap, of the others of the one before it.
  void note_unused(std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t before = head();
    const std::uint64_t in_lap = before % header_.slot_count;
    const std::uint64_t lap = before - in_lap;
    if (begin < std::min(end, in_lap)) note({lap + begin, lap + std::min(end, in_lap)});
    if (lap == 0 || std::max(begin, in_lap) >= end) return;
    note({lap - header_.slot_count + std::max(begin, in_lap), lap - header_.slot_count + end});
  }

  /// As core/settle.hpp, T1 to T3: the numbers were below head; then the seats, their leases, and once more the stamps.
  void settle() {
    if (unpublished_.empty()) return;
    std::atomic_thread_fence(std::memory_order_acquire);
    const std::uint64_t now = head();
    const Claimed claimed(read_seats(image_, header_), exclusive_, now);
    std::atomic_thread_fence(std::memory_order_acquire);
    std::vector<SlotFacts> block;
    for (const Run& run : unpublished_) {
      for (std::uint64_t seq = run.first; seq < run.end;) {
        const std::uint64_t index = seq % header_.slot_count;
        if (const std::uint64_t unused = std::min(skip_unused(index) - index, run.end - seq); unused > 0) {
          settle_unused({seq, seq + unused}, claimed);
          seq += unused;
          continue;
        }
        const std::uint64_t count = std::min({slots_a_block(), run.end - seq, header_.slot_count - index});
        if (!read_block(index, count, block)) return;
        for (const SlotFacts& slot : block) settle(seq++, slot.stamp, claimed);
      }
    }
  }

  void settle(std::uint64_t seq, std::uint64_t stamp, const Claimed& claimed) {
    if (has_been_published(seq, stamp)) {
      ++result_.published;
    } else if (claimed.contains(seq)) {
      ++result_.in_flight;
    } else {
      add_holes(seq, 1);
    }
  }

  void settle_unused(Run run, const Claimed& claimed) {
    const std::uint64_t in_flight = claimed.count(run);
    result_.in_flight += in_flight;
    if (in_flight < run.end - run.first) add_holes(claimed.first_outside(run), run.end - run.first - in_flight);
  }

  void add_holes(std::uint64_t first, std::uint64_t count) {
    result_.first_hole = result_.holes == 0 ? first : std::min(result_.first_hole, first);
    result_.holes += count;
  }

  const Image& image_;
  const core::Header& header_;
  const bool exclusive_;
  const std::uint64_t padding_begin_;  // after the payload, within a slot
  std::vector<std::byte> bytes_;
  std::vector<Run> unpublished_;
  CheckedSlots result_;
};

}  // namespace

CheckedSlots check_slots(const Image& image, const core::Header& header, std::chrono::milliseconds between_looks) {
  return Slots(image, header).run(between_looks);
}

}  // namespace arena_shm::inspect
