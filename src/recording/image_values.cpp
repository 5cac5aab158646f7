#include "recording/image_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "arena_shm/core/stamp.hpp"
#include "arena_shm/error.hpp"
#include "arena_shm/options.hpp"
#include "inspect/values.hpp"
#include "recording/recording_source.hpp"
#include "text/shell_word.hpp"

namespace arena_shm::recording {

namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 16;

}  // namespace

ImageValues::ImageValues(inspect::Image image, Attendant& attendant)
    : image_(std::move(image)), facts_(inspect::read_facts(image_)) {
  const std::uint64_t first_slot_end = header().slots.offset_bytes + header().stride_bytes;
  if (!facts_.usable || !facts_.head || (*facts_.head > 0 && facts_.file_bytes < first_slot_end)) refuse();
  if (header().payload_bytes > inspect::kMaxValueBytes) {
    throw Error(Code::unsupported, {.name = image_.label(),
                                    .doing = "read",
                                    .expected = fmt::format("records of at most {} bytes", inspect::kMaxValueBytes),
                                    .found = fmt::format("{} bytes", header().payload_bytes),
                                    .remedy = "use record or snapshot while the arena exists"});
  }
  head_ = std::min(*facts_.head, core::kSeqLimit);
  go_to(0);
  is_cut_ = facts_.file_bytes < header().segment_bytes;
  if (is_cut_) {
    attendant.note(fmt::format("'{}' was cut off: expected {} bytes, found {}; taking the complete values",
                               image_.label(), header().segment_bytes, facts_.file_bytes));
  }
}

void ImageValues::go_to(std::uint64_t seq) noexcept {
  seq_ = std::max(seq, From::oldest.cursor(head_, header().slot_count));
}

std::optional<std::uint64_t> ImageValues::next(std::span<std::byte> record) {
  while (seq_ < head_) {
    if (!has_stamp() && !read_stamps()) continue;
    const std::uint64_t seq = seq_;
    const auto value = stamp() == core::done(seq) ? inspect::read_value(image_, header(), seq) : std::nullopt;
    ++seq_;
    if (!value) continue;
    std::copy(value->bytes.begin(), value->bytes.end(), record.begin());
    return seq;
  }
  return std::nullopt;
}

bool ImageValues::has_stamp() const noexcept {
  const std::uint64_t offset = slot_offset();
  return offset >= block_begin_ && offset + sizeof(std::uint64_t) <= block_begin_ + block_.size();
}

std::uint64_t ImageValues::stamp() const noexcept {
  std::uint64_t stamp = 0;
  std::memcpy(&stamp, block_.data() + (slot_offset() - block_begin_), sizeof(stamp));
  return stamp;
}

// Many at once. Slots that the file has no bytes of are passed over: a file that is large and empty is no trap.
// Returns: false if there may be no stamp for seq_ yet.
bool ImageValues::read_stamps() {
  const std::uint64_t data = image_.next_data(slot_offset());
  const std::uint64_t index = slot_index();
  const std::uint64_t first =
      data == ~std::uint64_t{0} ? header().slot_count : (data - header().slots.offset_bytes) / header().stride_bytes;
  if (first > index) {
    seq_ += std::min(std::min(first, header().slot_count) - index, head_ - seq_);
    return false;
  }
  block_begin_ = slot_offset();
  block_.resize(header().stride_bytes < kBlockBytes ? kBlockBytes : sizeof(std::uint64_t));
  block_.resize(image_.read(block_begin_, block_));
  if (has_stamp()) return true;
  ++seq_;  // the file ends within it
  return false;
}

void ImageValues::refuse() const {
  const bool has_path = image_.label() != kStandardInput;
  throw Error(facts_.usable ? Code::truncated : facts_.refusal,
              {.name = image_.label(),
               .doing = "read",
               .expected = "a whole segment",
               .found = facts_.problems.empty() ? "a damaged one" : "a damaged one (" + facts_.problems.front() + ")",
               .remedy = "to see what is left: arena-shm inspect --file " +
                         (has_path ? text::shell_word(image_.label()) : "FILE")});
}

}  // namespace arena_shm::recording
