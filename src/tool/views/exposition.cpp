#include "tool/views/exposition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "arena_shm/core/mutex.hpp"
#include "inspect/arenas.hpp"
#include "inspect/facts.hpp"
#include "inspect/seats.hpp"
#include "inspect/times.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"
#include "tool/views/damage.hpp"
#include "tool/views/exposition_page.hpp"
#include "tool/views/inspection.hpp"

namespace arena_shm::tool {

namespace {

using exposition::Arena;
using exposition::label;
using exposition::Page;
using inspect::Holder;

// Labels of this page's own.
constexpr std::array<std::string_view, 7> kOwnLabels{"arena", "type", "writers", "epoch", "state", "reason", "lane"};

Arena look_at(const inspect::Image& image, std::vector<std::string>& problems) {
  Arena arena{.label = label("arena", image.label()), .facts = inspect::read_facts(image)};
  arena.readable = arena.facts.usable && arena.facts.head && arena.facts.mutex;
  if (arena.readable) {
    arena.seats = inspect::read_seats(image, arena.facts.header);
    // After the counters, so that no value is counted whose number is not.
    refresh_heads(image, arena.facts);
    arena.newest = inspect::read_newest_times(image, arena.facts.header, arena.facts.heads);
    arena.newest_age_ns = inspect::newest_age_ns(image, arena.facts, arena.facts.heads, arena.newest);
  }
  for (const std::string& problem : arena.facts.problems)
    problems.push_back(fmt::format("'{}': {}", image.label(), problem));
  return arena;
}

// Nothing is known of it but its name. Those of other users are left out.
Arena not_looked_at(const Error& error) {
  Arena arena{.label = label("arena", error.name())};
  arena.facts.problems.emplace_back(error.what());
  return arena;
}

std::string about(const Arena& arena) {
  const Info& info = arena.facts.info;
  std::string epoch;
  for (const std::uint8_t byte : info.epoch) epoch += fmt::format("{:02x}", byte);
  return fmt::format("{},{},{},{}", arena.label, label("type", info.record.name), label("writers", writers_name(info)),
                     label("epoch", epoch));
}

void add_facts(Page& page) {
  page.family("readable", "gauge",
              "1 if the arena's header is valid. If 0, this and problems are the only metrics of the arena.",
              [&](const char* name, const Arena& arena) { page.sample(name, arena.label, arena.readable ? 1 : 0); });
  page.family(
      "problems", "gauge", "How many problems the arena has; arena-shm inspect names them.",
      [&](const char* name, const Arena& arena) { page.sample(name, arena.label, arena.facts.problems.size()); });
  page.family("info", "gauge", "What the arena is, as labels.", [&](const char* name, const Arena& arena) {
    if (arena.readable) page.sample(name, about(arena), 1);
  });
  page.readable("created_timestamp_seconds", "gauge", "When the arena was created.",
                [](const Arena& arena) { return Page::seconds(arena.facts.info.created_ns); });
  page.readable("slots", "gauge", "How many values the ring holds, all lanes together.",
                [](const Arena& arena) { return arena.facts.info.slots; });
  page.readable("lanes", "gauge", "Lanes of a laned arena; all others have one.",
                [](const Arena& arena) { return arena.facts.info.lanes; });
  page.readable("record_bytes", "gauge", "Size of a value.",
                [](const Arena& arena) { return arena.facts.info.record.size_bytes; });
  page.readable("segment_bytes", "gauge", "Size of the whole segment.",
                [](const Arena& arena) { return arena.facts.info.segment_bytes; });
}

std::uint64_t handed_out(const Arena& arena) { return arena.facts.heads.count(); }

void add_counters(Page& page) {
  page.readable("sequence_numbers_total", "counter", "Sequence numbers that were handed out.",
                [](const Arena& arena) { return handed_out(arena); });
  page.readable("values_written_total", "counter", "Values that were published.",
                [](const Arena& arena) { return arena.seats.values; });
  page.readable("skipped_total", "counter", "Sequence numbers that living writers gave up. Each is a hole.",
                [](const Arena& arena) { return arena.seats.skipped; });
  page.readable("holes_max", "gauge",
                "Upper limit of holes: sequence numbers without a value, including those being written now.",
                [](const Arena& arena) {
                  return handed_out(arena) > arena.seats.values ? handed_out(arena) - arena.seats.values : 0;
                });
}

std::string lane_label(const Arena& arena, std::size_t lane) {
  return arena.label + ',' + label("lane", std::to_string(lane));
}

// One number of each lane that was ever used, `value` being that of its seat.
template <class Value>
void add_of_lanes(Page& page, const char* name, const char* help, Value value) {
  page.family(name, "counter", help, [&](const char* metric, const Arena& arena) {
    if (!arena.readable || arena.facts.info.writers != Writers::laned) return;
    for (const inspect::SeatFacts& seat : arena.seats.all) {
      if (seat.holder == Holder::never && seat.lane_head() == 0) continue;
      page.sample(metric, lane_label(arena, seat.index), value(seat));
    }
  });
}

void add_newest_of_lanes(Page& page) {
  page.family("lane_newest_value_timestamp_seconds", "gauge",
              "When the newest value of a lane was appended; of arenas whose values have times.",
              [&](const char* metric, const Arena& arena) {
                if (arena.facts.info.writers != Writers::laned) return;
                for (std::size_t lane = 0; lane < arena.newest.of_lanes.size(); ++lane) {
                  if (const auto time_ns = arena.newest.of_lane(lane))
                    page.sample(metric, lane_label(arena, lane), Page::seconds(*time_ns));
                }
              });
}

void add_lanes(Page& page) {
  add_of_lanes(page, "lane_sequence_numbers_total", "Sequence numbers that a lane has handed out; of lanes in use.",
               [](const inspect::SeatFacts& seat) { return seat.lane_head(); });
  add_of_lanes(page, "lane_values_written_total", "Values that were published in a lane; of lanes in use.",
               [](const inspect::SeatFacts& seat) { return seat.values; });
  add_newest_of_lanes(page);
}

void add_freshness(Page& page) {
  page.known("newest_value_age_seconds", "gauge",
             "Age of the newest value: by its time field, absent if that does not hold the system's time; without such "
             "a field, by when it was appended.",
             [](const Arena& arena) { return arena.newest_age_ns; });
  page.known("newest_value_timestamp_seconds", "gauge",
             "When the newest value was appended; of arenas whose values have times.",
             [](const Arena& arena) { return arena.newest.latest(); });
  page.known(
      "last_change_timestamp_seconds", "gauge",
      "When a scrape first found the arena as it is now; its last change was then or before. Absent in the first "
      "scrape of a server.",
      [](const Arena& arena) { return arena.changed_ns; });
}

void add_skipped(Page& page, std::size_t not_permitted, std::size_t failed) {
  page.head("skipped", "gauge",
            "Files in the directory of arenas that are not on this page: this user may not read them (it is not known "
            "whether they are arenas), or looking at them failed.");
  page.sample("skipped", label("reason", "no_permission"), not_permitted);
  page.sample("skipped", label("reason", "failed"), failed);
}

bool is_in_flight(const inspect::SeatFacts& seat) { return seat.is_inside(); }

void add_writers(Page& page) {
  constexpr std::array<std::pair<Holder, const char*>, 8> kStates{{{Holder::alive, "alive"},
                                                                   {Holder::dead, "dead"},
                                                                   {Holder::dying, "dying"},
                                                                   {Holder::dumping, "dumping_core"},
                                                                   {Holder::gone, "gone_memory_shared"},
                                                                   {Holder::left, "left"},
                                                                   {Holder::never, "never_used"},
                                                                   {Holder::unknown, "unknown"}}};
  page.family("seats", "gauge", "Seats of writers, by the state of their last holder.",
              [&](const char* name, const Arena& arena) {
                if (!arena.readable) return;
                for (const auto& [holder, state] : kStates) {
                  page.sample(name, arena.label + ',' + label("state", state), arena.seats.count(holder));
                }
              });
  page.readable(
      "seats_in_flight", "gauge", "Seats whose last holder is writing a value, or died while writing one.",
      [](const Arena& arena) { return std::count_if(arena.seats.all.begin(), arena.seats.all.end(), is_in_flight); });
  page.readable("mutex_held", "gauge", "1 if the mutex of Arena::alloc is held.", [](const Arena& arena) {
    const std::uint64_t word = *arena.facts.mutex;
    return core::mutex_owner(word) != 0 && !core::mutex_is_reserved(word) ? 1 : 0;
  });
  page.readable("mutex_waited_for", "gauge", "1 if a process may be waiting for the mutex of Arena::alloc.",
                [](const Arena& arena) { return (*arena.facts.mutex & core::kMutexWaiters) != 0 ? 1 : 0; });
}

}  // namespace

std::string check_label(std::string_view text, const ConstantLabels& before) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  constexpr std::string_view kDigits = "0123456789";
  const std::string_view name = text.substr(0, text.find('='));
  const bool is_name = !name.empty() && kDigits.find(name.front()) == std::string_view::npos &&
                       name.find_first_not_of(std::string(kLetters) + std::string(kDigits)) == std::string_view::npos;
  if (name.size() == text.size() || !is_name)
    return fmt::format("expected NAME=VALUE with a name of letters, digits and _, found {}", text::excerpt(text));
  if (name.starts_with("__"))
    return fmt::format("expected a name that does not begin with __ (reserved for Prometheus), found '{}'", name);
  if (std::ranges::find(kOwnLabels, name) != kOwnLabels.end())
    return fmt::format("expected a name that arena-shm does not use itself, found '{}'; choose another name", name);
  if (std::ranges::any_of(before, [&](const auto& label) { return label.first == name; }))
    return fmt::format("expected each label once, found '{}' twice", name);
  return "";
}

std::pair<std::string, std::string> parse_label(std::string_view text) {
  const std::size_t end = text.find('=');
  return {std::string(text.substr(0, end)), std::string(text.substr(end + 1))};
}

// Nothing at the first look: it may have been so for long.
std::optional<std::int64_t> Exposer::changed_by(const std::string& name, const inspect::Facts& facts,
                                                const inspect::Seats& seats) {
  const Found now{.epoch = facts.info.epoch,
                  .handed_out = facts.heads.count(),
                  .counters = {.values = seats.values, .skipped = seats.skipped},
                  .since_ns = text::realtime_ns()};
  const auto [known, is_new] = found_.try_emplace(name, now);
  Found& before = known->second;
  if (before.epoch != now.epoch || before.handed_out != now.handed_out || !(before.counters == now.counters))
    before = now;
  return is_new ? std::nullopt : std::make_optional(before.since_ns);
}

Exposition Exposer::look() {
  Exposition whole;
  std::vector<Arena> arenas;
  std::size_t not_permitted = 0;
  std::size_t failed = 0;
  std::map<std::string, Found> still_there;
  inspect::for_each_arena(
      [&](const inspect::Image& image) {
        Arena& arena = arenas.emplace_back(look_at(image, whole.problems));
        whole.verdict.add(exit_code_of(arena.facts));
        if (!arena.readable) return;
        arena.changed_ns = changed_by(image.label(), arena.facts, arena.seats);
        still_there.insert(found_.extract(image.label()));
      },
      [&](const Error& error) {
        whole.problems.push_back(terminal::skipped_text(error));
        ++(terminal::is_failure(error) ? failed : not_permitted);
        whole.verdict.add_skipped(error);
        if (terminal::is_failure(error)) arenas.push_back(not_looked_at(error));
      });
  found_ = std::move(still_there);
  Page page(std::move(arenas), labels_);
  add_facts(page);
  add_counters(page);
  add_lanes(page);
  add_freshness(page);
  add_writers(page);
  add_skipped(page, not_permitted, failed);
  whole.text = page.take();
  return whole;
}

}  // namespace arena_shm::tool
