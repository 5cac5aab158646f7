#include "recording/consumer_stream.hpp"

#include <fmt/format.h>

namespace arena_shm::recording {

ConsumerStream::ConsumerStream(const RawArena& arena, const ConsumerWish& wish, const RecordShape& shape,
                               Attendant& attendant)
    : arena_(arena),
      attendant_(attendant),
      consumption_(arena, wish, attendant),
      counts_what_was_before_(consumption_.has_come_back() || wish.from.is_seq()),
      begun_(arena.lanes()) {
  if (shape.has_time) timescale_.emplace(arena.timescale());
  consumption_.on_gap([this](const Gap& gap) { add(gap); });
}

ValueStream::Step ConsumerStream::next(Row& row) {
  const auto seq = consumption_.next(row.record());
  if (!seq) return Step::none;
  if (timescale_) row.set_time(timescale_->nanoseconds(consumption_.time()));
  seq_ = *seq;
  begun_[seq_ % begun_.size()] = true;
  return Step::value;
}

// What was overwritten while it joined is not asked for by who wants the oldest.
void ConsumerStream::add(const Gap& gap) {
  if (counts_what_was_before_ || begun_[gap.first % begun_.size()] || gap.cause != Loss::overwritten) report(gap);
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
