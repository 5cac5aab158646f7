// capture: what an arena held before something happened, and what came after it. Maps everything read-only and
// registers nowhere.
#include "recording/capture.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include "arena_shm/error.hpp"
#include "recording/trigger_line.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/signals.hpp"
#include "tool/verbs/file_options.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/report.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

struct CaptureOptions {
  std::string name;
  recording::FileOptions file;
  std::string as;
  recording::CaptureWish wish;
  std::string before = "1000000000ns";  // as the check leaves it
  std::string after = "1000000000ns";
  std::optional<std::uint64_t> count;
  std::optional<double> holdoff_seconds;
};

// A line at the terminal, SIGUSR1, and `trigger`.
class ToolHand final : public recording::Hand {
 public:
  explicit ToolHand(const std::string& arena) : line_(arena), has_keys_(::isatty(STDIN_FILENO) == 1) {
    terminal::catch_trigger_signal();
    ::signal(SIGTTIN, SIG_IGN);  // the read fails instead
  }

  bool has_keys() const noexcept { return has_keys_; }
  bool was_pulled() override {
    const bool by_signal = terminal::take_trigger_signal();
    const bool by_line = line_.was_pulled();
    return was_key_pressed() || by_signal || by_line;
  }

 private:
  // In the background of a shell the keys are others': who reads them there is stopped (SIGTTIN).
  bool was_key_pressed() {
    const pid_t foreground = ::tcgetpgrp(STDIN_FILENO);  // -1: of a terminal that controls nobody here
    if (!has_keys_ || (foreground >= 0 && foreground != ::getpgrp())) return false;
    pollfd keys{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&keys, 1, 0) != 1) return false;
    std::array<char, 256> typed{};
    const ssize_t bytes = ::read(STDIN_FILENO, typed.data(), typed.size());
    has_keys_ = bytes > 0 || (bytes < 0 && errno == EIO);  // it has gone to the background just now
    return bytes > 0;
  }

  recording::TriggerLine line_;
  bool has_keys_;
};

recording::Span span_of(const std::string& text) {
  if (!text.ends_with("ns")) return {.time = {}, .values = std::stoull(text)};
  return {.time = std::chrono::nanoseconds(std::stoll(text)), .values = 0};
}

terminal::ExitCode run_capture(const CaptureOptions& options) {
  terminal::catch_stop_signals();
  if (options.file.path == "-") {
    throw Error(Code::invalid_argument, {.name = "standard output",
                                         .doing = "capture to",
                                         .expected = "the name of a file, for there is one for each trigger",
                                         .found = "-",
                                         .remedy = "give -o capture.npy: the first file is capture.1.npy"});
  }
  recording::CaptureWish wish = options.wish;
  wish.before = span_of(options.before);
  wish.after = span_of(options.after);
  if (options.count) wish.count = *options.count;
  if (options.holdoff_seconds)
    wish.holdoff =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(*options.holdoff_seconds));
  ToolHand hand(options.name);
  if (hand.has_keys()) terminal::note("press Enter to trigger, Ctrl-C to end");
  const recording::Captured captured =
      recording::capture(options.name, wish, options.file, options.as, hand, terminal_attendant());
  auto code = captured.lost > 0 ? terminal::ExitCode::lost : terminal::ExitCode::ok;
  if (captured.failure) code = report(*captured.failure);
  terminal::note(captured.summary);
  return code;
}

}  // namespace

void add_capture(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<CaptureOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "capture",
       .summary = "Record what came before and after something happened",
       .details =
           "Watches an arena, and writes a file each time a value matches --when: what the ring still holds of the\n"
           "time before, and what comes after. A key (Enter), SIGUSR1 and arena-shm trigger do the same by hand.\n"
           "The files are numbered: -o late.npy makes late.1.npy, late.2.npy, and so on, behind those that are there.\n"
           "The column _trigger is 1 in the row of the value that triggered; by hand, in the first row behind that\n"
           "moment. No value is in two files: one that was triggered soon after another begins where that one ends,\n"
           "and a value that matches while a file is being written is only a row of it, as what is triggered then by\n"
           "hand. Files that are there are never replaced.\n"
           "--before and --after are times, by the schema's time field or else by the times of the arena (create\n"
           "--time), or numbers of values; of an arena with lanes, --before is then a number of each lane.\n"
           "--holdoff is a time after a trigger in which nothing triggers.\n"
           "What the ring was too small to hold before the trigger is said, and how far back it went. Values that\n"
           "were overwritten before they could be looked at, or are missing in a file, are reported on standard\n"
           "error, and the exit code is then 3. An arena that is removed and made anew is followed; one that is not\n"
           "there yet is waited for.",
       .example = "  arena-shm capture ticks -o high.npy --when 'px > 100.5' --before 5s --after 2s\n"
                  "  arena-shm capture ticks -o big.csv --when 'qty > 10000' --before 500 --after 500 --count 1\n"
                  "  arena-shm capture imu -o bump.npy --before 10s --after 10s"},
      options, run_capture);
  verb.add_option("NAME", options->name, "Name of the arena").required().type_name("");
  add_numbered_file_options(verb, options->file);
  verb.add_option("--when", options->wish.when, "What triggers: a condition, see arena-shm help filters")
      .type_name("EXPR");
  verb.add_option("--before", options->before, "How much before the trigger: a time, or a number of values")
      .type_name("SPAN")
      .default_str("1s")
      .check(terminal::time_or_count());
  verb.add_option("--after", options->after, "How much after it")
      .type_name("SPAN")
      .default_str("1s")
      .check(terminal::time_or_count());
  verb.add_option("-n,-c,--count", options->count, "Stop after N times")
      .type_name("N")
      .check(terminal::count({.least = 1}));
  using std::chrono::nanoseconds;
  verb.add_option("--holdoff", options->holdoff_seconds, "So long after a trigger there is no other, like 10s")
      .type_name("TIME")
      .check(terminal::duration(nanoseconds(0), nanoseconds::max(), terminal::BareNumber::is_refused));
  verb.add_option("--as", options->as, "Decode records as these fields, like 'u64 ts, f64 px'").type_name("FIELDS");
}

}  // namespace arena_shm::tool
