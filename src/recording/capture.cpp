#include "recording/capture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "arena_shm/raw.hpp"
#include "recording/arena_stream.hpp"
#include "recording/capture_shot.hpp"
#include "recording/lanes.hpp"
#include "recording/record_view.hpp"
#include "recording/recorder.hpp"
#include "recording/selection.hpp"
#include "recording/value_clock.hpp"
#include "schema/record_formatter.hpp"
#include "text/quantities.hpp"
#include "text/time_text.hpp"

namespace arena_shm::recording {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBetweenLooks{20};  // at the name, where there is no arena

// Which of them are times; nothing, if none is.
std::vector<std::string> wishes_by_time(const CaptureWish& wish) {
  std::vector<std::string> wishes;
  if (wish.before.time) wishes.emplace_back("--before");
  if (wish.after.time) wishes.emplace_back("--after");
  if (wish.holdoff.count() > 0) wishes.emplace_back("--holdoff");
  return wishes;
}

void refuse_without_times(const std::string& name, const CaptureWish& wish) {
  std::vector<std::string> numbers;
  if (wish.before.time) numbers.emplace_back("--before 1000");
  if (wish.after.time) numbers.emplace_back("--after 1000");
  std::string instead;
  if (!numbers.empty()) instead = fmt::format(", or give a number of values: {}", fmt::join(numbers, " "));
  if (wish.holdoff.count() > 0) instead += numbers.empty() ? ", or leave out --holdoff" : ", and leave out --holdoff";
  throw Error(Code::invalid_argument, {.name = name,
                                       .doing = "capture",
                                       .expected = fmt::format("an arena with times, or a time field, for {} by time",
                                                               fmt::join(wishes_by_time(wish), " and ")),
                                       .found = "neither",
                                       .remedy = "create the arena with --time, name its time field" + instead});
}

// Watches one arena.
class Watch {
 public:
  Watch(RawView view, const CaptureWish& wish, const FileOptions& file, const std::string& as, From from, Hand& hand,
        Attendant& attendant)
      : view_(std::move(view)),
        wish_(wish),
        file_(file),
        hand_(hand),
        attendant_(attendant),
        shape_(shape_of(as)),
        clock_(shape_),
        saved_(first_from(0, view_.lanes())),
        next_(view_.reader(from, {.doorbell = false}).position().next()) {
    if (!clock_.has_times() && !wishes_by_time(wish).empty()) refuse_without_times(view_.name(), wish);
    if (!wish.when.empty()) when_.emplace(wish.when, view_.info(), shape_.schema);
    if (when_ && when_->needs_time() && !shape_.has_time) timescale_.emplace(view_.timescale());
    if (clock_.has_times() && !clock_.is_of_append()) look_at_newest();
  }

  /// Nothing: no more can come, or the attendant says stop.
  std::optional<Trigger> find() {
    const Extent extent{.first = Position(next_), .first_is_exact = true};
    ArenaStream stream(view_, extent, shape_, attendant_);
    stream.on_gap([this](const Gap& gap) {
      lost_ += gap.count();
      attendant_.tell(schema::describe(gap));
    });
    Row row(shape_);
    for (std::uint64_t looked = 1;; ++looked) {
      const ValueStream::Step step = stream.next(row);
      if (step == ValueStream::Step::value) {
        const auto trigger = look(stream.seq(), row);
        if (trigger) return trigger;
        if (looked % kValuesBetweenHands != 0) continue;
      }
      if (attendant_.stop_requested()) return std::nullopt;
      if (hand_.was_pulled()) return by_hand();
      if (step != ValueStream::Step::none) continue;
      if (view_.retired() && !view_.has_writers() && stream.unread_count() == 0) return std::nullopt;
      stream.wait_for(kBetweenHands);
    }
  }

  /// Errors: as CaptureShot.
  void save(const Trigger& trigger) {
    CaptureShot shot(view_, shape_, wish_, trigger, saved_, file_, hand_, attendant_);
    shot.run();
    saved_ = shot.end();
    for (std::size_t lane = 0; lane < next_.size(); ++lane) next_[lane] = std::max(next_[lane], saved_.next()[lane]);
    if (trigger.ns) armed_ns_ = text::time_after(*trigger.ns, wish_.holdoff);
    lost_ += shot.lost();
    attendant_.tell("captured " + shot.summary());
  }

  const RawView& view() const noexcept { return view_; }
  std::uint64_t lost() const noexcept { return lost_; }

 private:
  RecordShape shape_of(const std::string& as) {
    RecordShape shape = shape_for(view_.info(), file_, as, attendant_);
    if (!shape.schema) refuse_without_schema(view_.info(), "capture");
    if (shape.schema->find(kTriggerColumn) == nullptr) return shape;
    throw Error(Code::invalid_argument, {.name = view_.name(),
                                         .doing = "capture",
                                         .expected = fmt::format("records without a field {}", kTriggerColumn),
                                         .found = "one",
                                         .remedy = "give the field another name, with --as"});
  }

  std::optional<Trigger> look(std::uint64_t seq, Row& row) {
    const std::size_t lane = seq % next_.size();
    next_[lane] = std::max(next_[lane], seq + next_.size());
    if (clock_.has_times()) newest_ns_ = clock_.ns(row);
    if (!when_ || (newest_ns_ && *newest_ns_ < armed_ns_)) return std::nullopt;
    if (!when_->matches(seq, row.record(), append_time_ns(seq, row))) return std::nullopt;
    return Trigger{.seq = seq, .ns = newest_ns_, .next = next_};
  }

  // Who triggers by hand may do so before anything comes. A value that is being written tells no time.
  void look_at_newest() {
    Row row(shape_);
    for (const std::uint64_t next : next_) {
      if (next < next_.size() || view_.read(next - next_.size(), row.record()) != ReadStatus::ok) continue;
      newest_ns_ = std::max(newest_ns_, clock_.ns(row));
    }
  }

  // Where the record has a time field, the row has no other time; and few ask for it.
  std::int64_t append_time_ns(std::uint64_t seq, const Row& row) {
    if (row.has_time()) return time_of_row(row.bytes());
    if (!timescale_) return 0;
    std::vector<std::byte> record(shape_.size_bytes);
    std::uint64_t ticks = 0;
    return view_.read(seq, record, &ticks) == ReadStatus::ok ? timescale_->nanoseconds(ticks) : 0;
  }

  // A time field may be of any clock: then it is the time of the newest value.
  Trigger by_hand() const {
    if (!clock_.has_times()) return {.seq = {}, .ns = {}, .next = next_};
    return {.seq = {},
            .ns = clock_.is_of_append() ? text::realtime_ns() : newest_ns_.value_or(text::realtime_ns()),
            .next = next_};
  }

  RawView view_;
  const CaptureWish& wish_;
  const FileOptions& file_;
  Hand& hand_;
  Attendant& attendant_;
  RecordShape shape_;
  ValueClock clock_;
  std::optional<Selection> when_;
  std::optional<Timescale> timescale_;  // if the filter asks for times that the rows have not
  Position saved_;                      // what may be in the next file at the earliest
  std::vector<std::uint64_t> next_;     // of each lane, what has not been looked at
  std::optional<std::int64_t> newest_ns_;
  std::int64_t armed_ns_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t lost_ = 0;
};

// The first file is made when something has happened, which is too late to find out that it cannot be.
void require_directory(const std::string& path) {
  std::filesystem::path directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  std::error_code ignored;
  const bool is_one = std::filesystem::is_directory(directory, ignored);
  if (is_one && ::access(directory.c_str(), W_OK | X_OK) == 0) return;
  throw Error(Code::system, {.name = path,
                             .doing = "capture into",
                             .expected = fmt::format("a directory '{}' that files can be made in", directory.string()),
                             .found = is_one ? "one that this user may not write to" : "none",
                             .remedy = "make the directory, or give another one",
                             .system_error = is_one ? EACCES : ENOENT});
}

std::optional<RawView> view_of(const std::string& name) {
  try {
    return RawView::open(name);
  } catch (const Error& error) {
    if (error.code() == Code::not_found) return std::nullopt;
    throw;
  }
}

// The arena that has the name, and is another one than that. Nothing: the attendant says stop.
std::optional<RawView> await(const std::string& name, const std::optional<Info>& before, Hand& hand,
                             Attendant& attendant) {
  for (bool was_told = false; !attendant.stop_requested(); std::this_thread::sleep_for(kBetweenLooks)) {
    std::optional<RawView> view = view_of(name);
    if (view && (!before || view->info().epoch != before->epoch)) return view;
    if (!std::exchange(was_told, true))
      attendant.note(fmt::format("waiting for {}arena '{}'", before ? "a new " : "", name));
    if (hand.was_pulled()) attendant.note(fmt::format("triggered, but there is no arena '{}' now", name));
  }
  return std::nullopt;
}

}  // namespace

Captured capture(const std::string& name, const CaptureWish& wish, const FileOptions& file, const std::string& as,
                 Hand& hand, Attendant& attendant) {
  file_format(file);  // what is refused is refused at once
  require_directory(file.path);
  Captured captured;
  std::uint64_t count = 0;
  std::optional<Info> before;
  const bool was_there = view_of(name).has_value();
  while (count < wish.count) {
    std::optional<RawView> view = await(name, before, hand, attendant);
    if (!view) break;
    if (before) attendant.note(fmt::format("arena '{}' was made anew; watching the new one", name));
    const From from = before || !was_there ? From::oldest : From::newest;
    const bool is_first = !before;
    before = view->info();
    std::optional<Watch> watch;
    try {
      watch.emplace(std::move(*view), wish, file, as, from, hand, attendant);
      if (is_first) attendant.note(fmt::format("watching arena '{}'", name));
      while (count < wish.count) {
        const auto trigger = watch->find();
        if (!trigger) break;
        watch->save(*trigger);
        ++count;
      }
    } catch (const Error& error) {
      if (is_first && !watch) throw;
      captured.failure = error;
    }
    if (watch) captured.lost += watch->lost();
    if (captured.failure) break;
  }
  captured.summary = fmt::format("captured {}, lost {}", text::counted(count, "time"), captured.lost);
  return captured;
}

}  // namespace arena_shm::recording
