// W3: how long a value travels from one process to another that looks for it all the time.
#include "bench/channels/arenas.hpp"
#include "bench/channels/boost_queues.hpp"
#include "bench/channels/floors.hpp"
#if defined(ARENA_BENCH_ICEORYX)
#include "bench/channels/iceoryx_channel.hpp"
#endif
#include "bench/channels/kernel_queues.hpp"
#include "bench/channels/lossless_arena.hpp"
#include "bench/channels/mutex_rings.hpp"
#include "bench/workloads/latency_plays.hpp"
#include "bench/workloads/one_line_play.hpp"
#include "bench/workloads/team_contestants.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW3 = "W3";
constexpr std::size_t kSlots = 1024;
constexpr Nanoseconds kPace = std::chrono::microseconds{2};

template <class T, class Channel, Wait wait, bool paced>
void add(Cast& cast, const std::string& name) {
  std::vector<std::string> against{kProbe, kOneLineFloor, kBareLines};
  if (name.starts_with(kShared)) against.push_back(kMessageQueue);
  if (name.starts_with(kLossless)) against = {kShared + ", next()"};
  if constexpr (paced) {
    // Against the bare lines that are paced too: the others go there and back at once.
    std::erase(against, kProbe);
    std::erase(against, kOneLineFloor);
    cast.add(name, std::move(against), std::make_unique<PacedPlay<Channel, T, wait>>(kSlots, kPace), "ns");
  } else {
    cast.add(name, std::move(against), std::make_unique<PingPongPlay<Channel, T, wait>>(kSlots), "ns");
  }
}

template <std::size_t bytes, bool paced>
Rows group(const Settings& settings, bool all_peers) {
  using T = Value<bytes>;
  constexpr Wait spin = Wait::spinning;
  const std::string name = std::to_string(bytes) + " B, " + (paced ? "every 2 us" : "ping-pong");
  tell(kW3, name);
  Cast cast;
  if constexpr (!paced) cast.add(kOneLineFloor, {kProbe}, std::make_unique<OneLinePlay>(), "ns");
  add<T, BareLineChannel<T>, spin, paced>(cast, kBareLines);
  add<T, ArenaChannel<T, Way::shared>, spin, paced>(cast, kShared + ", next()");
  add<T, ArenaChannel<T, Way::shared>, Wait::sleeping, paced>(cast, kShared + ", wait_for()");
  add<T, ArenaChannel<T, Way::exclusive>, spin, paced>(cast, kExclusive + ", next()");
  add<T, ArenaChannel<T, Way::exclusive>, Wait::sleeping, paced>(cast, kExclusive + ", wait_for()");
  add<T, LosslessChannel<T, Writers::shared>, spin, paced>(cast, kLossless + ", next()");
  add<T, SpscChannel<T, kSlots, false>, spin, paced>(cast, kSpsc);
  add<T, MessageQueueChannel<T, kSlots>, spin, paced>(cast, kMessageQueue);
  if (all_peers) {
    add<T, ArenaChannel<T, Way::guarded>, spin, paced>(cast, kGuarded + ", next()");
    add<T, QueueChannel<T, kSlots>, spin, paced>(cast, kQueue);
    add<T, RobustRing<T>, spin, paced>(cast, kRobust);
    add<T, BoostMutexRing<T>, spin, paced>(cast, kBoostMutex);
    add<T, MqChannel<T>, spin, paced>(cast, kMq);
    add<T, PipeChannel<T>, spin, paced>(cast, kPipe);
  }
#if defined(ARENA_BENCH_ICEORYX)
  const auto roudi = settings.at_least(Scope::usual) ? Roudi::start(bytes) : nullptr;
  if (roudi) add<T, IceoryxChannel<T>, spin, paced>(cast, kIceoryx);
#endif
  return cast.measure(kW3, name, settings);
}

}  // namespace

Rows latency(const Settings& settings) {
  const bool usual = settings.at_least(Scope::usual);
  Rows rows = group<8, false>(settings, usual);
  append(rows, group<56, false>(settings, false));
  append(rows, group<8, true>(settings, false));
  if (usual) append(rows, group<56, true>(settings, false));
  if (settings.at_least(Scope::full)) {
    append(rows, group<64, false>(settings, true));
    append(rows, group<256, false>(settings, true));
  }
  return rows;
}

}  // namespace arena_shm::bench
