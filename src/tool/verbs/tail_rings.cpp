#include "tool/verbs/tail_rings.hpp"

#include <algorithm>

#include "inspect/arenas.hpp"
#include "terminal/names.hpp"
#include "terminal/output.hpp"
#include "tool/verbs/await_arena.hpp"
#include "tool/views/name_pattern.hpp"

namespace arena_shm::tool {

bool TailRings::await() const {
  return std::ranges::all_of(asked_, [](const std::string& name) { return is_pattern(name) || await_arena(name); });
}

void TailRings::look() {
  looked_ = std::chrono::steady_clock::now();
  there_.clear();
  for (const std::string& name : asked_) {
    if (is_pattern(name)) {
      for (const std::string& match : matching(name)) add_match(match);
    } else if (!has(name)) {
      rings_.emplace_back(name, by_name_);
    }
  }
  const auto is_gone = [&](const std::string& name) { return !there_.contains(name); };
  std::erase_if(unfit_, is_gone);
  std::erase_if(skipped_, is_gone);
}

std::set<std::string> TailRings::matching(const std::string& pattern) {
  std::set<std::string> names;
  inspect::for_each_arena(
      [&](const inspect::Image& image) {
        if (matches(pattern, image.label())) names.insert(image.label());
      },
      [&](const Error& error) {
        if (!matches(pattern, error.name())) return;
        there_.insert(error.name());
        skip(error.name(), error);
      });
  there_.insert(names.begin(), names.end());
  return names;
}

// Meanwhile it may be gone, or it cannot be read.
void TailRings::add_match(const std::string& name) {
  if (has(name) || unfit_.contains(name)) return;
  try {
    rings_.emplace_back(name, by_name_);
    skipped_.erase(name);
  } catch (const Error& error) {
    skip(name, error);
  }
}

void TailRings::skip(const std::string& name, const Error& why) {
  if (skipped_.insert(name).second) terminal::note(terminal::skipped_text(why));
}

void TailRings::refuse_none() const {
  if (!rings_.empty()) return;
  if (by_name_) return terminal::note("waiting for arenas whose names match");
  throw Error(Code::not_found, {.name = asked_.front(),
                                .doing = "find",
                                .expected = "an arena whose name matches",
                                .found = "none",
                                .remedy = "wait for some with -F; to list the arenas: arena-shm list"});
}

recording::TimeSpan TailRings::common(recording::TimeSpan span) const {
  if (!span.last_ns) return span;
  for (const TailRing& ring : rings_) {
    if (ring.is_known()) span.since_ns = std::max(span.since_ns, ring.begin_of_last(span));
  }
  if (span.since_ns) span.last_ns.reset();
  return span;
}

std::size_t TailRings::name_width() const noexcept {
  std::size_t width = 0;
  for (const TailRing& ring : rings_) width = std::max(width, ring.name().size());
  return width;
}

TailRings::Iterator TailRings::leave_out(Iterator ring, const Error& why) {
  if (is_asked_for(ring->name())) throw Error(why);
  skip(ring->name(), why);
  unfit_.insert(ring->name());
  return rings_.erase(ring);
}

void TailRings::forget_gone(const std::function<bool(const TailRing&)>& part) {
  std::erase_if(gone_, [](const TailRing* ring) { return !ring->is_gone(); });
  for (const TailRing& ring : rings_) {
    if (ring.is_gone() && !is_asked_for(ring.name()) && std::ranges::find(gone_, &ring) == gone_.end())
      gone_.push_back(&ring);
  }
  while (gone_.size() > kMostGone) {
    const TailRing* ring = gone_.front();
    if (!part(*ring)) return;
    gone_.pop_front();
    std::erase_if(rings_, [&](const TailRing& other) { return &other == ring; });
    ++forgotten_;
  }
}

bool TailRings::is_asked_for(const std::string& name) const { return std::ranges::find(asked_, name) != asked_.end(); }

bool TailRings::has(const std::string& name) const {
  return std::ranges::any_of(rings_, [&](const TailRing& ring) { return ring.name() == name; });
}

}  // namespace arena_shm::tool
