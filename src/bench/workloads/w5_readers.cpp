// W5: what several readers cost the writer.
#include "bench/channels/arenas.hpp"
#include "bench/workloads/stream_play.hpp"
#include "bench/workloads/team_contestants.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW5 = "W5";

template <Way way, Manner manner>
Rows group(const Settings& settings) {
  using T = Value<64>;
  constexpr std::size_t kSlots = 65536;
  const std::string name =
      size_and_slots(64, kSlots) + ", " + name_of(way) + (manner == Manner::latency ? ", latency" : ", throughput");
  tell(kW5, name);
  const auto called = [](std::size_t readers) { return std::to_string(readers) + " readers"; };
  Cast cast;
  for (const std::size_t readers : {0U, 1U, 2U, 4U, 8U}) {
    const bool crowded = readers + 1 > settings.cpus.size();
    cast.add(called(readers), {called(0)},
             std::make_unique<StreamPlay<ArenaChannel<T, way, manner>, T, Asked::cost>>(readers, kSlots), "ns",
             crowded ? "readers take turns on " + std::to_string(settings.cpus.size() - 1) + " CPU" : "");
  }
  return cast.measure(kW5, name, settings);
}

/// Two lanes, of which one is written: the other one has to be proved idle again and again.
Rows merged(const Settings& settings) {
  using T = Value<64>;
  constexpr std::size_t kSlots = 65536;
  const Options lanes{.seats = 2};
  const std::string name = size_and_slots(64, kSlots) + ", " + name_of(Way::laned_timed) + ", throughput";
  tell(kW5, name);
  Cast cast;
  const auto add = [&]<Order order>(const std::string& called, std::vector<std::string> against, std::size_t readers) {
    using Channel = ArenaChannel<T, Way::laned_timed, Manner::throughput, order>;
    cast.add(called, std::move(against), std::make_unique<StreamPlay<Channel, T, Asked::cost>>(readers, kSlots, lanes),
             "ns");
  };
  add.template operator()<Order::arrival>("0 readers", {}, 0);
  add.template operator()<Order::arrival>("1 reader, order of arrival", {"0 readers"}, 1);
  add.template operator()<Order::time>("1 reader, order of time", {"0 readers"}, 1);
  return cast.measure(kW5, name, settings);
}

}  // namespace

Rows readers_at_once(const Settings& settings) {
  Rows rows = group<Way::shared, Manner::throughput>(settings);
  append(rows, merged(settings));
  if (settings.at_least(Scope::usual)) append(rows, group<Way::shared, Manner::latency>(settings));
  if (settings.at_least(Scope::full)) {
    append(rows, group<Way::exclusive, Manner::throughput>(settings));
    append(rows, group<Way::exclusive, Manner::latency>(settings));
  }
  return rows;
}

}  // namespace arena_shm::bench
