// forward: rings into streams of NATS JetStream. What it does is in bridge/forwarder.hpp.
#include <chrono>

#include "bridge/subject.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/quantity_options.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/forward_run.hpp"
#include "tool/verbs/server_options.hpp"
#include "tool/verbs/verbs.hpp"

namespace arena_shm::tool {

namespace {

struct ForwardOptions {
  ForwardWish wish;
  double max_delay = 0.05;
  double max_age = 0;
  std::optional<double> stall_exit;
};

std::chrono::nanoseconds nanoseconds_of(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

std::string check_stream(const std::string& text) { return bridge::stream_defect(bridge::with_name(text, "name")); }
std::string check_subject(const std::string& text) { return bridge::subject_defect(bridge::with_name(text, "name")); }

terminal::ExitCode run_forward(const ForwardOptions& options) {
  ForwardWish wish = options.wish;
  if (wish.names.size() > 1) {
    for (const auto& [option, text] : {std::pair{"--stream", wish.stream}, std::pair{"--subject", wish.subject}}) {
      if (text.find("{name}") == std::string::npos)
        terminal::refuse_value(option, "expected {name} in it, for there are several arenas");
    }
  }
  wish.max_delay = nanoseconds_of(options.max_delay);
  wish.limits.max_age = nanoseconds_of(options.max_age);
  if (options.stall_exit) wish.stall_exit = nanoseconds_of(*options.stall_exit);
  return forward(wish);
}

void add_stream_options(const terminal::Command& verb, const std::shared_ptr<ForwardOptions>& options) {
  using std::chrono::nanoseconds;
  bridge::StreamWish& limits = options->wish.limits;
  verb.add_option("--replicas", limits.replicas, "Of a stream that is made: on how many servers it is")
      .type_name("N")
      .capture_default_str()
      .check(terminal::count({.least = 1, .most = 5}));
  verb.add_option("--max-bytes", limits.max_bytes,
                  "Of a stream that is made: drop its oldest messages beyond this size")
      .type_name("BYTES")
      .check(terminal::size());
  verb.add_option("--max-messages", limits.max_messages, "Of a stream that is made: drop its oldest messages beyond N")
      .type_name("N")
      .check(terminal::count());
  verb.add_option("--max-age", options->max_age, "Of a stream that is made: drop messages that are older")
      .type_name("TIME")
      .check(terminal::duration(nanoseconds(100'000'000), nanoseconds::max(), terminal::BareNumber::is_refused));
  verb.add_flag("--memory", limits.in_memory, "Of a stream that is made: keep it in memory, not in files");
}

}  // namespace

void add_forward(const terminal::Command& app, Action& action) {
  using std::chrono::nanoseconds;
  auto options = std::make_shared<ForwardOptions>();
  options->wish.consumer = "forward";
  terminal::Command verb = add_verb(
      app, action,
      {.name = "forward",
       .summary = "Forward arenas to streams of NATS JetStream, each value once",
       .details =
           "Each arena has a stream of its own, which is made if it is not there. A message is a batch of records as\n"
           "they are in memory; what was lost is in messages of its own, with the cause. The stream itself says how\n"
           "far it is: forward may be killed at any time and started again, and so may the server. Values that are\n"
           "overwritten before they are forwarded are lost, and counted. The writers of a lossless arena wait for it,\n"
           "for it is a durable consumer of that arena: nothing is lost; also while it is away.\n"
           "Of two that forward the same arena to the same stream one stands by, and goes on when the other is gone.\n"
           "When the arena is removed and created anew, what is left of the old one is forwarded, and then the new "
           "one.\n"
           "SIGTERM and SIGINT end it, after what is there by then has been forwarded. Lost values are reported on\n"
           "standard error, and the exit code is then 3. --listen serves metrics for Prometheus: how far it is "
           "behind,\n"
           "and how old the newest value is that was delivered.\n"
           "{name} in --stream and --subject is the name of the arena; what cannot be in a subject is replaced by _.",
       .example = "  arena-shm forward ticks --to nats://hub:4222\n"
                  "  arena-shm forward ticks orders --to nats://hub:4222 --creds edge.creds --listen 9465\n"
                  "  arena-shm forward ticks --to nats://a:4222,nats://b:4222 --replicas 3 --max-age 7d\n"
                  "  arena-shm forward ticks --to nats://hub:4222 --where 'px > 100' --stall-exit 30s"},
      options, run_forward);
  verb.add_option("NAME", options->wish.names, "Names of the arenas").required().type_name("");
  add_server_options(verb, "--to", options->wish.server);
  verb.add_option("--stream", options->wish.stream, "The stream")
      .type_name("STREAM")
      .capture_default_str()
      .check(check_stream);
  verb.add_option("--subject", options->wish.subject, "The subject that the messages are published to")
      .type_name("SUBJECT")
      .capture_default_str()
      .check(check_subject);
  verb.add_option("--batch", options->wish.batch, "So many values in a message at most")
      .type_name("N")
      .capture_default_str()
      .check(terminal::count({.least = 1, .most = 1'000'000}));
  verb.add_option("--max-delay", options->max_delay, "So long a value waits for others to fill its message")
      .type_name("TIME")
      .default_str("50ms")
      .check(terminal::duration(nanoseconds(0), nanoseconds(60'000'000'000), terminal::BareNumber::is_refused));
  add_where_option(verb, options->wish.where);
  verb.add_option("--consumer", options->wish.consumer, "Of a lossless arena: the durable consumer to be")
      .type_name("CONSUMER")
      .capture_default_str();
  add_stream_options(verb, options);
  verb.add_flag("--wait", options->wish.waits,
                "Wait for a server that is not there yet; an arena is always waited for");
  verb.add_option("--stall-exit", options->stall_exit,
                  "End with an error if the arena goes on and nothing is delivered for so long")
      .type_name("TIME")
      .check(terminal::duration(nanoseconds(1'000'000), nanoseconds::max(), terminal::BareNumber::is_refused));
  verb.add_option(
          "--listen", [options](const std::string& text) { options->wish.listen = serve::parse_address(text); },
          "Serve metrics for Prometheus at this address")
      .type_name("[ADDR:]PORT")
      .check(serve::address_defect);
}

}  // namespace arena_shm::tool
