#include "tool/verbs/tail_output.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schema/restart_text.hpp"
#include "text/quantities.hpp"

namespace arena_shm::tool {

void tell_hidden(const schema::RecordFormatter& formatter) {
  if (const std::size_t hidden = formatter.hidden_column_count(); hidden > 0)
    terminal::note(fmt::format("no room for {}; choose fields with --fields, or print all with --format ndjson",
                               text::counted(hidden, "more field")));
}

void tell_altered(const schema::RecordFormatter& formatter) {
  if (const std::uint64_t count = formatter.left_out_count(); count > 0) {
    terminal::note(
        fmt::format("left out {} above 9223372036854775807, the most that the suffix i allows; for InfluxDB 2, use "
                    "--unsigned-suffix u",
                    text::counted(count, "integer")));
  }
  if (const std::string note = formatter.altered_note(); !note.empty()) terminal::note(note);
}

void TailOutput::print_heading() {
  formatter_.heading(output_.text());
  tell_hidden(formatter_);
  if (handover_ && handover_->is_pipe() && !output_.text().empty()) {
    deliver();
    static_cast<void>(handover_->await_taken());
  }
}

void TailOutput::print(std::uint64_t seq, std::span<const std::byte> row) {
  formatter_.record(output_.text(), seq, row);
  output_.end_row();
  gathered_.push_back({.seq = seq, .end = output_.text().size()});
  ++printed_;
  if (output_.is_large() || (handover_ && handover_->is_pipe())) deliver();
}

void TailOutput::tell(const Gap& gap) {
  lost_ += gap.count();
  ++gaps_;
  if (gaps_inline_) {
    formatter_.gap(output_.text(), gap);
    output_.end_row();
  } else {
    deliver();  // on a terminal both come in their order
    terminal::plain_note(schema::describe(gap));
  }
}

void TailOutput::tell(std::string_view arena, const Restart& restart) {
  if (gaps_inline_) {
    formatter_.restart(output_.text(), arena, restart);
    output_.end_row();
  } else {
    deliver();
    terminal::plain_note(schema::describe(arena, restart));
  }
}

// Those that do not come out are cut off also where the reader has gone away.
void TailOutput::deliver() {
  std::size_t bytes = 0;
  try {
    bytes = output_.flush();
    if (handover_ && !gathered_.empty() && !handover_->await_taken()) bytes = 0;
  } catch (const terminal::OutputClosed&) {
    cut_behind(0);
    throw;
  }
  cut_behind(bytes);
}

void TailOutput::cut_behind(std::size_t bytes) {
  const auto left = std::ranges::upper_bound(gathered_, bytes, {}, &Gathered::end);
  printed_ -= static_cast<std::uint64_t>(gathered_.end() - left);
  for (auto value = left; value != gathered_.end(); ++value) cut_.try_emplace(value->seq % lanes_, value->seq);
  gathered_.clear();
}

std::string TailOutput::account(std::uint64_t read) const {
  std::string text = "read " + text::counted(read, "value");
  if (printed_ != read) text += fmt::format(", printed {}", printed_);
  if (lost_ > 0) text += fmt::format(", lost {} in {}", lost_, text::counted(gaps_, "gap"));
  return text;
}

}  // namespace arena_shm::tool
