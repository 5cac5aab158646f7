#include "tool/verbs/mirror_run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "arena_shm/error.hpp"
#include "bridge/mirror.hpp"
#include "terminal/names.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/metrics_server.hpp"
#include "tool/verbs/mirror_metrics.hpp"
#include "tool/views/shared_attendant.hpp"

namespace arena_shm::tool {

bool is_subject_pattern(std::string_view text) noexcept { return text.find_first_of(".*>") != std::string_view::npos; }

#ifdef ARENA_SHM_HAS_NATS

namespace {

constexpr std::chrono::milliseconds kBetweenStops{50};  // until a signal is looked for again
constexpr std::chrono::seconds kBetweenStreams{1};      // until new ones are looked for

std::string losses_text(const bridge::MirrorCounts& counts) {
  std::string text;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) fmt::format_to(std::back_inserter(text), "{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(counts.overwritten, "overwritten at the origin");
  add(counts.passed_over, "passed over at the origin");
  add(counts.dropped, "dropped by the stream");
  add(counts.holes, "holes");
  add(counts.left_out, "left out by the filter");
  return text.empty() ? "lost none" : text;
}

std::string messages_text(const bridge::MirrorCounts& counts) {
  std::string text;
  if (counts.refused > 0) text += fmt::format("; refused {}", text::counted(counts.refused, "message"));
  if (counts.foreign > 0) text += fmt::format("; {} of others", text::counted(counts.foreign, "message"));
  if (counts.reconnects > 0) text += fmt::format("; {}", text::counted(counts.reconnects, "reconnect"));
  return text;
}

terminal::ExitCode exit_code(const bridge::MirrorCounts& counts) {
  if (counts.lost() > 0) return terminal::ExitCode::lost;
  return counts.refused > 0 ? terminal::ExitCode::failed : terminal::ExitCode::ok;
}

/// One, or each stream of a pattern, also those that come later.
class Mirrors {
 public:
  explicit Mirrors(const MirrorWish& wish) : wish_(wish), is_pattern_(is_subject_pattern(wish.stream)) {}

  terminal::ExitCode run() {
    // To begin with, all has to be right.
    if (is_pattern_ && !wish_.waits) bridge::Connection(wish_.server).streams_for(wish_.stream);
    if (!is_pattern_) begin(wish_.stream);
    {
      std::jthread looker;
      if (is_pattern_) looker = std::jthread([this] { look_for_streams(); });
      wait();
    }
    return end();
  }

 private:
  struct One {
    bridge::MirrorMeter meter{};
    terminal::ExitCode code = terminal::ExitCode::ok;
    std::thread thread{};
  };

  bool is_over() const noexcept { return attendant_.stop_requested(); }

  void wait() {
    try {
      const auto over = [this] { return is_over(); };
      if (wish_.listen)
        serve_metrics(
            *wish_.listen, [this] { return page(); }, over);
      while (!is_over()) std::this_thread::sleep_for(kBetweenStops);
    } catch (...) {
      attendant_.fail(std::current_exception());
    }
  }

  std::string page() {
    std::vector<MeteredMirror> all;
    const std::lock_guard lock(mutex_);
    for (const auto& [stream, one] : mirrors_) all.push_back({stream, one.meter.read()});
    return mirror_page(all);
  }

  void look_for_streams() {
    while (!is_over()) {
      try {
        bridge::Connection connection(wish_.server);
        for (const std::string& stream : connection.streams_for(wish_.stream)) begin(stream);
      } catch (const bridge::ServerTrouble&) {  // those that are there say it
      } catch (...) {
        return attendant_.fail(std::current_exception());
      }
      for (auto left = std::chrono::milliseconds(kBetweenStreams); left > left.zero() && !is_over();
           left -= kBetweenStops)
        std::this_thread::sleep_for(kBetweenStops);
    }
  }

  void begin(const std::string& stream) {
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = mirrors_.try_emplace(stream);
    if (is_new)
      at->second.thread = std::thread([this, &stream = at->first, &one = at->second] { run_one(stream, one); });
  }

  void run_one(const std::string& stream, One& one) {
    try {
      bridge::Mirror(
          {.server = wish_.server, .stream = stream, .name = wish_.name, .slots = wish_.slots, .waits = wish_.waits},
          attendant_, one.meter)
          .run();
    } catch (const Error& error) {
      if (!is_pattern_) return attendant_.fail(std::current_exception());
      attendant_.note(fmt::format("stream '{}': {}", stream, error.what()));
      one.code = terminal::exit_code_of(error.code());
    } catch (...) {
      attendant_.fail(std::current_exception());
    }
  }

  terminal::ExitCode end() {
    terminal::Verdict verdict;
    for (auto& [stream, one] : mirrors_) {
      one.thread.join();
      const bridge::MirrorCounts counts = one.meter.read().counts;
      if (!attendant_.failure() || counts.messages > 0)
        terminal::note(fmt::format("stream '{}': mirrored {}; {}{}", stream, text::counted(counts.values, "value"),
                                   losses_text(counts), messages_text(counts)));
      verdict.add(one.code);
      verdict.add(exit_code(counts));
    }
    if (attendant_.failure()) std::rethrow_exception(attendant_.failure());
    return verdict.code();
  }

  const MirrorWish& wish_;
  const bool is_pattern_;
  SharedAttendant attendant_;
  std::mutex mutex_;  // of the map; it only grows
  std::map<std::string, One> mirrors_;
};

}  // namespace

terminal::ExitCode mirror(const MirrorWish& wish) {
  terminal::catch_stop_signals();
  return Mirrors(wish).run();
}

#else

terminal::ExitCode mirror(const MirrorWish&) {
  throw Error(Code::unsupported, {.name = {},
                                  .doing = "mirror",
                                  .expected = "an arena-shm with NATS",
                                  .found = "one that was built without libnats",
                                  .remedy = "install libnats-dev (tools/setup build), and build it again"});
}

#endif

}  // namespace arena_shm::tool
