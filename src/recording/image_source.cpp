// Saved segments, also such as were cut off: what is whole of them is taken.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "arena_shm/core/stamp.hpp"
#include "arena_shm/error.hpp"
#include "inspect/facts.hpp"
#include "inspect/values.hpp"
#include "recording/record_view.hpp"
#include "recording/recording_source.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

using inspect::Image;

class ImageSource final : public RecordingSource {
 public:
  ImageSource(Image image, const std::string& fields, Attendant& attendant)
      : RecordingSource(attendant), image_(std::move(image)) {
    const inspect::Facts facts = inspect::read_facts(image_);
    const std::uint64_t first_slot_end = facts.header.slots.offset_bytes + facts.header.stride_bytes;
    if (!facts.usable || !facts.head || (*facts.head > 0 && facts.file_bytes < first_slot_end)) refuse(facts);
    if (facts.header.payload_bytes > inspect::kMaxValueBytes) {
      throw Error(Code::unsupported, {.name = image_.label(),
                                      .doing = "read",
                                      .expected = fmt::format("records of at most {} bytes", inspect::kMaxValueBytes),
                                      .found = fmt::format("{} bytes", facts.header.payload_bytes),
                                      .remedy = "record the arena while it is there"});
    }
    header_ = facts.header;
    end_ = std::min(*facts.head, core::kSeqLimit);
    seq_ = From::oldest.cursor(end_, header_.slot_count);
    record_ = {.size_bytes = header_.payload_bytes, .schema = schema_for(facts.info, fields, attendant_)};
    align_bytes_ = header_.payload_align_bytes;
    is_cut_ = facts.file_bytes < header_.segment_bytes;
    if (is_cut_) {
      attendant_.note(fmt::format("'{}' was cut off: expected {} bytes, found {}; taking what is whole", image_.label(),
                                  header_.segment_bytes, facts.file_bytes));
    }
  }

  std::optional<std::uint64_t> next(std::span<std::byte> record) override {
    while (seq_ < end_) {
      if (!has_stamp() && !read_stamps()) continue;
      const auto value = stamp() == core::done(seq_) ? inspect::read_value(image_, header_, seq_) : std::nullopt;
      if (value) {
        std::copy(value->bytes.begin(), value->bytes.end(), record.begin());
        return seq_++;
      }
      pass_over(1);
    }
    if (missing_ > 0) attendant_.note(text::counted(missing_, "sequence number") + " without a value in it");
    if (is_cut_) lost_ += missing_;
    missing_ = 0;
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{1} << 16;

  std::uint64_t slot_index() const noexcept { return seq_ % header_.slot_count; }
  std::uint64_t slot_offset() const noexcept {
    return header_.slots.offset_bytes + slot_index() * header_.stride_bytes;
  }

  void pass_over(std::uint64_t count) {
    missing_ += count;
    seq_ += count;
  }

  bool has_stamp() const noexcept {
    const std::uint64_t offset = slot_offset();
    return offset >= block_begin_ && offset + sizeof(std::uint64_t) <= block_begin_ + block_.size();
  }

  std::uint64_t stamp() const noexcept {
    std::uint64_t stamp = 0;
    std::memcpy(&stamp, block_.data() + (slot_offset() - block_begin_), sizeof(stamp));
    return stamp;
  }

  // Many at once. Slots that the file has no bytes of are passed over: a file that is large and empty is no trap.
  // Returns: false if there may be no stamp for seq_ yet.
  bool read_stamps() {
    const std::uint64_t data = image_.next_data(slot_offset());
    const std::uint64_t index = slot_index();
    const std::uint64_t first =
        data == ~std::uint64_t{0} ? header_.slot_count : (data - header_.slots.offset_bytes) / header_.stride_bytes;
    if (first > index) {
      pass_over(std::min(std::min(first, header_.slot_count) - index, end_ - seq_));
      return false;
    }
    block_begin_ = slot_offset();
    block_.resize(header_.stride_bytes < kBlockBytes ? kBlockBytes : sizeof(std::uint64_t));
    block_.resize(image_.read(block_begin_, block_));
    if (has_stamp()) return true;
    pass_over(1);  // the file ends within it
    return false;
  }

  [[noreturn]] void refuse(const inspect::Facts& facts) const {
    throw Error(facts.usable ? Code::truncated : facts.refusal,
                {.name = image_.label(),
                 .doing = "read",
                 .expected = "a whole segment",
                 .found = facts.problems.empty() ? "a damaged one" : "a damaged one (" + facts.problems.front() + ")",
                 .remedy = "see what is left: arena-shm inspect --file"});
  }

  Image image_;
  core::Header header_{};
  std::uint64_t seq_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t missing_ = 0;
  bool is_cut_ = false;
  std::vector<std::byte> block_;  // of the file, from block_begin_ on
  std::uint64_t block_begin_ = 0;
};

}  // namespace

std::unique_ptr<RecordingSource> image_source(Image file, const std::string& fields, Attendant& attendant) {
  return std::make_unique<ImageSource>(std::move(file), fields, attendant);
}

}  // namespace arena_shm::recording
