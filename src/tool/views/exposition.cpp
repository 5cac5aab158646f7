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
#include "inspect/values.hpp"
#include "schema/record_time.hpp"
#include "terminal/names.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"

namespace arena_shm::tool {

namespace {

using inspect::Holder;

struct Arena {
  std::string label;  // arena="ticks"
  inspect::Facts facts{};
  inspect::Seats seats{};
  bool readable = false;
  std::optional<std::int64_t> changed_ns{};
  std::optional<std::int64_t> newest_age_ns{};
};

// Labels of this page's own.
constexpr std::array<std::string_view, 6> kOwnLabels{"arena", "type", "writers", "epoch", "state", "reason"};

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

// A time before the arena was made is by another clock, or of a value that was replayed; so is one to come.
std::optional<std::int64_t> newest_age_ns(const inspect::Image& image, const inspect::Facts& facts) {
  constexpr std::int64_t kClocksApartNs = 1'000'000'000;
  const auto field = facts.schema ? schema::time_field(*facts.schema) : std::nullopt;
  if (!field) return std::nullopt;
  const auto newest = inspect::newest_values(image, facts.header, *facts.head, 1);
  if (newest.empty() || newest.back().bytes.size() < field->offset_bytes + field->size_bytes()) return std::nullopt;
  const auto made_ns = schema::time_ns(*field, newest.back().bytes);
  const std::int64_t now_ns = text::realtime_ns();
  if (!made_ns || *made_ns < facts.info.created_ns - kClocksApartNs || *made_ns > now_ns + kClocksApartNs)
    return std::nullopt;
  return std::max<std::int64_t>(now_ns - *made_ns, 0);
}

Arena look_at(const inspect::Image& image, std::vector<std::string>& problems) {
  Arena arena{.label = label("arena", image.label()), .facts = inspect::read_facts(image)};
  arena.readable = arena.facts.usable && arena.facts.head && arena.facts.mutex;
  if (arena.readable) {
    arena.seats = inspect::read_seats(image, arena.facts.header);
    // After the counters, so that no value is counted whose number is not.
    arena.facts.head = inspect::read_head(image, arena.facts.header).value_or(*arena.facts.head);
    arena.newest_age_ns = newest_age_ns(image, arena.facts);
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
  Page(std::vector<Arena> arenas, const ConstantLabels& labels) : arenas_(std::move(arenas)) {
    for (const auto& [name, value] : labels) constant_ += ',' + label(name, value);
  }

  // `samples` appends the lines of one arena.
  template <class Samples>
  void family(const char* name, const char* type, const char* help, Samples samples) {
    head(name, type, help);
    for (const Arena& arena : arenas_) samples(name, arena);
  }

  // One number of each arena that can be read.
  template <class Value>
  void readable(const char* name, const char* type, const char* help, Value value) {
    family(name, type, help, [&](const char* metric, const Arena& arena) {
      if (arena.readable) sample(metric, arena.label, value(arena));
    });
  }

  // The same where it is known.
  template <class Value>
  void known(const char* name, const char* type, const char* help, Value value) {
    family(name, type, help, [&](const char* metric, const Arena& arena) {
      if (const auto found = value(arena)) sample(metric, arena.label, seconds(*found));
    });
  }

  void head(const char* name, const char* type, const char* help) {
    text_ += fmt::format("# HELP arena_shm_{0} {2}\n# TYPE arena_shm_{0} {1}\n", name, type, help);
  }

  void sample(const char* name, const std::string& labels, const auto& value) {
    text_ += fmt::format("arena_shm_{}{{{}{}}} {}\n", name, labels, constant_, value);
  }

  static std::string seconds(std::int64_t ns) { return fmt::format("{:.3f}", static_cast<double>(ns) / 1e9); }

  std::string take() { return std::move(text_); }

 private:
  std::vector<Arena> arenas_;
  std::string constant_;
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
  page.readable("slots", "gauge", "How many values the ring holds.",
                [](const Arena& arena) { return arena.facts.info.slots; });
  page.readable("record_bytes", "gauge", "Size of a value.",
                [](const Arena& arena) { return arena.facts.info.record.size_bytes; });
  page.readable("segment_bytes", "gauge", "Size of the whole segment.",
                [](const Arena& arena) { return arena.facts.info.segment_bytes; });
}

void add_counters(Page& page) {
  page.readable("sequence_numbers_total", "counter", "Sequence numbers that were handed out (the head).",
                [](const Arena& arena) { return *arena.facts.head; });
  page.readable("values_written_total", "counter", "Values that were published.",
                [](const Arena& arena) { return arena.seats.values; });
  page.readable("skipped_total", "counter", "Sequence numbers that living writers gave up. Each is a hole.",
                [](const Arena& arena) { return arena.seats.skipped; });
  page.readable("holes_max", "gauge",
                "Upper limit of holes: sequence numbers without a value, including those being written now.",
                [](const Arena& arena) {
                  return *arena.facts.head > arena.seats.values ? *arena.facts.head - arena.seats.values : 0;
                });
}

void add_freshness(Page& page) {
  page.known("newest_value_age_seconds", "gauge",
             "Age of the newest value, by its time field; absent if that field does not hold the system's time.",
             [](const Arena& arena) { return arena.newest_age_ns; });
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
                  .head = *facts.head,
                  .counters = {.values = seats.values, .skipped = seats.skipped},
                  .since_ns = text::realtime_ns()};
  const auto [known, is_new] = found_.try_emplace(name, now);
  Found& before = known->second;
  if (before.epoch != now.epoch || before.head != now.head || !(before.counters == now.counters)) before = now;
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
        if (!arena.readable) return;
        arena.changed_ns = changed_by(image.label(), arena.facts, arena.seats);
        still_there.insert(found_.extract(image.label()));
      },
      [&](const Error& error) {
        whole.problems.push_back(terminal::skipped_text(error));
        ++(terminal::is_failure(error) ? failed : not_permitted);
        if (!terminal::is_failure(error)) return;
        whole.has_failed = true;
        arenas.push_back(not_looked_at(error));
      });
  found_ = std::move(still_there);
  Page page(std::move(arenas), labels_);
  add_facts(page);
  add_counters(page);
  add_freshness(page);
  add_writers(page);
  add_skipped(page, not_permitted, failed);
  whole.text = page.take();
  return whole;
}

}  // namespace arena_shm::tool
