#include "recording/image_lane.hpp"

#include <algorithm>
#include <cstring>

#include "arena_shm/core/stamp.hpp"

namespace arena_shm::recording {

ImageLane::ImageLane(const inspect::Image& image, const core::Header& header, std::uint32_t lane, std::uint64_t first,
                     std::uint64_t head, std::size_t block_bytes)
    : image_(&image),
      header_(core::lane_header(header, lane)),
      prefix_bytes_(core::slot_prefix_bytes(header.clock != 0)),
      number_(first),
      accounted_(first),
      head_(head),
      block_bytes_(block_bytes) {}

bool ImageLane::advance() {
  while (number_ < head_) {
    if (!has_prefix() && !read_prefixes()) continue;
    if (word(0) == core::done(number_)) return true;
    ++number_;
  }
  block_ = {};
  return false;
}

bool ImageLane::has_prefix() const noexcept {
  const std::uint64_t offset = slot_offset();
  return offset >= block_begin_ && offset + prefix_bytes_ <= block_begin_ + block_.size();
}

std::uint64_t ImageLane::word(std::uint64_t offset) const noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, block_.data() + (slot_offset() - block_begin_) + offset, sizeof(word));
  return word;
}

// Many at once. Slots that the file has no bytes of are passed over: a file that is large and empty is no trap.
// Returns: false if there may be nothing of number_ yet.
bool ImageLane::read_prefixes() {
  const std::uint64_t data = image_->next_data(slot_offset());
  const std::uint64_t index = slot_index();
  const std::uint64_t first =
      data == ~std::uint64_t{0} ? header_.slot_count : (data - header_.slots.offset_bytes) / header_.stride_bytes;
  if (first > index) {
    number_ += std::min(std::min(first, header_.slot_count) - index, head_ - number_);
    return false;
  }
  block_begin_ = slot_offset();
  block_.resize(header_.stride_bytes < block_bytes_ ? block_bytes_ : prefix_bytes_);
  block_.resize(image_->read(block_begin_, block_));
  if (has_prefix()) return true;
  ++number_;  // the file ends within it
  return false;
}

}  // namespace arena_shm::recording
