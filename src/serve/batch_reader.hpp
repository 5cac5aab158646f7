// Values of a segment, many at once, with their places along a chart.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "arena_shm/raw.hpp"
#include "serve/lens.hpp"
#include "serve/ring_layout.hpp"

namespace arena_shm::serve {

/// Of each lane: is the number of `next` not below that of `end`?
inline bool reached(const std::vector<std::uint64_t>& next, const std::vector<std::uint64_t>& end) noexcept {
  return std::equal(next.begin(), next.end(), end.begin(), end.end(), std::greater_equal<>());
}

/// Thread safety: none.
class BatchReader {
 public:
  /// `hold`: as ReaderOptions has it. Requires: the view and the layout stay there. Errors: as RawView::reader.
  BatchReader(const RawView& view, const RingLayout& layout, From from, Duration hold = {});

  /// Takes what is there, up to a batch. Never waits. Returns: how many values.
  std::size_t read();
  /// The same, of each lane what is below the numbers there. Returns: false if there is no more of it.
  bool read_below(const std::vector<std::uint64_t>& end);
  /// What was read last.
  const Batch& batch() const noexcept { return batch_; }
  RawReader& raw() noexcept { return reader_; }

  /// When begin_look() was called before.
  std::chrono::steady_clock::time_point looked_before() const noexcept { return looked_; }
  void begin_look() noexcept { looked_ = std::chrono::steady_clock::now(); }

 private:
  void describe(std::size_t count);

  const RingLayout& layout_;
  RawReader reader_;
  std::optional<Timescale> scale_;
  std::size_t record_bytes_;
  std::vector<std::byte> values_;
  std::vector<Arrival> arrivals_;
  std::vector<std::int64_t> places_;
  Batch batch_{};
  std::chrono::steady_clock::time_point looked_ = std::chrono::steady_clock::now();
};

}  // namespace arena_shm::serve
