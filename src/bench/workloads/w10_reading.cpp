// W10: what it costs to take values that lie in the ring.
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

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
    fill_once(*open.writer, open.arena.slots());
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

}  // namespace

Rows reading_alone(const Settings& settings) {
  const Pinned pinned(settings.cpus.front());
  Rows rows = group<64>(settings, 1024);
  append(rows, group<256>(settings, 1024));
  if (settings.at_least(Scope::usual)) {
    append(rows, group<8>(settings, 1024));
    append(rows, group<64>(settings, 65536));
    append(rows, group<256>(settings, 65536));
  }
  return rows;
}

}  // namespace arena_shm::bench
