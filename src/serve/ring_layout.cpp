#include "serve/ring_layout.hpp"

#include <algorithm>
#include <limits>

#include "arena_shm/error.hpp"
#include "schema/record_time.hpp"
#include "schema/schema_json.hpp"
#include "text/time_text.hpp"

namespace arena_shm::serve {

namespace {

// A time that no i64 of nanoseconds holds lies at the end of all times.
std::int64_t scaled(std::int64_t units, std::int64_t ns_per_unit) noexcept {
  std::int64_t ns = 0;
  if (__builtin_mul_overflow(units, ns_per_unit, &ns))
    return units < 0 ? -RingLayout::kMostPlace : RingLayout::kMostPlace;
  return std::clamp(ns, -RingLayout::kMostPlace, RingLayout::kMostPlace);
}

}  // namespace

RingLayout::RingLayout(const RawView& view) : info_(view.info()) {
  if (!info_.record.schema.empty()) {
    try {
      schema_ = schema::parse_json(info_.record.schema, info_.record.size_bytes);
    } catch (const Error& error) {
      problem_ = error.what();
    }
  } else {
    problem_ = "the segment has no schema: its records are shown as bytes";
  }
  if (schema_) {
    for (const schema::Field& field : schema_->fields) {
      if (field.kind == schema::Kind::text) continue;
      for (std::size_t i = 0; i < field.element_count() && series_.size() < kMostSeries; ++i) {
        series_.push_back({.name = field.element_name(i),
                           .field = &field,
                           .number = {.kind = field.kind,
                                      .offset_bytes = field.offset_bytes + i * field.element_bytes,
                                      .bytes = field.element_bytes}});
      }
    }
    if (const auto time = schema::time_field(*schema_)) {
      along_ = Along::time_field;
      time_ = {.kind = time->kind, .offset_bytes = time->offset_bytes, .bytes = time->element_bytes};
      ns_per_unit_ = text::kNsPerSecond / text::units_per_second(time->unit).value_or(text::kNsPerSecond);
    }
  }
  if (info_.clock != Clock::none) {
    try {
      static_cast<void>(view.timescale());
      has_slot_times_ = true;
      if (along_ == Along::seq) along_ = Along::slot_time;
    } catch (const Error&) {
      // The clock of now is not the one that the times are from: they tell nothing.
    }
  }
}

std::optional<std::size_t> RingLayout::find_series(const std::string& name) const noexcept {
  const auto found =
      std::find_if(series_.begin(), series_.end(), [&](const Series& series) { return series.name == name; });
  if (found == series_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - series_.begin());
}

void RingLayout::places_of(std::span<const std::byte> values, std::span<const Arrival> arrivals, Timescale* scale,
                           std::span<std::int64_t> places) const {
  const auto clamped = [](std::int64_t place) { return std::clamp(place, -kMostPlace, kMostPlace); };
  switch (along_) {
    case Along::seq:
      std::transform(arrivals.begin(), arrivals.end(), places.begin(), [](const Arrival& arrival) {
        return static_cast<std::int64_t>(std::min(arrival.seq, static_cast<std::uint64_t>(kMostPlace)));
      });
      return;
    case Along::slot_time:
      std::transform(arrivals.begin(), arrivals.end(), places.begin(),
                     [&](const Arrival& arrival) { return clamped(scale->nanoseconds(arrival.time)); });
      return;
    case Along::time_field: break;
  }
  const std::size_t stride = info_.record.size_bytes;
  with_key_reader(time_, [&](auto key_at) {
    const std::byte* at = values.data() + time_.offset_bytes;
    for (std::size_t i = 0; i < arrivals.size(); ++i, at += stride) {
      const std::uint64_t key = key_at(at);
      const auto units = time_.is_signed() ? static_cast<std::int64_t>(key ^ kSignBit)
                                           : static_cast<std::int64_t>(std::min(key, kSignBit - 1));
      places[i] = scaled(units, ns_per_unit_);
    }
  });
}

}  // namespace arena_shm::serve
