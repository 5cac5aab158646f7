#include "serve/saver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

#include "arena_shm/error.hpp"
#include "arena_shm/raw.hpp"
#include "recording/capture.hpp"
#include "recording/lanes.hpp"
#include "recording/recorder.hpp"
#include "serve/json.hpp"
#include "text/quantities.hpp"
#include "text/quantity_input.hpp"
#include "text/time_text.hpp"

namespace arena_shm::serve {

namespace {

using Clock = std::chrono::steady_clock;

// Nobody attends to it: what there is to tell goes to the page, at the end.
class Unattended final : public recording::Attendant {
 public:
  explicit Unattended(const std::function<bool()>& stop_requested) : stop_requested_(stop_requested) {}

  /// So long it may take until there is that file, and so long again until it is written.
  void limit(std::chrono::nanoseconds patience, std::string file) {
    begins_before_ = Clock::now() + patience;
    ends_before_ = begins_before_ + patience + kGrace;
    file_ = std::move(file);
  }

  bool stop_requested() const noexcept override {
    if (stop_requested_()) return true;
    const Clock::time_point now = Clock::now();
    std::error_code ignored;
    return now > begins_before_ && (now > ends_before_ || !std::filesystem::exists(file_, ignored));
  }
  void note(std::string_view) override {}
  void tell(std::string_view text) override { told_ = text; }
  void show_progress(std::string_view) override {}
  /// The last that was told.
  const std::string& told() const noexcept { return told_; }

 private:
  static constexpr std::chrono::seconds kGrace{5};

  const std::function<bool()>& stop_requested_;
  Clock::time_point begins_before_ = Clock::time_point::max();
  Clock::time_point ends_before_ = Clock::time_point::max();
  std::string file_;
  std::string told_;
};

// The button was pressed, which is all that happens.
class Pressed final : public recording::Hand {
 public:
  explicit Pressed(bool triggers) : is_new_(triggers) {}
  bool was_pulled() override { return std::exchange(is_new_, false); }

 private:
  bool is_new_;
};

recording::Span span_of(const std::string& ring, const std::string& text) {
  if (text.empty()) return {};
  if (const auto time = text::read_duration(text, text::BareNumber::is_refused)) return {.time = *time, .values = 0};
  if (const auto values = text::read_count(text)) return {.time = {}, .values = *values};
  throw Error(Code::invalid_argument, {.name = ring,
                                       .doing = "capture",
                                       .expected = "a time like 500ms, 5s or 1m, or a number of values like 1000",
                                       .found = fmt::format("'{}'", text),
                                       .remedy = "correct it"});
}

std::string saved_text(const std::string& file, const std::string& text) {
  std::string out = "{";
  append_text(out, "file", file);
  append_text(out, "text", text);
  out.back() = '}';
  return out;
}

// Names of rings may have characters that shells read otherwise.
std::string stem_of(const std::string& ring) {
  std::string name = ring + '-' + text::time_text(text::realtime_ns(), text::kNsPerSecond);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return !is_plain && c != '-' && c != '_' && c != '.';
      },
      '_');
  return name;
}

}  // namespace

Saver::Saver(std::string directory, std::function<bool()> stop_requested, std::chrono::nanoseconds patience)
    : directory_(std::move(directory)), stop_requested_(std::move(stop_requested)), patience_(patience) {
  std::error_code error;
  if (std::filesystem::is_directory(directory_, error)) return;
  throw Error(Code::not_found, {.name = directory_,
                                .doing = "save arenas in",
                                .expected = "a directory",
                                .found = error ? error.message() : "something else",
                                .remedy = "make it: mkdir"});
}

std::string Saver::path_of(const std::string& file) const {
  return (std::filesystem::path(directory_) / file).string();
}

std::string Saver::save(const std::string& ring) {
  const std::lock_guard lock(mutex_);
  const RawView view = RawView::open(ring);
  const Position heads = view.reader(From::newest, {.doorbell = false}).position();
  const recording::Extent extent{.first = recording::place_of(From::oldest, heads, view.slots() / view.lanes()),
                                 .end = heads};
  const std::string name = stem_of(view.name()) + ".npy";
  Unattended unattended(stop_requested_);
  recording::FileOptions file;
  file.path = path_of(name);
  file.ends = true;
  const recording::Recorded recorded = recording::record_arena(view, extent, {}, file, "", unattended);
  if (recorded.failure) throw Error(*recorded.failure);
  return saved_text(name, recorded.summary);
}

std::string Saver::capture(const std::string& ring, const CaptureOrder& order) {
  const std::string stem = stem_of(RawView::open(ring).name());  // it has to be there
  const recording::CaptureWish wish{
      .when = order.when, .before = span_of(ring, order.before), .after = span_of(ring, order.after), .count = 1};
  if (wish.after.time > patience_) {
    throw Error(Code::invalid_argument, {.name = ring,
                                         .doing = "capture",
                                         .expected = fmt::format("at most {} after", text::short_duration(patience_)),
                                         .found = fmt::format("'{}'", order.after),
                                         .remedy = "use arena-shm capture"});
  }
  const std::string name = stem + ".1.npy";
  Unattended unattended(stop_requested_);
  unattended.limit(patience_, path_of(name));
  Pressed hand(wish.when.empty());
  recording::FileOptions file;
  file.path = path_of(stem + ".npy");
  const recording::Captured captured = recording::capture(ring, wish, file, "", hand, unattended);
  if (captured.failure) throw Error(*captured.failure);
  const std::string begin = fmt::format("captured {}: ", path_of(name));
  if (unattended.told().starts_with(begin)) return saved_text(name, unattended.told().substr(begin.size()));
  const bool has_condition = !wish.when.empty();
  throw Error(
      Code::not_found,
      {.name = ring,
       .doing = "capture",
       .expected = has_condition ? fmt::format("a value with {}", order.when) : "an arena that stays there",
       .found = has_condition ? fmt::format("none within {}", text::short_duration(patience_)) : captured.summary,
       .remedy = has_condition ? "use arena-shm capture, which waits for as long as it takes" : "try again"});
}

}  // namespace arena_shm::serve
