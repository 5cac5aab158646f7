#include "bench/harness/team.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "arena_shm/core/futex.hpp"
#include "bench/harness/alone.hpp"
#include "bench/harness/ping_pong.hpp"

namespace arena_shm::bench {
namespace {

enum Gate : std::size_t { kPrepared, kProbed, kRun, kGates };

}  // namespace

struct Team::Stage {
  std::atomic<std::uint32_t> turn{0};  // futex: the members sleep on it
  std::atomic<std::uint32_t> done{0};  // futex: the coordinator sleeps on it
  std::size_t play = 0;
  std::uint64_t duration = 0;
  std::atomic<std::uint64_t> begin{0};
  std::atomic<std::uint32_t> writing{0};
  std::array<std::atomic<std::uint32_t>, kGates> gates{};
  PingPongLines lines;
  std::array<Report, kMostMembers> reports{};
  std::array<double, 2> probes_ns{};  // before, after
  std::atomic<std::uint32_t> disturbed{0};
  std::array<char, 256> trouble{};
};

Team::Team(std::vector<std::unique_ptr<Play>> plays, const std::vector<int>& cpus)
    : plays_(std::move(plays)), cpus_(cpus) {
  for (const auto& play : plays_) member_count_ = std::max(member_count_, play->members());
  if (member_count_ > kMostMembers) throw std::invalid_argument("too many members");
  ns_per_tick();
  for (std::size_t member = 0; member < member_count_; ++member) {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      be_member(member);
    }
    children_.add(pid);
  }
  await_done(static_cast<std::uint32_t>(member_count_));
  for (const auto& play : plays_) play->all_joined();
}

Children::~Children() {
  for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
  for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
}

bool Children::one_has_died() const noexcept {
  return std::any_of(pids_.begin(), pids_.end(), [](pid_t pid) {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid == pid;
  });
}

void Team::be_member(std::size_t member) {
  Stage& stage = *stage_;
  try {
    pin_to(member < cpus_.size() ? cpus_[member] : cpus_[1 + (member - 1) % (cpus_.size() - 1)]);
    ::prctl(PR_SET_TIMERSLACK, 1);
    for (const auto& play : plays_) {
      if (member < play->members()) play->join(member);
    }
    Disturbance disturbance;
    Probe probe(stage.lines);
    for (std::uint32_t turn = 0;;) {
      stage.done.fetch_add(1, std::memory_order_acq_rel);
      core::futex_wake(stage.done, 1);
      while (stage.turn.load(std::memory_order_acquire) == turn) {
        core::futex_wait(stage.turn, turn, std::chrono::seconds{10});
      }
      ++turn;
      if (member < plays_[stage.play]->members()) act(member, probe, disturbance);
    }
  } catch (const std::exception& error) {
    std::strncpy(stage.trouble.data(), error.what(), stage.trouble.size() - 1);
  }
  ::_exit(1);
}

void Team::act(std::size_t member, Probe& probe, Disturbance& disturbance) {
  Stage& stage = *stage_;
  Play& play = *plays_[stage.play];
  const std::size_t members = play.members();
  const bool crowded = members > cpus_.size();
  const bool probes = members >= 2 && member < 2;

  play.prepare(member);
  await_all(kPrepared, members, crowded);
  const double before = probes ? probe.run(member) : 0;
  if (member == 0) stage.begin.store(ticks() + to_ticks(std::chrono::microseconds{crowded ? 1000 : 20}));
  await_all(kProbed, members, crowded);

  disturbance.begin();
  Window window;
  window.begin = stage.begin.load();
  window.stop = window.begin + stage.duration;
  window.writing = &stage.writing;
  while (ticks() < window.begin) continue;
  stage.reports[member] = play.run(member, window);
  if (member < play.writers()) stage.writing.fetch_sub(1, std::memory_order_acq_rel);
  const bool has_own_cpu = member == 0 || !crowded;
  if (has_own_cpu && disturbance.was_there(to_ns(stage.duration))) stage.disturbed.fetch_add(1);

  await_all(kRun, members, crowded);
  const double after = probes ? probe.run(member) : 0;
  if (probes && member == 0) stage.probes_ns = {before, after};
}

void Team::await_all(std::size_t gate, std::size_t members, bool crowded) {
  auto& count = stage_->gates[gate];
  count.fetch_add(1, std::memory_order_acq_rel);
  for (int i = 0; count.load(std::memory_order_acquire) < members; ++i) {
    if (crowded && i > 100) std::this_thread::sleep_for(std::chrono::microseconds{50});
    core::cpu_pause();
  }
}

void Team::await_done(std::uint32_t members) {
  Stage& stage = *stage_;
  for (int slices = 0;; ++slices) {
    const std::uint32_t done = stage.done.load(std::memory_order_acquire);
    if (done >= members) return;
    core::futex_wait(stage.done, done, std::chrono::milliseconds{100});
    if (children_.one_has_died()) {
      const std::string trouble = stage.trouble.data();
      throw std::runtime_error(trouble.empty() ? "a measuring process has died" : trouble);
    }
    if (slices > 600) throw std::runtime_error("a measuring process hangs");
  }
}

Slice Team::run(std::size_t index, Nanoseconds duration) {
  Stage& stage = *stage_;
  const Play& play = *plays_[index];
  stage.play = index;
  stage.duration = to_ticks(duration);
  stage.writing.store(static_cast<std::uint32_t>(play.writers()));
  for (auto& gate : stage.gates) gate.store(0);
  stage.probes_ns = {};
  stage.disturbed.store(0);
  stage.done.store(0);
  stage.turn.fetch_add(1, std::memory_order_acq_rel);
  core::futex_wake(stage.turn, static_cast<int>(kMostMembers));
  await_done(static_cast<std::uint32_t>(member_count_));

  const auto first = stage.reports.begin();
  Slice slice = play.summarize({first, first + static_cast<std::ptrdiff_t>(play.members())});
  const auto [before, after] = stage.probes_ns;
  const bool crowded = play.members() > cpus_.size();
  slice.probe_ns = (before + after) / 2;
  slice.disturbed = stage.disturbed.load() > 0 || (!crowded && !are_alike(before, after));
  if (crowded) slice.probe_ns = 0;
  return slice;
}

}  // namespace arena_shm::bench
