#include "serve/batch_reader.hpp"

#include <algorithm>
#include <cstring>

namespace arena_shm::serve {

namespace {

constexpr std::size_t kMostValues = 1024;
constexpr std::size_t kMostBatchBytes = std::size_t{1} << 18;

}  // namespace

BatchReader::BatchReader(const RawView& view, const RingLayout& layout, From from, Duration hold)
    : layout_(layout),
      reader_(
          view.reader(from, {.manner = Manner::throughput, .hold = hold, .doorbell = false, .order = Order::arrival})),
      record_bytes_(view.info().record.size_bytes) {
  if (layout.has_slot_times()) scale_.emplace(view.timescale());
  const std::size_t count = std::clamp<std::size_t>(kMostBatchBytes / record_bytes_, 1, kMostValues);
  values_.resize(count * record_bytes_);
  arrivals_.resize(count);
  places_.resize(count);
}

void BatchReader::describe(std::size_t count) {
  batch_ = {.values = std::span(values_).first(count * record_bytes_),
            .arrivals = std::span(arrivals_).first(count),
            .places = std::span(places_).first(count),
            .scale = scale_ ? &*scale_ : nullptr};
  layout_.places_of(batch_.values, batch_.arrivals, batch_.scale, std::span(places_).first(count));
}

std::size_t BatchReader::read() {
  const std::size_t count = reader_.next_batch(values_, arrivals_);
  describe(count);
  return count;
}

bool BatchReader::read_below(const std::vector<std::uint64_t>& end) {
  std::size_t kept = 0;
  // A batch of nothing but later values says nothing of other lanes.
  while (kept == 0 && !reached(reader_.position().next(), end)) {
    const std::size_t count = reader_.next_batch(values_, arrivals_);
    if (count == 0) break;
    for (std::size_t i = 0; i < count; ++i) {
      if (arrivals_[i].seq >= end[arrivals_[i].seq % end.size()]) continue;
      if (kept != i) {
        std::memcpy(&values_[kept * record_bytes_], &values_[i * record_bytes_], record_bytes_);
        arrivals_[kept] = arrivals_[i];
      }
      ++kept;
    }
  }
  describe(kept);
  return kept > 0;
}

}  // namespace arena_shm::serve
