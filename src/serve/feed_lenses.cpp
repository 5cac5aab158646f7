// What is looked at in a ring: made when somebody wants it, and forgotten when nobody does.
#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <utility>

#include "arena_shm/error.hpp"
#include "serve/error_text.hpp"
#include "serve/feed.hpp"
#include "serve/feed_segment.hpp"
#include "serve/wanted.hpp"

namespace arena_shm::serve {

namespace {

constexpr std::chrono::seconds kBetweenDistributions{1};
constexpr std::chrono::seconds kUnwanted{10};  // a lens is kept for so long that nobody looks through
constexpr std::ptrdiff_t kMostLenses = 16;

bool is_taken(const std::unique_ptr<LensEntry>& entry) { return !entry->is_refused; }

}  // namespace

LensEntry* FeedState::find(const std::string& where) const noexcept {
  const auto found =
      std::find_if(lenses.begin(), lenses.end(), [&](const auto& entry) { return entry->where == where; });
  return found == lenses.end() ? nullptr : found->get();
}

// Makes what is wanted and not there, and forgets what nobody has wanted for long.
void Feed::serve_interests() {
  Interests interests;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& weak : interests_) {
      if (auto interest = weak.lock()) interests.push_back(std::move(interest));
    }
  }
  if (std::ranges::count_if(state_.lenses, is_taken) < kMostLenses) {
    const std::lock_guard lock(mutex_);
    std::erase_if(state_.lenses, std::not_fn(is_taken));  // there is room now
  }
  for (const auto& entry : state_.lenses) entry->distributes = false;
  std::exception_ptr failed;
  const auto attempt = [&](auto&& step) {
    try {
      step();
    } catch (...) {
      failed = std::current_exception();  // of others nothing is wrong; this one is tried again
    }
  };
  for (const auto& interest : interests) {
    if (state_.find(interest->where) == nullptr) attempt([&] { make_lens(interest->where); });
    LensEntry* entry = state_.find(interest->where);
    if (entry == nullptr) continue;
    entry->wanted = began_;
    entry->distributes = entry->distributes || interest->distributions;
  }
  for (const auto& entry : state_.lenses) {
    if (entry->lens) attempt([&] { serve(interests, *entry); });
  }
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(state_.lenses, [&](const auto& entry) { return began_ - entry->wanted > kUnwanted; });
  }
  if (failed) std::rethrow_exception(failed);
}

// Has the lens look at all that is wanted through it, from what the ring holds on.
void Feed::serve(const Interests& interests, LensEntry& entry) {
  bool is_crowded = false;
  for (const auto& interest : interests) {
    if (interest->where != entry.where) continue;
    for (const std::string& field : interest->fields) {
      const auto series = segment_->layout->find_series(field);
      if (!series) continue;
      const auto known = entry.lens->find(*series);
      if (known && entry.lens->is_filled(*known)) continue;
      const auto place = known ? known : room_for(interests, entry, *series);
      is_crowded = is_crowded || !place;
      if (!place) continue;
      {
        const std::lock_guard lock(mutex_);
        entry.lens->replace_series(*place, *series);  // it may have been filled in part
        if (*place < entry.distributions.size()) entry.distributions[*place] = {};
      }
      fill(*entry.lens, *place);
      const std::lock_guard lock(mutex_);
      entry.lens->set_filled(*place);
      entry.distributed_count = LensEntry::kNever;
    }
  }
  const std::lock_guard lock(mutex_);
  entry.is_crowded = is_crowded;
}

// Where the lens can look at another series: beside the others, or instead of one that nobody wants.
std::optional<std::size_t> Feed::room_for(const Interests& interests, LensEntry& entry, std::size_t series) {
  const std::vector<std::size_t>& all = entry.lens->series();
  if (all.size() < kMostSeriesOfLens) {
    const std::lock_guard lock(mutex_);
    return entry.lens->add_series(series);
  }
  const auto is_wanted = [&](std::size_t one) {
    const std::string& name = segment_->layout->series()[one].name;
    return std::any_of(interests.begin(), interests.end(), [&](const auto& interest) {
      return interest->where == entry.where &&
             std::find(interest->fields.begin(), interest->fields.end(), name) != interest->fields.end();
    });
  };
  const auto found = std::find_if_not(all.begin(), all.end(), is_wanted);
  if (found == all.end()) return std::nullopt;
  return static_cast<std::size_t>(found - all.begin());
}

void Feed::make_lens(const std::string& where) {
  auto entry = std::make_unique<LensEntry>();
  entry->where = where;
  entry->wanted = began_;
  if (std::ranges::count_if(state_.lenses, is_taken) >= kMostLenses) {
    entry->is_refused = true;
    entry->problem = "too many filters are in use for this ring; try again in some seconds";
  } else {
    try {
      entry->lens = std::make_unique<Lens>(segment_->layout, wanted_by(where, *segment_->layout));
    } catch (const Error& error) {
      entry->problem = error_text(error);
    }
    if (entry->lens) fill(*entry->lens, std::nullopt);
  }
  const std::lock_guard lock(mutex_);
  state_.lenses.push_back(std::move(entry));
}

// With what the ring holds of values that were read before. `only`: one series of it.
void Feed::fill(Lens& lens, std::optional<std::size_t> only) {
  const std::vector<std::uint64_t> end = segment_->reader.raw().position().next();
  BatchReader reader(segment_->view, *segment_->layout, From::oldest);
  while (!stop_.stop_requested() && reader.read_below(end)) {
    const std::lock_guard lock(mutex_);
    lens.take(reader.batch(), only);
  }
}

void Feed::distribute() {
  if (began_ - distributed_ < kBetweenDistributions) return;
  distributed_ = began_;
  for (const auto& entry : state_.lenses) {
    if (!entry->lens || !entry->distributes || entry->lens->count() == entry->distributed_count) continue;
    std::vector<Distribution> distributions;
    const Lens& lens = *entry->lens;
    for (std::size_t series = 0; series < lens.layout().series().size(); ++series) {
      const auto place = lens.find(series);
      if (!place) continue;
      if (stop_.stop_requested()) return;
      if (distributions.size() <= *place) distributions.resize(*place + 1);
      std::vector<std::uint64_t> keys = lens.numbers(*place).keys();
      distributions[*place] = distribution_of(lens.layout().series()[series].number, keys);
    }
    const std::lock_guard lock(mutex_);
    entry->distributions = std::move(distributions);
    entry->distributed_count = lens.count();
    ++entry->distributions_version;
  }
}

}  // namespace arena_shm::serve
