#include "recording/image_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "arena_shm/core/stamp.hpp"
#include "arena_shm/error.hpp"
#include "inspect/values.hpp"
#include "recording/lanes.hpp"
#include "recording/recording_source.hpp"
#include "text/shell_word.hpp"

namespace arena_shm::recording {

namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 16;

}  // namespace

ImageValues::ImageValues(inspect::Image image, Attendant& attendant)
    : image_(std::move(image)), facts_(inspect::read_facts(image_)) {
  if (!facts_.usable) refuse();
  read_heads();
  if (header().payload_bytes > inspect::kMaxValueBytes) {
    throw Error(Code::unsupported, {.name = image_.label(),
                                    .doing = "read",
                                    .expected = fmt::format("records of at most {} bytes", inspect::kMaxValueBytes),
                                    .found = fmt::format("{} bytes", header().payload_bytes),
                                    .remedy = "use record or snapshot while the arena exists"});
  }
  go_to(oldest());
  is_cut_ = facts_.file_bytes < header().segment_bytes;
  if (is_cut_) {
    attendant.note(fmt::format("'{}' was cut off: expected {} bytes, found {}; taking the complete values",
                               image_.label(), header().segment_bytes, facts_.file_bytes));
  }
}

void ImageValues::read_heads() {
  const std::uint32_t lanes = core::lane_count(header());
  bool is_empty = true;
  for (std::uint32_t k = 0; k < lanes; ++k) {
    const auto head = inspect::read_head(image_, core::lane_header(header(), k));
    if (!head) refuse();
    heads_.push_back(std::min(*head, core::kSeqLimit / lanes));
    is_empty = is_empty && *head == 0;
  }
  if (!is_empty && facts_.file_bytes < header().slots.offset_bytes + header().stride_bytes) refuse();
}

Position ImageValues::heads() const {
  std::vector<std::uint64_t> next(heads_.size());
  for (std::size_t k = 0; k < next.size(); ++k) next[k] = heads_[k] * next.size() + k;
  return Position(std::move(next));
}

Position ImageValues::oldest() const { return place_of(From::oldest, heads(), header().slot_count); }

void ImageValues::go_to(const Position& position) {
  firsts_ = oldest().next();
  for (std::size_t k = 0; k < firsts_.size(); ++k)
    firsts_[k] = std::max(firsts_[k], position.next()[k]) / firsts_.size();
  enter_lane(0);
}

void ImageValues::enter_lane(std::size_t index) {
  lane_index_ = index;
  lane_ = core::lane_header(header(), static_cast<std::uint32_t>(index));
  number_ = firsts_[index];
  block_.clear();
}

std::optional<std::uint64_t> ImageValues::next(std::span<std::byte> record) {
  for (;;) {
    const std::uint64_t wanted = number_;
    const auto found = next_of_lane(record);
    report_holes(wanted, found.value_or(number_));
    if (found) return seq_of(*found);
    if (lane_index_ + 1 == heads_.size()) return std::nullopt;
    enter_lane(lane_index_ + 1);
  }
}

std::optional<std::uint64_t> ImageValues::next_of_lane(std::span<std::byte> record) {
  while (number_ < heads_[lane_index_]) {
    if (!has_stamp() && !read_stamps()) continue;
    const std::uint64_t number = number_;
    const auto value = stamp() == core::done(number) ? inspect::read_value(image_, lane_, number) : std::nullopt;
    ++number_;
    if (!value) continue;
    std::copy(value->bytes.begin(), value->bytes.end(), record.begin());
    return number;
  }
  return std::nullopt;
}

void ImageValues::report_holes(std::uint64_t first, std::uint64_t end) const {
  if (first < end && report_)
    report_({.first = seq_of(first), .last = seq_of(end - 1), .cause = Loss::hole, .step = heads_.size()});
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
// Returns: false if there may be no stamp for number_ yet.
bool ImageValues::read_stamps() {
  const std::uint64_t data = image_.next_data(slot_offset());
  const std::uint64_t index = slot_index();
  const std::uint64_t first =
      data == ~std::uint64_t{0} ? lane_.slot_count : (data - lane_.slots.offset_bytes) / lane_.stride_bytes;
  if (first > index) {
    number_ += std::min(std::min(first, lane_.slot_count) - index, heads_[lane_index_] - number_);
    return false;
  }
  block_begin_ = slot_offset();
  block_.resize(header().stride_bytes < kBlockBytes ? kBlockBytes : sizeof(std::uint64_t));
  block_.resize(image_.read(block_begin_, block_));
  if (has_stamp()) return true;
  ++number_;  // the file ends within it
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
