#include "tool/verbs/tail_newest.hpp"

#include <utility>

namespace arena_shm::tool {

void NewestMatches::add(std::uint64_t seq, std::span<const std::byte> row) {
  if (count_ == 0) return;
  std::vector<std::byte> room;
  if (values_ == count_) {
    while (kept_.front().gap) kept_.pop_front();
    room = std::move(kept_.front().row);
    kept_.pop_front();
    while (!kept_.empty() && kept_.front().gap) kept_.pop_front();
  } else {
    ++values_;
  }
  room.assign(row.begin(), row.end());
  kept_.push_back({.seq = seq, .row = std::move(room)});
}

void NewestMatches::add(const Gap& gap) {
  if (count_ > 0) kept_.push_back({.gap = gap});
}

void NewestMatches::print(schema::RecordFormatter& formatter, TailOutput& output) const {
  for (const One& one : kept_) {
    if (!one.gap) formatter.measure(one.seq, one.row);
  }
  output.print_heading();
  for (const One& one : kept_) {
    if (one.gap) {
      output.tell(*one.gap);
    } else {
      output.print(one.seq, one.row);
    }
  }
}

}  // namespace arena_shm::tool
