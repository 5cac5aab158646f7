// metrics: all arenas as Prometheus reads them, once or by HTTP.
#include <memory>
#include <string>
#include <utility>

#include "recording/replaced_file.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "tool/verbs/metrics_server.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/exposition.hpp"

namespace arena_shm::tool {

namespace {

struct MetricsOptions {
  std::string listen;
  std::string output = "-";
  ConstantLabels labels;
};

void add_labels(const std::vector<std::string>& texts, ConstantLabels& labels) {
  for (const std::string& text : texts) {
    if (const std::string wrong = check_label(text, labels); !wrong.empty()) terminal::refuse_value("--label", wrong);
    labels.push_back(parse_label(text));
  }
}

terminal::ExitCode run_metrics(const MetricsOptions& options) {
  auto exposer = std::make_shared<Exposer>(options.labels);
  if (!options.listen.empty())
    return serve_metrics(*serve::parse_address(options.listen), [exposer] { return exposer->look().text; });
  const Exposition whole = exposer->look();
  if (options.output != "-") {
    recording::replace_file(options.output, whole.text);
  } else {
    terminal::Output output;
    output.text() = whole.text;
    output.flush();
  }
  for (const std::string& problem : whole.problems) terminal::note(problem);
  return whole.verdict.code();
}

}  // namespace

void add_metrics(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<MetricsOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "metrics",
       .summary = "Print metrics of all arenas for Prometheus, or serve them by HTTP",
       .details =
           "Arenas that this user may not read are left out; the metric arena_shm_skipped counts them. -o replaces\n"
           "the file atomically, as a textfile collector needs it. --listen with only a port listens on the\n"
           "loopback address. The server has no encryption and no password: listen on another address only if\n"
           "everybody on that network may see the metrics.",
       .example = "  arena-shm metrics\n"
                  "  arena-shm metrics -o arena.prom --label rack=b7\n"
                  "  arena-shm metrics --listen 9464        # http://127.0.0.1:9464/metrics\n"
                  "  arena-shm metrics --listen '[::1]:0'   # any free port; the server prints it"},
      options, run_metrics);
  terminal::Option listen =
      verb.add_option("--listen", options->listen, "Serve the metrics at this address, until interrupted")
          .type_name("[ADDR:]PORT")
          .check(serve::address_defect);
  verb.add_option("-o,--output", options->output, "Write to this file, and replace it atomically; - is standard output")
      .type_name("FILE")
      .excludes(listen);
  verb.add_list(
          "--label", [options](const std::vector<std::string>& labels) { add_labels(labels, options->labels); },
          "A label for each sample; may be given several times")
      .type_name("NAME=VALUE");
}

}  // namespace arena_shm::tool
