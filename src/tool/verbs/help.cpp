// help: what --help prints, by the word that comes to mind first; and the version, likewise.
#include <memory>

#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/usage_text.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/verbs.hpp"

namespace arena_shm::tool {

namespace {

struct HelpOptions {
  const terminal::Command* app = nullptr;
  std::string verb;
};

terminal::ExitCode print(const std::string& text) {
  terminal::Output output;
  output.text() = text;
  output.flush();
  return terminal::ExitCode::ok;
}

terminal::ExitCode run_help(const HelpOptions& options) {
  if (options.verb == "filters") return print(filters_text());
  if (const auto text = terminal::help_text(*options.app, options.verb)) return print(*text);
  terminal::note(terminal::unknown_verb_text(*options.app, options.verb));
  return terminal::ExitCode::usage;
}

terminal::ExitCode print_version(const HelpOptions& options) {
  return print(terminal::version_text(*options.app) + '\n');
}

}  // namespace

std::string footer_of(const Help& help) {
  std::string text = help.details;
  if (!text.empty()) text += "\n\n";
  return text.append("Example:\n").append(help.example);
}

void add_help(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<HelpOptions>();
  options->app = &app;
  terminal::Command verb =
      add_verb(app, action,
               {.name = "help",
                .summary = "Print what a verb does, and its options",
                .details = "Without a verb, lists all verbs by purpose. 'help filters' explains --where.",
                .example = "  arena-shm help\n"
                           "  arena-shm help tail\n"
                           "  arena-shm help filters"},
               options, run_help);
  verb.add_option("VERB", options->verb, "The verb to explain").type_name("");
  add_verb(app, action,
           {.name = "version", .summary = "Print the version", .details = "", .example = "  arena-shm version"},
           options, print_version)
      .group("");
}

}  // namespace arena_shm::tool
