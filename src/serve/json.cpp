#include "serve/json.hpp"

#include <cstdlib>

namespace arena_shm::serve {

namespace {

void separate(std::string& out) {
  if (!out.empty()) out += ',';
}

}  // namespace

void append_seconds(std::string& out, std::int64_t ns) {
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  if (ns < 0) out += '-';
  const std::uint64_t size =
      ns < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  append(out, "{}", size / kNsPerSecond);
  if (size % kNsPerSecond == 0) return;
  append(out, ".{:09}", size % kNsPerSecond);
  while (out.back() == '0') out.pop_back();
}

void ColumnArrays::add(std::string_view place, const Column& column) {
  separate(at_);
  at_ += place;
  separate(counts_);
  append(counts_, "{}", column.count);
  separate(seqs_);
  append(seqs_, "\"{}\"", column.first_seq);
  if (column.lost != Losses{}) {
    separate(lost_);
    append(lost_, "[{},{}]", count_, fmt::join(column.lost, ","));
  }
  ++count_;
}

void ColumnArrays::add(std::size_t series, const Number& number, const Extremes& extremes) {
  for (auto* list : {&least_[series], &greatest_[series], &odd_[series]}) separate(*list);
  if (extremes.is_empty()) {
    least_[series] += "null";
    greatest_[series] += "null";
  } else {
    append_number(least_[series], number, extremes.least);
    append_number(greatest_[series], number, extremes.greatest);
  }
  append(odd_[series], "{}", extremes.odd);
}

void ColumnArrays::append_to(std::string& out) const {
  append(out, R"("at":[{}],"n":[{}],"seq":[{}],"lost":[{}])", at_, counts_, seqs_, lost_);
  append(out, R"(,"least":[)");
  for (std::size_t i = 0; i < least_.size(); ++i) append(out, "{}[{}]", i > 0 ? "," : "", least_[i]);
  append(out, R"(],"greatest":[)");
  for (std::size_t i = 0; i < greatest_.size(); ++i) append(out, "{}[{}]", i > 0 ? "," : "", greatest_[i]);
  append(out, R"(],"odd":[)");
  for (std::size_t i = 0; i < odd_.size(); ++i) append(out, "{}[{}]", i > 0 ? "," : "", odd_[i]);
  out += ']';
}

}  // namespace arena_shm::serve
