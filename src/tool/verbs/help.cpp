// help: what --help prints, by the word that comes to mind first; and the version, likewise.
#include <memory>

#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/usage_text.hpp"
#include "tool/verbs/verbs.hpp"

namespace arena_shm::tool {

namespace {

struct Options {
  const CLI::App* app = nullptr;
  std::string verb;
};

terminal::ExitCode print(const std::string& text) {
  terminal::Output output;
  output.text() = text;
  output.flush();
  return terminal::ExitCode::ok;
}

// CLI11's own App::help() is that of the verb that was chosen, which is this one.
std::string help_of(const CLI::App& app, const std::string& name) {
  return app.get_formatter()->make_help(&app, name, CLI::AppFormatMode::Normal);
}

terminal::ExitCode run(const Options& options) {
  if (options.verb.empty()) return print(help_of(*options.app, options.app->get_name()));
  const auto found =
      options.app->get_subcommands([&](const CLI::App* verb) { return verb->get_name() == options.verb; });
  if (!found.empty()) return print(help_of(*found.front(), options.app->get_name() + ' ' + options.verb));
  terminal::note(terminal::unknown_verb_text(*options.app, options.verb));
  return terminal::ExitCode::usage;
}

terminal::ExitCode print_version(const Options& options) { return print(options.app->version() + '\n'); }

}  // namespace

void add_help(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  options->app = &app;
  CLI::App& verb = add_verb(app, action,
                            {.name = "help",
                             .summary = "Print what a verb does, and its options",
                             .details = "Without a verb: all verbs, by purpose.",
                             .example = "  arena-shm help\n"
                                        "  arena-shm help tail"},
                            options, run);
  verb.add_option("VERB", options->verb, "The verb")->type_name("");
  add_verb(app, action,
           {.name = "version", .summary = "Print the version", .details = "", .example = "  arena-shm version"},
           options, print_version)
      .group("");
}

}  // namespace arena_shm::tool
