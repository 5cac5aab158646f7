#include "serve/feed.hpp"

#include <algorithm>
#include <ctime>
#include <exception>
#include <utility>

#include "arena_shm/error.hpp"
#include "recording/lanes.hpp"
#include "schema/record_formatter.hpp"
#include "serve/feed_segment.hpp"

namespace arena_shm::serve {

namespace {

constexpr std::chrono::milliseconds kBetweenNames{100};  // looks for a segment that took the place of this one
constexpr std::chrono::milliseconds kLongestRest{50};    // between looks at a ring
constexpr std::chrono::microseconds kShortestRest{500};
constexpr std::chrono::milliseconds kLongestWork{4};  // until interests are looked at
constexpr int kRestOfWork = 5;                        // reads for a sixth of the time at most
constexpr int kRestOfVainWork = 50;                   // the same, if more is lost than read
constexpr std::size_t kMostMarks = 200;

// What the thread has worked, without the time in which others had the processor.
std::chrono::nanoseconds worked() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void add(LaneCounts& sum, const RawReader& reader) {
  sum.read += reader.read_count();
  sum.overwritten += reader.overwritten_count();
  sum.holes += reader.hole_count();
  sum.passed_over += reader.passed_over_count();
}

}  // namespace

Feed::Feed(std::string name) : name_(std::move(name)) {
  thread_ = std::jthread([this](std::stop_token stop) {
    stop_ = std::move(stop);
    run();
  });
}

Feed::~Feed() = default;

void Feed::add(const std::shared_ptr<const Interest>& interest) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(interests_, [](const auto& one) { return one.expired(); });
    interests_.emplace_back(interest);
    has_news_ = true;
  }
  news_.notify_all();
}

void Feed::run() {
  std::string told;
  while (!stop_.stop_requested()) {
    began_ = Clock::now();
    {
      const std::lock_guard lock(mutex_);
      has_news_ = false;
    }
    const std::chrono::nanoseconds before = worked();
    std::uint64_t read = 0;
    std::string trouble = work(read);
    if (trouble.empty()) trouble = missing_;
    if (trouble != told) set_trouble(told = std::move(trouble));
    rest(worked() - before, read);
  }
}

// One round. Returns: what went wrong. Whatever it is, values are read as they come.
std::string Feed::work(std::uint64_t& read) {
  std::string trouble;
  const auto attempt = [&](auto&& step) {
    try {
      step();
    } catch (const std::exception& error) {
      trouble = error.what();
    }
  };
  bool has_segment = false;
  attempt([&] { has_segment = look_for_segment(); });
  if (!has_segment) return trouble;
  attempt([&] { serve_interests(); });
  attempt([&] {
    while (const std::size_t count = read_batch()) {
      read += count;
      if (Clock::now() - began_ > kLongestWork) break;
    }
  });
  attempt([&] { distribute(); });
  return trouble;
}

// A writer that is faster than anybody can read: what is read is a sample in any case, and each line that is read costs
// the writer some time.
bool Feed::is_in_vain() {
  if (!segment_) return false;
  const RawReader& reader = segment_->reader.raw();
  const std::uint64_t read = reader.read_count();
  const std::uint64_t lost = reader.overwritten_count() + reader.passed_over_count();
  const bool is_vain = lost - segment_->lost > read - segment_->read;
  segment_->read = read;
  segment_->lost = lost;
  return is_vain;
}

// So long that no more than a quarter of a lane comes meanwhile, whichever it is, if that leaves the writers the
// processor.
void Feed::rest(Clock::duration work, std::uint64_t read) {
  Clock::duration longest = kLongestRest;
  if (segment_ && read > 0) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - segment_->reader.looked_before()).count();
    const double slots = static_cast<double>(segment_->view.slots() / segment_->view.lanes());
    const auto quarter = std::chrono::duration<double>(elapsed * slots / 4 / static_cast<double>(read));
    if (quarter < longest) longest = std::chrono::duration_cast<Clock::duration>(quarter);
  }
  const int factor = is_in_vain() ? kRestOfVainWork : kRestOfWork;
  const auto rest = std::max<Clock::duration>({longest, kShortestRest, work * factor});
  const Clock::time_point end = Clock::now() + std::min<Clock::duration>(rest, kLongestWork * factor);
  if (segment_) segment_->reader.begin_look();
  std::unique_lock lock(mutex_);
  news_.wait_until(lock, stop_, end, [this] { return has_news_ && segment_ != nullptr; });
}

// Returns: is there one to read?
bool Feed::look_for_segment() {
  if (Clock::now() - looked_ < kBetweenNames) return segment_ != nullptr;
  looked_ = Clock::now();
  if (segment_ && !segment_->view.retired()) return true;
  try {
    RawView view = RawView::open(name_);
    if (!segment_ || segment_->view.info().epoch != view.info().epoch) {
      if (segment_) drain();
      begin(std::move(view));
    }
    missing_.clear();
  } catch (const Error& error) {
    missing_ = error.what();
    if (error.code() != Code::not_found) return segment_ != nullptr;
    was_absent_ = true;
    if (segment_ && !std::exchange(segment_->was_removed, true)) note("removed", std::nullopt, "the ring was removed");
    missing_ = segment_ ? "the ring was removed; the page goes on when there is one of its name again"
                        : "there is no ring of this name yet";
  } catch (const std::exception& error) {
    missing_ = error.what();
  }
  return segment_ != nullptr;
}

// Reads what there is, and nothing that comes meanwhile: a writer can go on in a ring that was removed, for ever.
void Feed::drain() {
  const std::vector<std::uint64_t> end = segment_->view.reader(From::newest, {.doorbell = false}).position().next();
  const auto is_there = [&] { return reached(segment_->reader.raw().position().next(), end); };
  while (!stop_.stop_requested() && !is_there() && read_batch() > 0) {
  }
  const Position here = segment_->reader.raw().position();
  if (const std::uint64_t left = recording::count_between(here, Position(end)); left > 0)
    segment_->before.passed_over += left;
  for (const Gap& gap : std::exchange(segment_->gaps, {}))  // no value comes behind them
    note(std::string(to_string(gap.cause)), std::nullopt, schema::describe(gap));
}

// Of the segment that was there at first, nobody has missed what it does not hold any more. Of another one, it counts.
void Feed::begin(RawView view) {
  const bool is_another = segment_ != nullptr;
  LaneCounts before;
  if (is_another) {
    before = segment_->before;
    serve::add(before, segment_->reader.raw());
  }
  const From from = is_another || was_absent_ ? From::at(0) : From::oldest;
  segment_ = std::make_unique<Segment>(std::move(view), from);
  segment_->before = before;
  {
    const std::lock_guard lock(mutex_);
    state_.layout = segment_->layout;
    ++state_.generation;
    state_.has_origin = false;
    state_.lenses.clear();
  }
  if (is_another) note("restart", std::nullopt, "the ring was removed and made anew");
}

void Feed::set_trouble(std::string text) {
  const std::lock_guard lock(mutex_);
  state_.trouble = std::move(text);
}

void Feed::note(std::string kind, std::optional<std::int64_t> place, std::string text) {
  const std::lock_guard lock(mutex_);
  if (state_.marks.size() == kMostMarks) state_.marks.pop_front();
  state_.marks.push_back({.number = ++marked_, .kind = std::move(kind), .place = place, .text = std::move(text)});
}

// Returns: how many values came.
std::size_t Feed::read_batch() {
  BatchReader& reader = segment_->reader;
  const std::size_t count = reader.read();
  if (count == 0 && segment_->gaps.empty()) return 0;
  const Batch& batch = reader.batch();
  std::vector<Gap>& gaps = segment_->gaps;
  const auto place_of = [&](const Gap& gap) -> std::optional<std::int64_t> {
    for (std::size_t i = 0; i < batch.arrivals.size(); ++i) {
      if (batch.arrivals[i].seq > gap.last) return batch.places[i];
    }
    return batch.arrivals.empty() ? std::nullopt : std::optional(batch.places[batch.arrivals.size() - 1]);
  };
  // Told with the value that comes behind them.
  const bool tells_gaps = count > 0 && !gaps.empty();
  {
    const std::lock_guard lock(mutex_);
    if (count > 0 && !state_.has_origin) {
      const std::int64_t widest = segment_->layout->finest() << (segment_->layout->level_count() - 1);
      state_.origin = Timeline::floor_div(batch.places[0], widest) * widest;
      state_.has_origin = true;
    }
    for (const auto& entry : state_.lenses) {
      if (!entry->lens) continue;
      if (count > 0) entry->lens->take(batch);
      if (!tells_gaps) continue;
      for (const Gap& gap : gaps) entry->lens->lose(*place_of(gap), gap);
    }
    state_.counts = segment_->before;
    serve::add(state_.counts, reader.raw());
  }
  if (tells_gaps) {
    for (const Gap& gap : gaps) note(std::string(to_string(gap.cause)), place_of(gap), schema::describe(gap));
    gaps.clear();
  }
  return count;
}

}  // namespace arena_shm::serve
