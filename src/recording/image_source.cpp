// Saved segments as recordings.
#include <memory>
#include <utility>

#include "recording/image_values.hpp"
#include "recording/origin.hpp"
#include "recording/record_view.hpp"
#include "recording/recording_source.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

class ImageSource final : public RecordingSource {
 public:
  ImageSource(inspect::Image image, const std::string& fields, Attendant& attendant)
      : RecordingSource(attendant), values_(std::move(image), attendant) {
    const Info& info = values_.facts().info;
    record_ = {.size_bytes = values_.header().payload_bytes,
               .schema = schema_for(info, fields, attendant_),
               .origin = recording::origin_of(info)};
    record_.has_time = has_time_column(info, record_.schema);
    values_.go_to(values_.oldest(), Order::time);
    align_bytes_ = values_.header().payload_align_bytes;
    // What is lost before the first value that is wanted is none of those.
    values_.on_hole([this](const Gap& gap) {
      if (!since_ || since_->has_begun(gap.first)) missing_ += gap.count();
      report(gap);
    });
  }

 protected:
  std::optional<std::uint64_t> take(std::span<std::byte> row) override {
    if (const auto seq = values_.next(row.subspan(record_.time_bytes()))) {
      if (record_.has_time) put_time(row, values_.time_ns());
      return seq;
    }
    if (missing_ > 0) attendant_.note("found no value for " + text::counted(missing_, "sequence number"));
    if (values_.is_cut()) lost_ += missing_;
    missing_ = 0;
    return std::nullopt;
  }
  std::int64_t time_ns(std::span<const std::byte>) override { return values_.time_ns(); }
  Since::Origin origin() const override {
    return {.name = values_.image().label(),
            .lanes = core::lane_count(values_.header()),
            .has_times = values_.header().clock != 0};
  }

 private:
  ImageValues values_;
  std::uint64_t missing_ = 0;
};

}  // namespace

std::unique_ptr<RecordingSource> image_source(inspect::Image file, const std::string& fields, Attendant& attendant) {
  return std::make_unique<ImageSource>(std::move(file), fields, attendant);
}

}  // namespace arena_shm::recording
