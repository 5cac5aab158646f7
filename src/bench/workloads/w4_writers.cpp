// W4: several writers at once. What counts is how many values all of them write together.
#include <algorithm>

#include "bench/channels/arenas.hpp"
#include "bench/channels/boost_queues.hpp"
#include "bench/channels/floors.hpp"
#include "bench/channels/kernel_queues.hpp"
#include "bench/channels/mutex_rings.hpp"
#include "bench/workloads/team_contestants.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW4 = "W4";

/// All members write. A queue that gets full ends the slice, and is emptied before the next one.
template <class Channel, class T, bool batches>
class WritersPlay : public Play {
 public:
  WritersPlay(std::size_t writers, std::size_t slots) : channel_(slots), writers_(writers) {}

  std::size_t members() const override { return writers_; }
  std::size_t writers() const override { return writers_; }
  void join(std::size_t) override { channel_.join_writer(); }
  void all_joined() override { channel_.all_joined(); }

  void prepare(std::size_t member) override {
    if constexpr (!Channel::kOverwrites) {
      if (member == 0) empty<Channel, T>(channel_);
    }
  }

  Report run(std::size_t, const Window& window) override {
    Report report;
    bool full = false;
    while (!full && !window.is_over()) {
      for (std::uint64_t i = 0; i < kBetweenLooks && !full; i += step()) {
        if constexpr (batches) {
          channel_.push_batch(source_.next_batch(i));
        } else if (!channel_.push(source_.next(i))) {
          full = true;
          break;
        }
        report.values += step();
      }
    }
    report.tick_count = ticks() - window.begin;
    return report;
  }

  Slice summarize(const std::vector<Report>& reports) const override {
    std::uint64_t values = 0;
    std::uint64_t longest = 0;
    for (const Report& report : reports) {
      values += report.values;
      longest = std::max(longest, report.tick_count);
    }
    Slice slice;
    slice.empty = values == 0;
    slice.value = static_cast<double>(values) / to_ns(longest) * 1000;
    return slice;
  }

 private:
  static constexpr std::uint64_t kBetweenLooks = 64;  // at the clock
  static constexpr std::uint64_t step() { return batches ? Source<T, Made::ahead>::kBatch : 1; }

  Channel channel_;
  Source<T, Made::ahead> source_;
  std::size_t writers_;
};

/// A lane for each writer that there may be.
template <class T, Way way>
class LanedChannel : public ArenaChannel<T, way> {
 public:
  explicit LanedChannel(std::size_t slots)
      : ArenaChannel<T, way>(slots, {.seats = static_cast<std::uint32_t>(kMostMembers)}) {}
};

template <std::size_t bytes, std::size_t slots>
Rows group(const Settings& settings, std::size_t writers, bool all_peers) {
  using T = Value<bytes>;
  const std::string name = std::to_string(writers) + " writers, " + size_and_slots(bytes, slots);
  tell(kW4, name);
  Cast cast;
  const auto add = [&]<class Channel, bool batches = false>(const std::string& contestant,
                                                            std::vector<std::string> against = {kFetchAddFloor}) {
    cast.add(contestant, std::move(against), std::make_unique<WritersPlay<Channel, T, batches>>(writers, slots), "M/s");
  };
  add.template operator()<FetchAddChannel<T>>(kFetchAddFloor, {});
  add.template operator()<MarkedChannel<T>>(kSharedStores);
  add.template operator()<ArenaChannel<T, Way::shared>>(kShared, {kFetchAddFloor, kSharedStores});
  add.template operator()<LanedChannel<T, Way::laned>>(kLaned, {kFetchAddFloor, kShared});
  add.template operator()<LanedChannel<T, Way::laned_timed>>(kLanedTimed, {kFetchAddFloor, kShared});
  add.template operator()<ArenaChannel<T, Way::batch>, true>(kBatch, {kShared});  // which has no claim for each value
  add.template operator()<ArenaChannel<T, Way::guarded>>(kGuarded, {kFetchAddFloor, kSharedStores, kRobust});
  add.template operator()<RobustRing<T>>(kRobust);
  add.template operator()<MessageQueueChannel<T, slots>>(kMessageQueue);
  if (all_peers) {
    add.template operator()<BoostMutexRing<T>>(kBoostMutex);
    add.template operator()<QueueChannel<T, slots>>(kQueue);
    add.template operator()<PipeChannel<T>>(kPipe);
  }
  return cast.measure(kW4, name, settings);
}

}  // namespace

Rows writers_at_once(const Settings& settings) {
  const bool usual = settings.at_least(Scope::usual);
  const bool full = settings.at_least(Scope::full);
  Rows rows = group<64, 65536>(settings, 2, usual);
  if (usual) {
    append(rows, group<8, 65536>(settings, 2, false));
    append(rows, group<256, 65536>(settings, 2, false));
    append(rows, group<64, 1024>(settings, 2, false));
  }
  const std::size_t all_cpus = std::min(settings.cpus.size(), kMostMembers);
  if (usual && all_cpus > 2) append(rows, group<64, 65536>(settings, all_cpus, full));
  return rows;
}

}  // namespace arena_shm::bench
