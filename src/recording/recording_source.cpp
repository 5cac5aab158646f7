#include "recording/recording_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "arena_shm/error.hpp"
#include "inspect/facts.hpp"
#include "recording/record_view.hpp"
#include "schema/schema_json.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

using inspect::Image;

class NpySource final : public RecordingSource {
 public:
  NpySource(Image file, const std::string& fields, Attendant& attendant)
      : RecordingSource(attendant), file_(std::move(file)) {
    layout_ = read_layout();
    record_ = layout_.record;
    Info info;
    info.name = file_.label();
    info.record.size_bytes = record_.size_bytes;
    if (record_.schema) info.record.schema = schema::to_json(*record_.schema);
    record_.schema = schema_for(info, fields, attendant_);
    align_bytes_ = record_.schema ? record_.schema->align_bytes : 1;
    count_rows();
  }

  std::optional<std::uint64_t> next(std::span<std::byte> record) override {
    if (index_ == row_count_) return std::nullopt;
    if (at_ == block_.size() && !fill()) return std::nullopt;
    const std::byte* row = block_.data() + at_;
    std::uint64_t seq = index_++;
    if (layout_.has_seq) std::memcpy(&seq, row, sizeof(seq));
    std::copy_n(row + (layout_.row_bytes - record.size()), record.size(), record.begin());
    at_ += layout_.row_bytes;
    return seq;
  }

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxHeaderBytes = std::size_t{1} << 20;

  NpyLayout read_layout() const {
    std::array<std::byte, kNpyPrefixBytes> prefix{};
    file_.read(0, prefix);
    std::vector<std::byte> header(std::min(npy_header_bytes(prefix).value_or(0), kMaxHeaderBytes));
    if (header.size() < kNpyPrefixBytes || file_.read(0, header) != header.size()) {
      throw Error(Code::truncated, {.name = file_.label(),
                                    .doing = "read",
                                    .expected = fmt::format("a header of {} bytes", header.size()),
                                    .found = fmt::format("a file of {}", file_.size_bytes()),
                                    .remedy = "it was cut off at its very beginning: nothing is in it"});
    }
    return parse_npy_header(header, file_.label());
  }

  // A recorder that was killed has left rows which its header does not tell of yet; those of others may be anything.
  void count_rows() {
    const std::uint64_t size = std::max<std::uint64_t>(file_.size_bytes(), layout_.data_offset_bytes);
    const std::uint64_t there = (size - layout_.data_offset_bytes) / layout_.row_bytes;
    row_count_ = layout_.has_seq ? there : std::min(there, layout_.row_count);
    if (row_count_ == layout_.row_count) return;
    attendant_.note(fmt::format("'{}' was cut off: its header tells of {}, there are {}; taking these", file_.label(),
                                text::counted(layout_.row_count, "record"), row_count_));
  }

  bool fill() {
    const std::uint64_t rows =
        std::min<std::uint64_t>(std::max<std::size_t>(kBlockBytes / layout_.row_bytes, 1), row_count_ - index_);
    block_.resize(rows * layout_.row_bytes);
    block_.resize(file_.read(layout_.data_offset_bytes + index_ * layout_.row_bytes, block_) / layout_.row_bytes *
                  layout_.row_bytes);
    at_ = 0;
    return !block_.empty();
  }

  Image file_;
  NpyLayout layout_;
  std::uint64_t row_count_ = 0;
  std::uint64_t index_ = 0;
  std::vector<std::byte> block_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<RecordingSource> npy_source(Image file, const std::string& fields, Attendant& attendant) {
  return std::make_unique<NpySource>(std::move(file), fields, attendant);
}

std::unique_ptr<RecordingSource> open_recording(const std::string& path, const std::string& fields,
                                                Attendant& attendant) {
  Image file = Image::of_file(path);
  std::array<std::byte, kNpyPrefixBytes> prefix{};
  file.read(0, prefix);
  if (npy_header_bytes(prefix)) return npy_source(std::move(file), fields, attendant);
  if (inspect::has_magic(file)) return image_source(std::move(file), fields, attendant);
  return text_source(std::move(file), fields, attendant);
}

}  // namespace arena_shm::recording
