#include "tool/verbs/forward_run.hpp"

#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <list>
#include <thread>
#include <utility>

#include "arena_shm/error.hpp"
#include "bridge/forwarder.hpp"
#include "bridge/subject.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/forward_metrics.hpp"
#include "tool/verbs/metrics_server.hpp"
#include "tool/views/shared_attendant.hpp"

namespace arena_shm::tool {

#ifdef ARENA_SHM_HAS_NATS

namespace {

struct Member {
  explicit Member(bridge::ForwardOptions wish) : options(std::move(wish)) {}

  bridge::ForwardOptions options;
  bridge::Meter meter{};
  std::atomic<bool> is_over = false;
  std::jthread thread{};
};

bridge::ForwardOptions options_of(const ForwardWish& wish, const std::string& name) {
  bridge::ForwardOptions options{.source = {.name = name, .consumer = wish.consumer, .where = wish.where},
                                 .server = wish.server,
                                 .stream = wish.limits,
                                 .batch = wish.batch,
                                 .max_delay = wish.max_delay,
                                 .stall_exit = wish.stall_exit,
                                 .waits = wish.waits};
  options.stream.name = bridge::with_name(wish.stream, name);
  options.stream.subject = bridge::with_name(wish.subject, name);
  return options;
}

std::string progress(const std::list<Member>& members) {
  std::uint64_t values = 0;
  std::uint64_t lag = 0;
  for (const Member& member : members) {
    const bridge::Reading reading = member.meter.read();
    values += reading.values;
    lag += reading.lag;
  }
  return fmt::format("forwarded {}, {} behind", values, lag);
}

void tell_end(const Member& member, SharedAttendant& attendant) {
  const bridge::Reading reading = member.meter.read();
  attendant.note(
      fmt::format("forwarded {} of '{}' to stream '{}' in {}{}, lost {}{}", text::counted(reading.values, "value"),
                  member.options.source.name, member.options.stream.name, text::counted(reading.messages, "message"),
                  reading.own.left_out > 0 ? fmt::format(", left out {}", reading.own.left_out) : "", reading.lost(),
                  reading.lag > 0 && reading.state != bridge::ForwarderState::standing_by
                      ? fmt::format("; stopped {} behind the head", text::counted(reading.lag, "value"))
                      : ""));
}

void run_member(Member& member, SharedAttendant& attendant) {
  try {
    bridge::Forwarder(member.options, attendant, member.meter).run();
  } catch (...) {
    attendant.fail(std::current_exception());
  }
  member.is_over = true;
}

}  // namespace

terminal::ExitCode forward(const ForwardWish& wish) {
  constexpr std::chrono::milliseconds kBetweenLooks{50};
  constexpr int kLooksALine = 10;
  terminal::catch_stop_signals();
  SharedAttendant attendant;
  std::list<Member> members;
  for (const std::string& name : wish.names) members.emplace_back(options_of(wish, name));
  for (Member& member : members) member.thread = std::jthread([&] { run_member(member, attendant); });
  const auto is_over = [&] { return attendant.stop_requested(); };
  try {
    if (wish.listen) {
      std::vector<Metered> metered;
      for (const Member& member : members)
        metered.push_back({member.options.source.name, member.options.stream.name, &member.meter});
      serve_metrics(
          *wish.listen, [metered] { return forward_page(metered); }, is_over);
    }
    for (int looks = 0; !is_over(); ++looks) {
      std::this_thread::sleep_for(kBetweenLooks);
      if (looks % kLooksALine == 0) attendant.show_progress(progress(members));
    }
  } catch (...) {
    attendant.fail(std::current_exception());
  }
  for (Member& member : members) member.thread.join();
  attendant.show_progress("");
  bool has_lost = false;
  for (const Member& member : members) {
    if (!attendant.failure() || member.meter.read().messages > 0) tell_end(member, attendant);
    has_lost = has_lost || member.meter.read().lost() > 0;
  }
  if (attendant.failure()) std::rethrow_exception(attendant.failure());
  return has_lost ? terminal::ExitCode::lost : terminal::ExitCode::ok;
}

#else

terminal::ExitCode forward(const ForwardWish&) {
  throw Error(Code::unsupported, {.name = {},
                                  .doing = "forward",
                                  .expected = "an arena-shm with NATS",
                                  .found = "one that was built without libnats",
                                  .remedy = "install libnats-dev (tools/setup build), and build it again"});
}

#endif

}  // namespace arena_shm::tool
