// W2: one writer as fast as it can, one reader that follows. What counts is what arrives.
#include "bench/channels/arenas.hpp"
#include "bench/channels/boost_queues.hpp"
#if defined(ARENA_BENCH_ICEORYX)
#include "bench/channels/iceoryx_channel.hpp"
#endif
#include "bench/channels/kernel_queues.hpp"
#include "bench/channels/mutex_rings.hpp"
#include "bench/workloads/stream_play.hpp"
#include "bench/workloads/team_contestants.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW2 = "W2";

template <class T, class Channel>
void add(Cast& cast, const std::string& name, std::size_t slots, std::vector<std::string> against = {}) {
  cast.add(name, std::move(against), std::make_unique<StreamPlay<Channel, T, Asked::delivered>>(1, slots), "M/s");
}

template <std::size_t bytes, std::size_t slots>
Rows group(const Settings& settings, bool all_peers) {
  using T = Value<bytes>;
  const std::string name = size_and_slots(bytes, slots);
  tell(kW2, name);
  const std::string bulk = kSpsc + ", bulk";
  const std::vector<std::string> against{kSpsc, bulk};
  Cast cast;
  add<T, ArenaChannel<T, Way::exclusive, Manner::throughput>>(cast, kExclusive + ", throughput", slots, against);
  add<T, ArenaChannel<T, Way::shared, Manner::throughput>>(cast, kShared + ", throughput", slots, against);
  add<T, ArenaChannel<T, Way::exclusive, Manner::latency>>(cast, kExclusive + ", latency", slots, against);
  add<T, ArenaChannel<T, Way::shared, Manner::latency>>(cast, kShared + ", latency", slots, against);
  add<T, SpscChannel<T, slots, false>>(cast, kSpsc, slots);
  add<T, SpscChannel<T, slots, true>>(cast, bulk, slots);
  if (all_peers) {
    add<T, ArenaChannel<T, Way::guarded, Manner::throughput>>(cast, kGuarded + ", throughput", slots, against);
    add<T, QueueChannel<T, slots>>(cast, kQueue, slots);
    add<T, RobustRing<T>>(cast, kRobust, slots);
    add<T, BoostMutexRing<T>>(cast, kBoostMutex, slots);
    add<T, MessageQueueChannel<T, slots>>(cast, kMessageQueue, slots);
    add<T, MqChannel<T>>(cast, kMq, slots);
    add<T, PipeChannel<T>>(cast, kPipe, slots);
  }
#if defined(ARENA_BENCH_ICEORYX)
  const auto roudi = all_peers ? Roudi::start(bytes) : nullptr;
  if (roudi) add<T, IceoryxChannel<T>>(cast, kIceoryx, slots);
#endif
  return cast.measure(kW2, name, settings);
}

}  // namespace

Rows follow(const Settings& settings) {
  const bool usual = settings.at_least(Scope::usual);
  Rows rows = group<64, 65536>(settings, usual);
  append(rows, group<64, 1024>(settings, false));
  if (usual) {
    append(rows, group<8, 65536>(settings, false));
    append(rows, group<256, 65536>(settings, false));
  }
  if (settings.at_least(Scope::full)) {
    append(rows, group<8, 1024>(settings, true));
    append(rows, group<256, 1024>(settings, true));
  }
  return rows;
}

}  // namespace arena_shm::bench
