// What is looked at in a ring: made when somebody wants it, and forgotten when nobody does.
#include <algorithm>
#include <exception>
#include <utility>

#include "arena_shm/error.hpp"
#include "filter/complaint.hpp"
#include "serve/feed.hpp"
#include "serve/feed_segment.hpp"
#include "serve/wanted.hpp"

namespace arena_shm::serve {

namespace {

constexpr std::chrono::seconds kBetweenDistributions{1};
constexpr std::chrono::seconds kUnwanted{10};  // a lens is kept for so long that nobody looks through
constexpr std::size_t kMostLenses = 16;
constexpr std::size_t kMostSeriesOfLens = 64;

}  // namespace

LensEntry* FeedState::find(const std::string& where) const noexcept {
  const auto found =
      std::find_if(lenses.begin(), lenses.end(), [&](const auto& entry) { return entry->where == where; });
  return found == lenses.end() ? nullptr : found->get();
}

// Makes what is wanted and not there, and forgets what nobody has wanted for long.
void Feed::serve_interests() {
  std::vector<std::shared_ptr<const Interest>> interests;
  {
    const std::lock_guard lock(mutex_);
    has_news_ = false;
    std::erase_if(interests_, [](const auto& interest) { return interest.expired(); });
    for (const auto& weak : interests_) {
      if (auto interest = weak.lock()) interests.push_back(std::move(interest));
    }
  }
  for (const auto& entry : state_.lenses) entry->distributes = false;
  for (const auto& interest : interests) {
    if (state_.find(interest->where) == nullptr) make_lens(interest->where);
    LensEntry* entry = state_.find(interest->where);
    if (entry == nullptr) continue;
    entry->wanted = began_;
    entry->distributes = entry->distributes || interest->distributions;
    if (!entry->lens) continue;
    for (const std::string& field : interest->fields) {
      const auto series = segment_->layout->find_series(field);
      if (!series || entry->lens->find(*series) || entry->lens->timeline().series_count() >= kMostSeriesOfLens)
        continue;
      std::size_t place = 0;
      {
        const std::lock_guard lock(mutex_);
        place = entry->lens->place_of(*series);
      }
      fill(*entry->lens, place);
      const std::lock_guard lock(mutex_);
      entry->lens->set_filled(place);
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(state_.lenses, [&](const auto& entry) { return began_ - entry->wanted > kUnwanted; });
}

void Feed::make_lens(const std::string& where) {
  auto entry = std::make_unique<LensEntry>();
  entry->where = where;
  entry->wanted = began_;
  if (state_.lenses.size() >= kMostLenses) {
    entry->problem = "too many filters are in use for this ring; try again in some seconds";
  } else {
    try {
      entry->lens = std::make_unique<Lens>(segment_->layout, wanted_by(where, *segment_->layout));
      fill(*entry->lens, std::nullopt);
    } catch (const filter::Complaint& complaint) {
      entry->problem = std::string(complaint.what()) + '\n' + complaint.picture();
    } catch (const Error& error) {
      entry->lens.reset();
      entry->problem = error.what();
    }
  }
  const std::lock_guard lock(mutex_);
  state_.lenses.push_back(std::move(entry));
}

// With what the ring holds of values that were read before. `only`: one series of it.
void Feed::fill(Lens& lens, std::optional<std::size_t> only) {
  const std::vector<std::uint64_t> end = segment_->reader.raw().position().next();
  BatchReader reader(segment_->view, *segment_->layout, From::oldest);
  while (reader.read_below(end)) {
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
