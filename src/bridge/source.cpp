#include "bridge/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "arena_shm/error.hpp"
#include "recording/lane_order.hpp"
#include "recording/lanes.hpp"
#include "schema/schema_json.hpp"

namespace arena_shm::bridge {

namespace {

constexpr std::uint64_t kPartsOfRing = 4;  // some are on their way, and given back, while writers fill the others

std::optional<recording::Selection> selection(const std::optional<std::string>& where, const Info& info) {
  if (!where) return std::nullopt;
  std::optional<schema::Schema> schema;
  if (!info.record.schema.empty()) schema = schema::parse_json(info.record.schema, info.record.size_bytes);
  return recording::selection_of(where, info, schema);
}

std::vector<std::uint64_t> beginning(std::size_t lanes) { return recording::first_from(0, lanes).next(); }

}  // namespace

Source::Source(const Wish& wish)
    : wish_(wish), view_(RawView::open(wish.name)), selection_(selection(wish.where, view_.info())) {
  if (info().clock != Clock::none) timescale_ = view_.timescale();
  next_ = beginning(view_.lanes());
  if (!is_lossless()) return;
  arena_.emplace(RawArena::open(wish.name));
  if (arena_->info().epoch == info().epoch) return;
  throw Error(Code::not_found, {.name = wish.name,
                                .doing = "forward",
                                .expected = "one arena",
                                .found = "that it was just made anew",
                                .remedy = "try again"});
}

void Source::begin_at(const std::vector<std::uint64_t>& next) {
  end();
  gaps_.clear();
  next_ = next.empty() ? beginning(view_.lanes()) : next;
  const auto report = [this](const Gap& gap) { take_gap(gap); };
  if (!is_lossless()) {
    reader_.emplace<RawReader>(view_.reader(Position(next_), recording::patient_reader(Order::arrival))).on_gap(report);
    return;
  }
  // A value whose writer is stopped is waited for: what comes late would be behind the account.
  auto& consumer = reader_.emplace<RawConsumer>(arena_->consumer(wish_.consumer, {.durable = true,
                                                                                  .from = From::at(0),
                                                                                  .release = Release::explicitly,
                                                                                  .hold = std::chrono::hours::max(),
                                                                                  .manner = Manner::throughput}));
  consumer.on_gap(report);
  // What is before its place, and not in the stream, is not here any more.
  const Position place = consumer.position();
  for (std::size_t k = 0; k < next_.size(); ++k) {
    if (place.next()[k] > next_[k])
      take_gap({.first = next_[k], .last = place.next()[k] - next_.size(), .step = next_.size()});
  }
}

// What is below the place has its account already: of a consumer, values may come again.
void Source::take_gap(const Gap& gap) {
  std::uint64_t& next = next_of(gap.first);
  if (gap.last < next) return;
  if (gap.first > next) refuse_order(gap.first);
  gaps_.push_back({.first = next, .last = gap.last, .cause = gap.cause, .step = gap.step});
  next = gap.last + gap.step;
}

Source::Step Source::next(std::span<std::byte> record) {
  for (;;) {
    std::optional<std::uint64_t> seq;
    std::uint64_t time = 0;
    if (auto* reader = std::get_if<RawReader>(&reader_)) {
      seq = reader->next(record);
      time = reader->time();
    } else if (auto* consumer = std::get_if<RawConsumer>(&reader_)) {
      seq = consumer->next(record);
      time = consumer->time();
    }
    if (!seq) return Step::none;
    std::uint64_t& next = next_of(*seq);
    if (*seq < next) continue;
    if (*seq > next) refuse_order(*seq);
    next += next_.size();
    seq_ = *seq;
    time_ns_ = timescale_ ? timescale_->nanoseconds(time) : 0;
    return !selection_ || selection_->takes(seq_, record, time_ns_) ? Step::value : Step::left_out;
  }
}

void Source::refuse_order(std::uint64_t seq) const {
  const std::uint64_t next = next_[seq % next_.size()];
  throw Error(Code::corrupt, {.name = info().name,
                              .doing = "account for the values of",
                              .expected = fmt::format("number {}, or what has become of it", next),
                              .found = fmt::format("number {}", seq),
                              .remedy = fmt::format("arena-shm check {}", info().name)});
}

bool Source::wait_for(std::chrono::milliseconds longest) {
  if (auto* reader = std::get_if<RawReader>(&reader_)) return reader->wait_for(longest);
  if (auto* consumer = std::get_if<RawConsumer>(&reader_)) return consumer->wait_for(longest);
  return false;
}

void Source::release(const std::vector<std::uint64_t>& end) {
  if (auto* consumer = std::get_if<RawConsumer>(&reader_)) consumer->release(Position(end));
}

std::uint64_t Source::a_part() const noexcept {
  if (!is_lossless()) return std::numeric_limits<std::uint64_t>::max();
  return std::max<std::uint64_t>(info().slots / info().lanes / kPartsOfRing, 1);
}

}  // namespace arena_shm::bridge
