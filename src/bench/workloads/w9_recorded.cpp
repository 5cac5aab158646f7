// W9: whether recording disturbs a writer. The recorder is the tool's own, and runs in every other slice only.
#include <algorithm>
#include <memory>

#include "bench/channels/arenas.hpp"
#include "bench/harness/recording.hpp"
#include "bench/harness/team.hpp"
#include "bench/workloads/workloads.hpp"
#include "terminal/companion.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW9 = "W9";
const std::string kAlone = "not recorded";
constexpr std::size_t kSlots = 65536;

/// One member writes, as fast as it can or as fast as it may.
template <Way way>
class WriterPlay : public Play {
 public:
  explicit WriterPlay(Nanoseconds pace) : channel_(kSlots), pace_(pace) {}
  WriterPlay(const WriterPlay&) = delete;
  WriterPlay& operator=(const WriterPlay&) = delete;
  ~WriterPlay() override { channel_.all_joined(); }  // recorders come and go until then

  const std::string& name() const { return channel_.name(); }

  std::size_t members() const override { return 1; }
  void join(std::size_t) override { channel_.join_writer(); }

  Report run(std::size_t, const Window& window) override {
    const std::uint64_t pace = to_ticks(pace_);
    Report report;
    while (!window.is_over()) {
      for (int i = 0; i < kBetweenLooks; ++i) channel_.push(source_.next(next_++));
      report.values += kBetweenLooks;
      while (ticks() < window.begin + report.values * pace) continue;
    }
    report.tick_count = ticks() - window.begin;
    return report;
  }

  Slice summarize(const std::vector<Report>& reports) const override {
    const Report& writer = reports.front();
    Slice slice;
    slice.empty = writer.values == 0;
    slice.value = static_cast<double>(writer.values) / to_ns(writer.tick_count) * 1000;
    return slice;
  }

 private:
  static constexpr int kBetweenLooks = 64;  // at the clock

  ArenaChannel<Value<64>, way> channel_;
  Source<Value<64>, Made::ahead> source_;
  Nanoseconds pace_;
  std::uint64_t next_ = 0;
};

template <Way way>
Rows group(const Settings& settings, Nanoseconds pace) {
  std::string name = size_and_slots(64, kSlots) + ", " + name_of(way);
  if (pace.count() > 0) name += ", a value every " + std::to_string(pace.count()) + " ns";
  tell(kW9, name);
  auto play = std::make_unique<WriterPlay<way>>(pace);
  const std::string arena = play->name();
  std::vector<std::unique_ptr<Play>> plays;
  plays.push_back(std::move(play));
  Team team(std::move(plays), settings.cpus);

  std::vector<Contestant> all{
      {.name = kAlone, .against = {}, .run = [&](auto time) { return team.run(0, time); }, .unit = "M/s"}};
  const auto places = terminal::places_of("arena-shm", ARENA_SHM_BIN_FROM_LIBEXEC);
  const std::string recorder = terminal::first_program(places);
  if (recorder.empty()) {
    all.front().remark = "nothing to compare with: arena-shm is neither " + places[0] + " nor " + places[1];
  } else {
    const auto run = [&](Nanoseconds time) {
      Recording recording(recorder, arena, settings.cpus[1]);
      Slice slice = team.run(0, time);
      const Tally tally = recording.finish();
      const auto recorded = static_cast<double>(tally.recorded);
      const auto lost = static_cast<double>(tally.lost);
      slice.details["recorded M/s"] = recorded / static_cast<double>(time.count()) * 1000;
      slice.details["lost %"] = 100 * lost / std::max(lost + recorded, 1.0);
      return slice;
    };
    all.push_back({.name = "recorded", .against = {kAlone}, .run = run, .unit = "M/s"});
  }
  return run_rounds(kW9, name, all, settings);
}

}  // namespace

Rows recorded(const Settings& settings) {
  Settings longer = settings;  // a recorder writes in blocks
  longer.slice = 3 * settings.slice;
  Rows rows = group<Way::exclusive>(longer, {});
  append(rows, group<Way::shared>(longer, {}));
  append(rows, group<Way::shared>(longer, std::chrono::microseconds{1}));  // which a recorder keeps up with
  return rows;
}

}  // namespace arena_shm::bench
