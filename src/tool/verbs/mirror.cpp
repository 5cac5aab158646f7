// mirror: streams of NATS JetStream into rings. What it does with one is in bridge/mirror.hpp.
#include <string>

#include "bridge/subject.hpp"
#include "serve/address.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/names.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "tool/verbs/mirror_run.hpp"
#include "tool/verbs/server_options.hpp"
#include "tool/verbs/verbs.hpp"

namespace arena_shm::tool {

namespace {

terminal::ExitCode run_mirror(const MirrorWish& wish) {
  if (is_subject_pattern(wish.stream) && !wish.name.empty()) {
    terminal::note("NAME: expected none, for --stream is a pattern: each ring has the name of its origin");
    return terminal::ExitCode::usage;
  }
  return mirror(wish);
}

std::string check_mirrored_stream(const std::string& text) {
  if (!is_subject_pattern(text)) return bridge::stream_defect(text);
  return text.find_first_of(" \t\r\n") == std::string::npos && text.front() != '$'
             ? ""
             : "expected a stream, or subjects like 'telemetry.>'";
}

}  // namespace

void add_mirror(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<MirrorWish>();
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
  verb.add_option("NAME", options->name, "Name of the arena; without it, that of the origin").type_name("");
  add_server_options(verb, "--from", options->server);
  verb.add_option("--stream", options->stream, "The stream, or subjects of several, as 'telemetry.>'")
      .required()
      .type_name("STREAM")
      .check(check_mirrored_stream);
  verb.add_option(
          "--listen", [options](const std::string& text) { options->listen = serve::parse_address(text); },
          "Serve metrics for Prometheus at this address")
      .type_name("[ADDR:]PORT")
      .check(serve::address_defect);
  verb.add_flag("--wait", options->waits, "Wait for a server, and a stream, that are not there yet");
  verb.add_option("--slots", options->slots,
                  "How many values the arena holds, each lane if there are several; without it, as many as the origin")
      .type_name("N")
      .check(terminal::count({.least = 1}));
}

}  // namespace arena_shm::tool
