// W7: what an alloc costs as seats and slots become more. Readers are W5's.
#include "bench/workloads/alone_contestants.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW7 = "W7";
using T = Value<64>;

/// All seats but one are taken by writers that do nothing.
Contestant with_seats(std::uint32_t seats) {
  constexpr std::size_t kSlots = 1024;
  struct Crowd {
    explicit Crowd(std::uint32_t seat_count) : open({.slots = kSlots, .seats = seat_count}) {
      while (others.size() + 1 < seat_count) others.push_back(open.arena.writer());
    }
    OpenWriter<T> open;
    std::vector<Writer<T>> others;
  };
  return alone<T, Made::ahead>(
      std::to_string(seats) + " seats", {"1 seats"}, std::make_shared<Crowd>(seats),
      [](auto& crowd, auto& source, std::uint64_t i) { keep_number(crowd.open.writer->alloc(source.next(i)).seq); });
}

Rows by_slots(const Settings& settings, int log2_slots) {
  const std::size_t slots = std::size_t{1} << log2_slots;
  const std::string name = size_and_slots(sizeof(T), slots);
  tell(kW7, name);
  const auto ring = std::make_shared<BareRing<T>>(slots);
  const std::vector<Contestant> all{
      fetch_add_floor<T, Made::ahead>(ring),
      writer_alone<T, Made::ahead>(kShared, {kFetchAddFloor}, {.slots = slots}),
  };
  return run_rounds(kW7, name, all, settings);
}

/// A number of slots that is no power of two must cost no more.
Rows odd_slots(const Settings& settings) {
  const std::string name = "64 B, about 1000 slots";
  tell(kW7, name);
  const std::vector<Contestant> all{
      writer_alone<T, Made::ahead>("1024 slots", {}, {.slots = 1024}),
      writer_alone<T, Made::ahead>("1000 slots", {"1024 slots"}, {.slots = 1000}),
      writer_alone<T, Made::ahead>("1021 slots", {"1024 slots"}, {.slots = 1021}),
  };
  return run_rounds(kW7, name, all, settings);
}

}  // namespace

Rows growth(const Settings& settings) {
  const Pinned pinned(settings.cpus.front());
  std::vector<Contestant> seats;
  for (const std::uint32_t count : {1U, 4U, 16U, 64U, 256U}) seats.push_back(with_seats(count));
  tell(kW7, "seats");
  Rows rows = run_rounds(kW7, "64 B, 1024 slots, seats taken", seats, settings);
  const int step = settings.at_least(Scope::usual) ? 2 : 8;
  for (int log2_slots = 4; log2_slots <= 20; log2_slots += step) append(rows, by_slots(settings, log2_slots));
  append(rows, odd_slots(settings));
  return rows;
}

}  // namespace arena_shm::bench
