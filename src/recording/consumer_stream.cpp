#include "recording/consumer_stream.hpp"

#include <fmt/format.h>

namespace arena_shm::recording {

ConsumerStream::ConsumerStream(const RawArena& arena, const ConsumerWish& wish, const RecordShape& shape,
                               const std::optional<std::string>& where, Attendant& attendant)
    : arena_(arena),
      attendant_(attendant),
      consumption_((select(selection_of(where, arena.info(), shape.schema)), arena), wish, attendant) {
  if (shape.has_time || needs_time()) timescale_.emplace(arena.timescale());
  consumption_.on_gap([this](const Gap& gap) { report(gap); });
}

ValueStream::Step ConsumerStream::next(Row& row) {
  const auto seq = consumption_.next(row.record());
  if (!seq) return Step::none;
  const std::int64_t ns = timescale_ ? timescale_->nanoseconds(consumption_.time()) : 0;
  if (row.has_time()) row.set_time(ns);
  if (!is_selected(*seq, row.record(), ns)) return Step::passed;
  seq_ = *seq;
  return Step::value;
}

bool ConsumerStream::wait_for(std::chrono::milliseconds longest) {
  const bool has_come = consumption_.wait_for(longest);
  if (!is_retired_ && arena_.retired()) {
    is_retired_ = true;
    attendant_.note(fmt::format("arena '{}' was removed or replaced; still following the old arena", arena_.name()));
  }
  return has_come;
}

}  // namespace arena_shm::recording
