// W10: what it costs to take values that lie in the ring.
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/workloads/alone_contestants.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW10 = "W10";
const std::string kLoadFloor = "floor: load + memcpy";
constexpr std::size_t kSpan = 16;

/// A ring, and a follower that begins at its oldest value.
template <class T>
struct ReadRing {
  explicit ReadRing(std::size_t slots) : open(Options{.slots = slots}) {}

  void fill() {
    fill_once(open.arena, *open.writer);
    reader.emplace(open.arena.reader(From::oldest));
    oldest = open.arena.head() - open.arena.slots();
  }

  OpenWriter<T> open;
  std::optional<Reader<T>> reader;
  std::uint64_t oldest = 0;
};

/// `take(ring, i)` takes `step` values. A burst is at most a lap, and filling it is not timed.
template <class T, class Take>
Contestant reading(std::string name, std::size_t slots, std::size_t step, Take take) {
  return {.name = std::move(name),
          .against = {kLoadFloor},
          .run = [ring = std::make_shared<ReadRing<T>>(slots), slots, step, take](auto time) {
            ring->fill();
            return time_alone(
                time, slots / step, step, [&](std::uint64_t i) { take(*ring, i); }, [&] { ring->fill(); });
          }};
}

template <class T>
Contestant load_floor(std::size_t slots) {
  return {.name = kLoadFloor, .against = {}, .run = [ring = std::make_shared<BareRing<T>>(slots)](auto time) {
            const auto view = ring->view();
            T value;
            return time_alone(time, [&](std::uint64_t i) {
              std::memcpy(&value, &view.slots[i & view.mask], sizeof(T));
              keep(value);
            });
          }};
}

template <std::size_t bytes>
Rows group(const Settings& settings, std::size_t slots) {
  using T = Value<bytes>;
  const std::string name = size_and_slots(bytes, slots);
  tell(kW10, name);
  std::vector<Contestant> all;
  all.push_back(load_floor<T>(slots));
  all.push_back(reading<T>("next()", slots, 1, [](ReadRing<T>& ring, std::uint64_t) {
    auto entry = ring.reader->next();
    keep(entry->value);
  }));
  const auto entries = std::make_shared<std::array<Entry<T>, kSpan>>();
  all.push_back(reading<T>("next(span of 16)", slots, kSpan, [entries](ReadRing<T>& ring, std::uint64_t) {
    keep_number(ring.reader->next(std::span(*entries)));
    keep(*entries);
  }));
  all.push_back(reading<T>("read(seq)", slots, 1, [slots](ReadRing<T>& ring, std::uint64_t i) {
    auto result = ring.open.arena.read(ring.oldest + i % slots);
    keep(*result.value);
  }));
  return run_rounds(kW10, name, all, settings);
}

/// So many lanes, or exclusive rings with a reader each, `busy` of them full of values.
struct FullLanes {
  using T = Value<64>;
  static constexpr std::size_t kSlots = 1024;

  FullLanes(bool laned, std::uint32_t lanes, std::uint32_t busy, std::optional<Order> order = {}) {
    const std::uint32_t arenas_wanted = laned ? 1 : lanes;
    for (std::uint32_t i = 0; i < arenas_wanted; ++i) {
      const std::string name = fresh_name();
      arenas.push_back(Arena<T>::create(name, {.slots = kSlots,
                                               .writers = laned ? Writers::laned : Writers::exclusive,
                                               .seats = lanes,
                                               .time = order.has_value()}));
      Arena<T>::remove(name);
    }
    for (std::uint32_t i = 0; i < busy; ++i) writers.push_back(arenas[laned ? 0 : i].writer());
    for (const Arena<T>& arena : arenas)
      readers.push_back(arena.reader(From::oldest, {.order = order.value_or(Order::arrival)}));
    values = busy * kSlots;
  }

  void fill() {
    // By turns: in order of time, none of two neighbours is of the same lane.
    for (std::uint64_t i = 0; i < kSlots; ++i)
      for (Writer<T>& writer : writers) writer.alloc(T{});
  }
  /// By turns, as a program with several readers does: each as long as it has values.
  void take() {
    for (std::size_t tries = 0; tries <= readers.size(); ++tries) {
      if (auto entry = readers[turn].next()) {
        keep(entry->value);
        return;
      }
      turn = turn + 1 == readers.size() ? 0 : turn + 1;
    }
  }

  std::vector<Arena<T>> arenas;
  std::vector<Writer<T>> writers;
  std::vector<Reader<T>> readers;
  std::size_t values = 0;
  std::size_t turn = 0;
};

Contestant reading_lanes(std::string name, std::vector<std::string> against, bool laned, std::uint32_t lanes,
                         std::uint32_t busy, std::optional<Order> order = {}) {
  return {.name = std::move(name),
          .against = std::move(against),
          .run = [full = std::make_shared<FullLanes>(laned, lanes, busy, order)](auto time) {
            full->fill();
            return time_alone(
                time, full->values, 1, [&](std::uint64_t) { full->take(); }, [&] { full->fill(); });
          }};
}

Rows lanes(const Settings& settings) {
  const std::string each = size_and_slots(64, FullLanes::kSlots) + " each, ";
  tell(kW10, each + "lanes");
  const std::vector<Contestant> two{
      reading_lanes("two rings", {}, false, 2, 2), reading_lanes("two lanes", {"two rings"}, true, 2, 2),
      reading_lanes("two lanes with times", {"two lanes"}, true, 2, 2, Order::arrival),
      reading_lanes("two lanes, order of time", {"two lanes", "two lanes with times"}, true, 2, 2, Order::time)};
  Rows rows = run_rounds(kW10, each + "lanes", two, settings);
  tell(kW10, each + "idle lanes");
  const std::vector<Contestant> many{
      reading_lanes("one lane", {}, true, 1, 1),
      reading_lanes("64 lanes, one busy", {"one lane"}, true, 64, 1),
      reading_lanes("4096 lanes, one busy", {"one lane"}, true, 4096, 1),
      reading_lanes("one lane, order of time", {"one lane"}, true, 1, 1, Order::time),
      reading_lanes("64 lanes, one busy, order of time", {"one lane, order of time"}, true, 64, 1, Order::time),
      reading_lanes("4096 lanes, one busy, order of time", {"one lane, order of time"}, true, 4096, 1, Order::time)};
  append(rows, run_rounds(kW10, each + "idle lanes", many, settings));
  return rows;
}

}  // namespace

Rows reading_alone(const Settings& settings) {
  const Pinned pinned(settings.cpus.front());
  Rows rows = group<64>(settings, 1024);
  append(rows, group<256>(settings, 1024));
  append(rows, lanes(settings));
  if (settings.at_least(Scope::usual)) {
    append(rows, group<8>(settings, 1024));
    append(rows, group<64>(settings, 65536));
    append(rows, group<256>(settings, 65536));
  }
  return rows;
}

}  // namespace arena_shm::bench
