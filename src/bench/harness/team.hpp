// Several processes that measure something together, slice by slice, each on a CPU of its own as far as there are
// enough. The coordinator sleeps meanwhile.
//
// A slice, in each member:
//   prepare -> all -> probe -> all -> begin -> run -> all -> probe -> report
// "all" waits for the other members; the probe is a bare ping-pong between the first two.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/harness/clock.hpp"
#include "bench/harness/disturbance.hpp"
#include "bench/harness/ping_pong.hpp"
#include "bench/harness/rounds.hpp"
#include "bench/harness/shared_block.hpp"

namespace arena_shm::bench {

inline constexpr std::size_t kMostMembers = 33;

/// The time of one slice, as its members see it.
struct Window {
  std::uint64_t begin = 0;  ///< in ticks
  std::uint64_t stop = 0;
  const std::atomic<std::uint32_t>* writing = nullptr;  ///< how many writers have not come to their end yet

  bool is_over() const noexcept { return ticks() >= stop; }
  bool all_written() const noexcept { return writing->load(std::memory_order_acquire) == 0; }
};

/// What a member has measured; which figure means what is the play's business.
struct Report {
  std::uint64_t values = 0;
  std::uint64_t tick_count = 0;
  std::array<double, 6> figures{};
};

/// Something that a team can measure. Made by the coordinator; copied into each member by fork.
class Play {
 public:
  virtual ~Play() = default;

  virtual std::size_t members() const { return 2; }
  /// The first ones write: Window::writing counts them.
  virtual std::size_t writers() const { return 1; }
  /// In a member, once: opens its handles.
  virtual void join(std::size_t member) = 0;
  /// In the coordinator, when all have joined: takes names away, so that nothing is left behind.
  virtual void all_joined() {}
  /// In a member, before each slice, untimed.
  virtual void prepare(std::size_t) {}
  /// In a member: the slice.
  virtual Report run(std::size_t member, const Window& window) = 0;
  /// In the coordinator. `reports` is as long as members().
  virtual Slice summarize(const std::vector<Report>& reports) const = 0;
};

/// Child processes; ends them when destroyed.
class Children {
 public:
  Children() = default;
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;
  ~Children();

  void add(pid_t pid) { pids_.push_back(pid); }
  bool one_has_died() const noexcept;

 private:
  std::vector<pid_t> pids_;
};

/// Forks the members, ends them when destroyed. Thread safety: none.
class Team {
 public:
  /// Member i runs on cpus[i], those beyond the last one share all but the first.
  Team(std::vector<std::unique_ptr<Play>> plays, const std::vector<int>& cpus);
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// One slice of a play. Errors: std::runtime_error with what went wrong in a member; the team is of no use then.
  Slice run(std::size_t play, Nanoseconds duration);

 private:
  struct Stage;

  [[noreturn]] void be_member(std::size_t member);
  void act(std::size_t member, Probe& probe, Disturbance& disturbance);
  void await_all(std::size_t gate, std::size_t members, bool crowded);
  void await_done(std::uint32_t members);

  std::vector<std::unique_ptr<Play>> plays_;
  std::vector<int> cpus_;
  std::size_t member_count_ = 0;
  Shared<Stage> stage_;
  Children children_;
};

}  // namespace arena_shm::bench
