#include "recording/image_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "arena_shm/core/stamp.hpp"
#include "arena_shm/error.hpp"
#include "inspect/values.hpp"
#include "recording/lanes.hpp"
#include "recording/recording_source.hpp"
#include "text/shell_word.hpp"

namespace arena_shm::recording {

namespace {

// What is read at once; of many lanes, of all together.
constexpr std::size_t kLeastBlockBytes = std::size_t{1} << 12;
constexpr std::size_t kMostBlockBytes = std::size_t{1} << 16;
constexpr std::size_t kBytesAhead = std::size_t{1} << 20;

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
  if (header().clock != 0) timescale_.emplace(core::clock_facts(header()));
  go_to(oldest(), Order::arrival);
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

void ImageValues::go_to(const Position& position, Order order) {
  const std::vector<std::uint64_t> oldest = this->oldest().next();
  const auto lanes = static_cast<std::uint32_t>(heads_.size());
  is_by_time_ = order == Order::time && timescale_;
  lanes_.clear();
  for (std::uint32_t k = 0; k < lanes; ++k) {
    const std::uint64_t first = std::max(oldest[k], position.next()[k]) / lanes;
    lanes_.emplace_back(image_, header(), k, first, std::max(first, heads_[k]),
                        std::clamp(kBytesAhead / lanes, kLeastBlockBytes, kMostBlockBytes));
  }
}

// Without times the lanes have no other order than that of their own.
void ImageValues::enqueue(std::uint32_t index) {
  ImageLane& lane = lanes_[index];
  if (lane.advance()) return turns_.emplace(is_by_time_ ? lane.time() : 0, index);
  report_holes(lane, index);
}

std::optional<std::uint64_t> ImageValues::next(std::span<std::byte> record) {
  if (!std::exchange(has_begun_, true)) {
    for (std::uint32_t k = 0; k < lanes_.size(); ++k) enqueue(k);
  }
  // Not before: holes are reported behind the value in front of them.
  if (left_) enqueue(*std::exchange(left_, std::nullopt));
  while (!turns_.empty()) {
    const std::uint32_t index = turns_.top().second;
    turns_.pop();
    ImageLane& lane = lanes_[index];
    const std::uint64_t number = lane.number();
    if (!take(lane, record)) {
      lane.go_on(false);
      enqueue(index);
      continue;
    }
    time_ = lane.time();
    report_holes(lane, index);
    lane.go_on(true);
    left_ = index;
    return number * lanes_.size() + index;
  }
  return std::nullopt;
}

bool ImageValues::take(const ImageLane& lane, std::span<std::byte> record) const {
  const auto value = inspect::read_value(image_, lane.header(), lane.number());
  if (!value) return false;
  std::copy(value->bytes.begin(), value->bytes.end(), record.begin());
  return true;
}

bool ImageValues::read(std::uint64_t seq, std::span<std::byte> record, std::int64_t& time_ns) {
  const std::uint64_t lanes = heads_.size();
  ImageLane lane(image_, header(), static_cast<std::uint32_t>(seq % lanes), seq / lanes, seq / lanes + 1,
                 core::slot_prefix_bytes(true));
  if (!lane.advance() || !take(lane, record)) return false;
  if (timescale_) time_ns = timescale_->nanoseconds(lane.time());
  return true;
}

void ImageValues::report_holes(const ImageLane& lane, std::uint64_t index) const {
  const std::uint64_t lanes = lanes_.size();
  const std::uint64_t first = lane.accounted();
  if (first < lane.number() && report_) {
    report_({.first = first * lanes + index,
             .last = (lane.number() - 1) * lanes + index,
             .cause = Loss::hole,
             .step = lanes});
  }
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
