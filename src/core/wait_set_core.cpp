#include "arena_shm/core/wait_set_core.hpp"

#include <pthread.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/forked.hpp"
#include "arena_shm/core/process.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kSpin = std::chrono::microseconds{50};
constexpr nanoseconds kLongSlice = std::chrono::milliseconds{100};  // as of one reader (doorbell.cpp)
constexpr nanoseconds kShortSlice = std::chrono::milliseconds{1};   // where not every ring is heard

/// As long as it lives, they are left alone by whoever destroys them in another thread.
class AllInside {
 public:
  explicit AllInside(const std::vector<Waitable*>& all) noexcept : all_(all) { mark(true); }
  AllInside(const AllInside&) = delete;
  AllInside& operator=(const AllInside&) = delete;
  ~AllInside() { mark(false); }

 private:
  void mark(bool inside) const noexcept {
    for (Waitable* one : all_) one->mark_inside(inside);
  }

  const std::vector<Waitable*>& all_;
};

}  // namespace

WaitSetCore::WaitSetCore() { expect_exit(Begins::handle); }

WaitSetCore::~WaitSetCore() {
  for (Waitable* one : watched_) one->join({});
}

void WaitSetCore::retire(WaitSetCore* set) noexcept {
  if (set->inside_.load(std::memory_order_relaxed) || is_exiting()) return;
  if (set->feeder_ && !set->feeder_->is_own()) static_cast<void>(set->feeder_.release());
  delete set;
}

/// Those in a set refuse by themselves; there may be none, and in a child its feeder has no thread, and a lock that may
/// be taken for ever.
void WaitSetCore::require_own_process() const {
  if (feeder_ && !feeder_->is_own()) refuse_forked("a WaitSet");
}

/// Who polls the descriptor is to look anew.
void WaitSetCore::others_came() noexcept {
  ready_.clear();
  woke_.reset();
  if (feeder_ && feeder_->is_own()) feeder_->arm({}, {});
}

void WaitSetCore::add(Waitable& one) {
  if (one.is_in_a_set()) {
    throw Error(Code::invalid_argument, {.name = one.name(),
                                         .doing = "add to a WaitSet what is of",
                                         .expected = "a reader, consumer or writer that is in no WaitSet",
                                         .found = "one that is in a WaitSet already",
                                         .remedy = "remove it from that WaitSet first, or create another one"});
  }
  ready_.reserve(watched_.size() + 1);
  words_.reserve(watched_.size() + 1);
  ringers_.reserve(watched_.size() + 1);
  watched_.push_back(&one);
  one.join({.set = this,
            .leave = [](void* set, Waitable& leaver) noexcept { static_cast<WaitSetCore*>(set)->remove(leaver); }});
  others_came();
}

void WaitSetCore::remove(Waitable& one) noexcept {
  const auto at = std::find(watched_.begin(), watched_.end(), &one);
  if (at == watched_.end()) return;
  watched_.erase(at);
  one.join({});
  others_came();
}

bool WaitSetCore::is_ready(const Waitable& one) const noexcept {
  return std::any_of(ready_.begin(), ready_.end(), [&](std::size_t i) { return watched_[i] == &one; });
}

/// First the one that has woken us; then those whose slot shows something, by one load each; only if there are none,
/// what became of all others.
WaitSetCore::Found WaitSetCore::look(Clock::time_point deadline) {
  ready_.clear();
  bool is_tired = false;
  longest_ = deadline == Clock::time_point::max() ? nanoseconds::max() : deadline - Clock::now();
  const auto ask = [&](std::size_t i) {
    const Waitable::Prospect prospect = watched_[i]->prospect();
    if (prospect.is_ready) ready_.push_back(i);
    is_tired = is_tired || prospect.is_tired;
    longest_ = std::min(longest_, prospect.longest_sleep());
  };
  if (woke_) ask(*std::exchange(woke_, std::nullopt));
  if (!ready_.empty()) return Found::ready;
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    if (watched_[i]->may_be_ready()) ask(i);
  }
  if (!ready_.empty()) return Found::ready;
  for (std::size_t i = 0; i < watched_.size(); ++i) ask(i);
  return !ready_.empty() ? Found::ready : is_tired ? Found::tired : Found::nothing;
}

/// Passes the time for which one spins before one sleeps. True: there may be something.
bool WaitSetCore::spin(Clock::time_point deadline) const noexcept {
  const auto end = std::min(deadline, Clock::now() + kSpin);
  while (Clock::now() < end) {
    if (std::any_of(watched_.begin(), watched_.end(), [](const Waitable* one) { return one->may_be_ready(); }))
      return true;
    cpu_pause();
  }
  return false;
}

/// D1 to D3. False: there is something, or may be.
bool WaitSetCore::announce() {
  words_.clear();
  ringers_.clear();
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    Doorbell* const bell = watched_[i]->doorbell();
    if (bell == nullptr) continue;
    ringers_.push_back(i);
    words_.push_back({&bell->word, bell->word.fetch_or(1, std::memory_order_seq_cst) | 1});  // D1
  }
  reaches_writers_ = fence_all_writers();               // D2
  std::atomic_thread_fence(std::memory_order_seq_cst);  // D2
  ARENA_SHM_STOP_POINT(sleeper_announced);
  for (Waitable* one : watched_) {  // D3
    const Waitable::Prospect prospect = one->prospect();
    if (prospect.is_ready || prospect.is_tired) return false;
    longest_ = std::min(longest_, prospect.longest_sleep());
  }
  return true;
}

nanoseconds WaitSetCore::slice() const noexcept {
  const std::size_t most = kMostFutexWords - (feeder_ ? 1 : 0);  // whose thread sleeps on a word of its own, too
  const bool hears_all = reaches_writers_ && words_.size() == watched_.size() && words_.size() <= most;
  return std::min(longest_, hears_all ? kLongSlice : kShortSlice);
}

void WaitSetCore::sleep() {
  const std::span<const FutexWord> words(words_.data(), std::min(words_.size(), kMostFutexWords));
  if (std::size_t which = 0; words.size() > 1) {
    const auto slept = futex_wait_any(words, slice(), which);
    if (slept == FutexWait::woken) woke_ = ringers_[which];
    if (slept) return;
  }
  if (words.size() == 1) {
    futex_wait(*words.front().word, words.front().expected, slice());
    return;
  }
  const NoCancel no_cancel;  // who calls this is asked in between
  std::this_thread::sleep_for(std::min(slice(), kShortSlice));
}

void WaitSetCore::report_gaps() {
  for (Waitable* one : watched_) one->report_gap();
}

bool WaitSetCore::wait_for(nanoseconds timeout) {
  require_own_process();
  const auto begin = Clock::now();
  const auto forever = Clock::time_point::max();
  const auto deadline = timeout < forever - begin ? begin + timeout : forever;
  expect_exit(Begins::use);
  const Marked inside(inside_);
  const AllInside all_inside(watched_);
  ready_.clear();
  if (feeder_) feeder_->disarm();
  for (bool has_spun = false;;) {
    const Found found = look(deadline);
    if (found == Found::ready) return true;
    const bool is_over = Clock::now() >= deadline;
    if (is_over && (found == Found::tired || !feeder_)) {
      report_gaps();
      if (feeder_) feeder_->arm({}, {});  // there may be more
      return false;
    }
    ::pthread_testcancel();  // nothing is held
    if (found == Found::tired) continue;
    if (!is_over && !std::exchange(has_spun, true)) {
      spin(deadline);
      continue;
    }
    if (is_over) longest_ = nanoseconds::max();
    if (!announce()) continue;
    if (!is_over) {
      sleep();
      continue;
    }
    report_gaps();
    feeder_->arm(words_, slice());
    return false;
  }
}

int WaitSetCore::fd() {
  require_own_process();
  if (!feeder_) {
    feeder_ = std::make_unique<WaitFeeder>();
    feeder_->arm({}, {});  // until wait_for has looked
  }
  return feeder_->fd();
}

}  // namespace arena_shm::core
