// W6: how long it takes to wake a reader that sleeps, and what the writer pays for it.
#include "bench/channels/arenas.hpp"
#include "bench/channels/boost_queues.hpp"
#include "bench/channels/floors.hpp"
#include "bench/channels/kernel_queues.hpp"
#include "bench/channels/wait_set_channel.hpp"
#include "bench/workloads/latency_plays.hpp"
#include "bench/workloads/team_contestants.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW6 = "W6";
constexpr Nanoseconds kPace = std::chrono::microseconds{300};  // longer than readers spin before they sleep

}  // namespace

Rows wake_up(const Settings& settings) {
  using T = Value<64>;
  constexpr std::size_t kSlots = 1024;
  const std::string name = "64 B, every 300 us";
  tell(kW6, name);
  Cast cast;
  const auto add = [&]<class Channel>(const std::string& contestant, std::vector<std::string> against = {kBareFutex}) {
    cast.add(contestant, std::move(against), std::make_unique<PacedPlay<Channel, T, Wait::sleeping>>(kSlots, kPace),
             "ns");
  };
  add.template operator()<FutexChannel<T>>(kBareFutex);
  add.template operator()<ArenaChannel<T, Way::shared, Manner::latency>>(kShared + ", latency");
  add.template operator()<ArenaChannel<T, Way::shared, Manner::throughput>>(kShared + ", throughput");
  add.template operator()<WaitSetChannel<T, 1>>(kWaitSet1);
  add.template operator()<WaitSetChannel<T, 100>>(kWaitSet100, {kBareFutex, kWaitSet1});
  add.template operator()<MessageQueueChannel<T, kSlots>>(kMessageQueue);
  add.template operator()<PipeChannel<T>>(kPipe);
  add.template operator()<MqChannel<T>>(kMq);
  Settings longer = settings;  // there are few wake-ups in 20 ms
  longer.slice = 2 * settings.slice;
  return cast.measure(kW6, name, longer);
}

}  // namespace arena_shm::bench
