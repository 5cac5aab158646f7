#include "tool/views/rings_list.hpp"

#include <fmt/format.h>

#include "arena_shm/error.hpp"
#include "inspect/seats.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "text/utf8.hpp"
#include "tool/views/inspection.hpp"

namespace arena_shm::tool {

namespace {

std::string utf8(std::string_view text) {
  std::string out;
  text::append_utf8(out, text);
  return out;
}

terminal::JsonObject seats_of(const Watched& ring, std::size_t& dead) {
  terminal::JsonObject object = nullptr;
  try {
    const inspect::Image image = inspect::Image::of_arena(ring.name);
    core::Header header{};
    if (!image.load(0, header) || header.epoch != ring.facts.header.epoch) return object;
    const inspect::Seats seats = inspect::read_seats(image, ring.facts.header);
    dead = seats.count_dead();
    object = terminal::JsonObject{{"alive", seats.count_held()}, {"dead", dead}, {"all", seats.all.size()}};
  } catch (const Error&) {
    // It is gone: the next look will tell.
  }
  return object;
}

// What somebody should know first.
std::string health_of(const Watched& ring, std::size_t dead) {
  if (!ring.facts.problems.empty()) return utf8(ring.facts.problems.front());
  if (!ring.readable) return "cannot be read";
  if (ring.now.blocker) return utf8("full: writers wait for " + blocker_text(ring.now.blocker));
  if (dead > 0) return dead == 1 ? "a writer died in its seat" : fmt::format("{} writers died in their seats", dead);
  return "ok";
}

terminal::JsonObject listed(const Watched& ring) {
  terminal::JsonObject object;
  object["name"] = ring.name;
  object["type"] = utf8(ring.facts.info.record.name);
  std::size_t dead = 0;
  object["seats"] = ring.readable ? seats_of(ring, dead) : terminal::JsonObject();
  object["health"] = health_of(ring, dead);
  if (!ring.readable) return object;
  const auto rates = rates_of(ring);
  object["values_per_s"] = rates ? terminal::JsonObject(rates->values_per_second) : nullptr;
  object["lap_s"] = rates ? terminal::or_null(rates->lap_seconds) : nullptr;
  object["written"] = std::to_string(ring.now.counters.values);
  object["skipped"] = std::to_string(ring.now.counters.skipped);
  object["lost"] = holes_text(ring.now.counters.skipped, ring.now.holes_max());
  object["newest_age_ns"] =
      ring.now.newest_age_ns ? terminal::JsonObject(std::to_string(*ring.now.newest_age_ns)) : nullptr;
  object["slots"] = std::to_string(ring.facts.info.slots);
  object["record_bytes"] = ring.facts.info.record.size_bytes;
  return object;
}

}  // namespace

RingsList::RingsList(const std::vector<std::string>& names)
    : watch_(names, [this](std::string_view text) {
        if (is_first_) terminal::note(text);
      }) {}

std::string RingsList::look() {
  watch_.sample();
  is_first_ = false;
  terminal::JsonObject list = terminal::JsonObject::array();
  for (const Watched& ring : watch_.arenas()) list.push_back(listed(ring));
  return list.dump();
}

}  // namespace arena_shm::tool
