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
#include "terminal/names.hpp"
#include "text/utf8.hpp"

namespace arena_shm::tool {

namespace {

using inspect::Holder;

struct Arena {
  std::string label;  // arena="ticks"
  inspect::Facts facts{};
  inspect::Seats seats{};
  bool readable = false;
};

// Label values are UTF-8; backslash, quote and line end are escaped.
std::string label(std::string_view name, std::string_view value) {
  std::string utf8;
  text::append_utf8(utf8, value);
  std::string text = fmt::format("{}=\"", name);
  for (const char c : utf8) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
  return text + '"';
}

Arena look(const inspect::Image& image, std::vector<std::string>& problems) {
  Arena arena{.label = label("arena", image.label()), .facts = inspect::read_facts(image)};
  arena.readable = arena.facts.usable && arena.facts.head && arena.facts.mutex;
  if (arena.readable) {
    arena.seats = inspect::read_seats(image, arena.facts.header);
    // After the counters, so that no value is counted whose number is not.
    arena.facts.head = inspect::read_head(image, arena.facts.header).value_or(*arena.facts.head);
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

// One metric after the other, each with its samples of all arenas, as the format demands.
class Page {
 public:
  explicit Page(std::vector<Arena> arenas) : arenas_(std::move(arenas)) {}

  // `samples` appends the lines of one arena.
  template <class Samples>
  void family(const char* name, const char* type, const char* help, Samples samples) {
    text_ += fmt::format("# HELP arena_shm_{0} {2}\n# TYPE arena_shm_{0} {1}\n", name, type, help);
    for (const Arena& arena : arenas_) samples(name, arena);
  }

  // One number of each arena that can be read.
  template <class Value>
  void readable(const char* name, const char* type, const char* help, Value value) {
    family(name, type, help, [&](const char* metric, const Arena& arena) {
      if (arena.readable) sample(metric, arena.label, value(arena));
    });
  }

  void sample(const char* name, const std::string& labels, const auto& value) {
    text_ += fmt::format("arena_shm_{}{{{}}} {}\n", name, labels, value);
  }

  std::string take() { return std::move(text_); }

 private:
  std::vector<Arena> arenas_;
  std::string text_;
};

std::string about(const Arena& arena) {
  const Info& info = arena.facts.info;
  std::string epoch;
  for (const std::uint8_t byte : info.epoch) epoch += fmt::format("{:02x}", byte);
  return fmt::format("{},{},{},{}", arena.label, label("type", info.record.name),
                     label("writers", info.writers == Writers::exclusive ? "exclusive" : "shared"),
                     label("epoch", epoch));
}

void add_facts(Page& page) {
  page.family("readable", "gauge", "Is the arena's header in order? If not, this and its problems are all there is.",
              [&](const char* name, const Arena& arena) { page.sample(name, arena.label, arena.readable ? 1 : 0); });
  page.family(
      "problems", "gauge", "What is wrong with the arena; arena-shm inspect names it.",
      [&](const char* name, const Arena& arena) { page.sample(name, arena.label, arena.facts.problems.size()); });
  page.family("info", "gauge", "What the arena holds.", [&](const char* name, const Arena& arena) {
    if (arena.readable) page.sample(name, about(arena), 1);
  });
  page.readable("created_timestamp_seconds", "gauge", "When the arena was made.", [](const Arena& arena) {
    return fmt::format("{:.3f}", static_cast<double>(arena.facts.info.created_ns) / 1e9);
  });
  page.readable("slots", "gauge", "How many values the ring holds.",
                [](const Arena& arena) { return arena.facts.info.slots; });
  page.readable("record_bytes", "gauge", "Size of a value.",
                [](const Arena& arena) { return arena.facts.info.record.size_bytes; });
  page.readable("segment_bytes", "gauge", "Size of the whole segment.",
                [](const Arena& arena) { return arena.facts.info.segment_bytes; });
}

void add_counters(Page& page) {
  page.readable("sequence_numbers_total", "counter", "Sequence numbers that were handed out: the head.",
                [](const Arena& arena) { return *arena.facts.head; });
  page.readable("values_written_total", "counter", "Values that were published.",
                [](const Arena& arena) { return arena.seats.values; });
  page.readable("skipped_total", "counter", "Sequence numbers that living writers gave up: holes.",
                [](const Arena& arena) { return arena.seats.skipped; });
  page.readable("holes_max", "gauge", "At most so many holes: numbers without a value, some of them on their way.",
                [](const Arena& arena) {
                  return *arena.facts.head > arena.seats.values ? *arena.facts.head - arena.seats.values : 0;
                });
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
  page.family("seats", "gauge", "Seats of writers, by what has become of their last holder.",
              [&](const char* name, const Arena& arena) {
                if (!arena.readable) return;
                for (const auto& [holder, state] : kStates) {
                  page.sample(name, arena.label + ',' + label("state", state), arena.seats.count(holder));
                }
              });
  page.readable(
      "seats_in_flight", "gauge", "Seats whose last holder is, or died, in the middle of a value.",
      [](const Arena& arena) { return std::count_if(arena.seats.all.begin(), arena.seats.all.end(), is_in_flight); });
  page.readable("mutex_held", "gauge", "Is the mutex of Arena::alloc held?", [](const Arena& arena) {
    const std::uint64_t word = *arena.facts.mutex;
    return core::mutex_owner(word) != 0 && !core::mutex_is_reserved(word) ? 1 : 0;
  });
  page.readable("mutex_waited_for", "gauge", "May somebody be waiting for the mutex?",
                [](const Arena& arena) { return (*arena.facts.mutex & core::kMutexWaiters) != 0 ? 1 : 0; });
}

}  // namespace

Exposition exposition() {
  Exposition whole;
  std::vector<Arena> arenas;
  inspect::for_each_arena([&](const inspect::Image& image) { arenas.push_back(look(image, whole.problems)); },
                          [&](const Error& error) {
                            whole.problems.push_back(terminal::skipped_text(error));
                            if (!terminal::is_failure(error)) return;
                            whole.has_failed = true;
                            arenas.push_back(not_looked_at(error));
                          });
  Page page(std::move(arenas));
  add_facts(page);
  add_counters(page);
  add_writers(page);
  whole.text = page.take();
  return whole;
}

}  // namespace arena_shm::tool
