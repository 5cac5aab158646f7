// mirror: streams of NATS JetStream into rings. What it does with one is in bridge/mirror.hpp.
#include "bridge/mirror.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "arena_shm/error.hpp"
#include "bridge/subject.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/names.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/server_options.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

using namespace std::chrono_literals;

struct MirrorOptions {
  bridge::MirrorOptions mirror;
};

bool is_subject_pattern(const std::string& text) { return text.find_first_of(".*>") != std::string::npos; }

// A line at a time, whoever has it.
class SharedAttendant : public recording::Attendant {
 public:
  bool stop_requested() const noexcept override { return terminal_attendant().stop_requested(); }
  void note(std::string_view text) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    terminal_attendant().note(text);
  }
  void tell(std::string_view line) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    terminal_attendant().tell(line);
  }
  void show_progress(std::string_view) override {}

 private:
  std::mutex mutex_;
};

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

terminal::ExitCode code_of(const bridge::MirrorCounts& counts) {
  if (counts.lost() > 0) return terminal::ExitCode::lost;
  return counts.refused > 0 ? terminal::ExitCode::failed : terminal::ExitCode::ok;
}

void summarize(const bridge::MirrorOptions& options, const bridge::MirrorCounts& counts) {
  terminal::note(fmt::format("stream '{}': mirrored {}; {}{}", options.stream, text::counted(counts.values, "value"),
                             losses_text(counts), messages_text(counts)));
}

terminal::ExitCode mirror_one(const bridge::MirrorOptions& options) {
  SharedAttendant attendant;
  bridge::Mirror mirror(options, attendant);
  mirror.run();
  summarize(options, mirror.counts());
  return code_of(mirror.counts());
}

// Each stream of a pattern, also those that come later, by a thread of its own.
class Mirrors {
 public:
  explicit Mirrors(const bridge::MirrorOptions& options) : options_(options) {}

  terminal::ExitCode run() {
    // To begin with, all has to be right.
    if (!options_.waits) bridge::Connection(options_.server).streams_for(options_.stream);
    while (!attendant_.stop_requested()) {
      look();
      for (int i = 0; i < 10 && !attendant_.stop_requested(); ++i) std::this_thread::sleep_for(100ms);
    }
    terminal::Verdict verdict;
    for (auto& [stream, one] : mirrors_) {
      one.thread.join();
      summarize(one.options, one.mirror->counts());
      verdict.add(one.code);
      verdict.add(code_of(one.mirror->counts()));
    }
    return verdict.code();
  }

 private:
  struct One {
    bridge::MirrorOptions options;
    std::optional<bridge::Mirror> mirror;
    terminal::ExitCode code = terminal::ExitCode::ok;
    std::thread thread;
  };

  void look() {
    try {
      bridge::Connection connection(options_.server);
      for (const std::string& stream : connection.streams_for(options_.stream)) {
        if (!mirrors_.contains(stream)) begin(stream);
      }
    } catch (const bridge::ServerTrouble&) {  // those that are there say it
    }
  }

  void begin(const std::string& stream) {
    One& one = mirrors_[stream];
    one.options = options_;
    one.options.stream = stream;
    one.mirror.emplace(one.options, attendant_);
    one.thread = std::thread([this, &one] {
      try {
        one.mirror->run();
      } catch (const Error& error) {
        attendant_.note(fmt::format("stream '{}': {}", one.options.stream, error.what()));
        one.code = terminal::exit_code_of(error.code());
      }
    });
  }

  const bridge::MirrorOptions& options_;
  SharedAttendant attendant_;
  std::map<std::string, One> mirrors_;
};

terminal::ExitCode run_mirror(const MirrorOptions& options) {
  terminal::catch_stop_signals();
  if (!is_subject_pattern(options.mirror.stream)) return mirror_one(options.mirror);
  if (!options.mirror.name.empty()) {
    terminal::note("NAME: expected none, for --stream is a pattern: each ring has the name of its origin");
    return terminal::ExitCode::usage;
  }
  return Mirrors(options.mirror).run();
}

std::string check_mirrored_stream(const std::string& text) {
  if (!is_subject_pattern(text)) return bridge::stream_defect(text);
  return text.find_first_of(" \t\r\n") == std::string::npos && text.front() != '$'
             ? ""
             : "expected a stream, or subjects like 'telemetry.>'";
}

}  // namespace

void add_mirror(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<MirrorOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "mirror",
       .summary = "Mirror streams of NATS JetStream into arenas, with the same sequence numbers",
       .details =
           "What 'arena-shm forward' has put into a stream on one host comes into a ring on this one: each value has\n"
           "the same sequence number on both. What is lost at the origin, or dropped by the stream, is a hole here;\n"
           "the cause is reported on standard error. If the origin's ring is removed and created anew, so is this "
           "one.\n"
           "mirror may be killed at any time: it goes on where its ring ends. Each stream has as many mirrors as one\n"
           "likes. A ring that somebody else has written is not touched.\n"
           "A pattern of subjects instead of a stream, as 'telemetry.>', mirrors all streams that take such subjects,\n"
           "also those that are made later.\n"
           "The ring is exclusive, or laned if its origin is; it overwrites, and has no times of its own.\n"
           "SIGTERM and SIGINT end it. The exit code is 3 if values were lost.",
       .example = "  arena-shm mirror --from nats://hub:4222 --stream ticks\n"
                  "  arena-shm mirror --from nats://hub:4222 --stream ticks copy --slots 1M\n"
                  "  arena-shm mirror --from nats://hub:4222 --stream 'telemetry.>' --creds hub.creds"},
      options, run_mirror);
  verb.add_option("NAME", options->mirror.name, "Name of the arena; without it, that of the origin").type_name("");
  add_server_options(verb, "--from", options->mirror.server);
  verb.add_option("--stream", options->mirror.stream, "The stream, or subjects of several, as 'telemetry.>'")
      .required()
      .type_name("STREAM")
      .check(check_mirrored_stream);
  verb.add_flag("--wait", options->mirror.waits, "Wait for a server, and a stream, that are not there yet");
  verb.add_option("--slots", options->mirror.slots,
                  "How many values the arena holds, each lane if there are several; without it, as many as the origin")
      .type_name("N")
      .check(terminal::count({.least = 1}));
}

}  // namespace arena_shm::tool
